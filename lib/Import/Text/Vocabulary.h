//===- Vocabulary.h - the checked vocabulary of a byte-level BPE ----------===//
#ifndef TRAFO_IMPORT_TEXT_VOCABULARY_H
#define TRAFO_IMPORT_TEXT_VOCABULARY_H

#include "lib/Import/Error.h"
#include "lib/Import/Text/TokenizerData.h"

#include <array>

namespace trafo {

/// A vocabulary in the shape in which the TEXT section stores it.
struct Vocabulary {
  struct Merge {
    uint32_t left, right, rank, result;
  };
  std::vector<std::string> bytes;      ///< what each token stands for
  std::vector<uint8_t> types;          ///< GGUF's, 1 to 6
  std::array<int32_t, 256> byteTokens; ///< -1: none
  std::vector<Merge> merges;           ///< sorted by left, then right
  std::vector<uint32_t> words;         ///< normal tokens in the byte alphabet, sorted by bytes
  std::vector<uint32_t> specials;      ///< control and user-defined tokens sorted by bytes
  std::vector<uint32_t> endTokens;     ///< ascending
};

/// Refuses more tokens or merges than the limits, before anything is copied.
Result<void> checkListSizes(const std::string &path, uint64_t tokens, uint64_t merges);

/// Checks counts, tokens, merges, scores and ids. Refused: tokens that are empty, repeated, too long or not UTF-8; merges
/// of or into tokens that do not exist, repeated merges, and merges that would let ordinary text become a control token.
Result<Vocabulary> readVocabulary(const TokenizerData &data);

} // namespace trafo

#endif // TRAFO_IMPORT_TEXT_VOCABULARY_H
