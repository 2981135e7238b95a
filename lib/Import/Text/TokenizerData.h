//===- TokenizerData.h - what a TEXT section is made from -----------------===//
#ifndef TRAFO_IMPORT_TEXT_TOKENIZERDATA_H
#define TRAFO_IMPORT_TEXT_TOKENIZERDATA_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trafo {

/// The tokenizer of a model file as plain data, nothing of it checked. Views point into the file.
struct TokenizerData {
  std::string path;                                             ///< of the file, for messages
  std::string_view model;                                       ///< tokenizer.ggml.model
  std::string_view pre;                                         ///< tokenizer.ggml.pre; empty: "default"
  std::vector<std::string_view> tokens;                         ///< tokenizer.ggml.tokens, by id
  std::vector<int32_t> types;                                   ///< tokenizer.ggml.token_type; empty: all normal
  std::vector<float> scores;                                    ///< tokenizer.ggml.scores; not used, but checked
  std::vector<std::string_view> merges;                         ///< tokenizer.ggml.merges, best first
  std::optional<uint32_t> bos, eos, eot, eom, unknown, padding; ///< tokenizer.ggml.*_token_id
  std::optional<bool> addBos;                                   ///< tokenizer.ggml.add_bos_token
  std::string_view chatTemplate;                                ///< tokenizer.chat_template; empty: none
  uint64_t vocabularyRows = 0;                                  ///< rows of the embedding
};

} // namespace trafo

#endif // TRAFO_IMPORT_TEXT_TOKENIZERDATA_H
