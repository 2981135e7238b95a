//===- TokenizerKeys.h - what a checkpoint says about its tokenizer -------===//
#ifndef TRAFO_IMPORT_TOKENIZERKEYS_H
#define TRAFO_IMPORT_TOKENIZERKEYS_H

#include "lib/Import/Checkpoint.h"

namespace trafo {

/// The tokenizer.* keys of a checkpoint, types and lengths checked. Views live as long as the checkpoint.
struct TokenizerKeys {
  std::string_view model;     ///< "gpt2" (byte-level BPE), "llama" (SentencePiece), ...
  std::string_view pre;       ///< name of the pre-tokenizer pattern; may be empty
  StringArray tokens;         ///< one a token id
  StringArray merges;         ///< "left right", best first; may be empty
  NumberArray<int32_t> types; ///< 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte; may be empty
  NumberArray<float> scores;  ///< may be empty
  std::optional<uint32_t> bos, eos, eot, unknown, padding; ///< ids, each < tokens.size()
  bool addBos = false;
  bool addEos = false;
  bool addSpacePrefix = false;
  std::string_view chatTemplate; ///< Jinja text; may be empty
};

/// Reads the tokenizer.* keys. A checkpoint without any gives no tokens. Errors: GgufKeyType, GgufKeyMissing (tokens
/// without a model), ModelTokenizer (lengths that disagree, ids outside the vocabulary).
Result<TokenizerKeys> readTokenizerKeys(const Checkpoint &checkpoint);

} // namespace trafo

#endif // TRAFO_IMPORT_TOKENIZERKEYS_H
