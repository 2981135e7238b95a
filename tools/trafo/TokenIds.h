//===- TokenIds.h - the tokens that a model is judged on ------------------===//
#ifndef TRAFO_TOOLS_TRAFO_TOKENIDS_H
#define TRAFO_TOOLS_TRAFO_TOKENIDS_H

#include "trafo/runtime.h"

#include <string>
#include <vector>

namespace trafo::tool {

/// Token ids of a JSON file: [1, 2, ..] or {"ids": [1, 2, ..]}. Returns an exit code after a line on standard error.
int readIds(const std::string &path, std::vector<int32_t> *out);

/// Writes such a file.
int writeIds(const std::string &path, const std::vector<int32_t> &ids);

/// The ids of a file of text by a compiled model's tokenizer, or by a model file's.
int tokenizeFile(const std::string &path, const trafo_model_t *model, std::vector<int32_t> *out);
int tokenizeFile(const std::string &path, const std::string &modelFile, std::vector<int32_t> *out);

} // namespace trafo::tool

#endif // TRAFO_TOOLS_TRAFO_TOKENIDS_H
