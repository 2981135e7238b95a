//===- Inspect.h - what a model file holds, for people and tools ----------===//
#ifndef TRAFO_IMPORT_INSPECT_H
#define TRAFO_IMPORT_INSPECT_H

#include "lib/Import/Checkpoint.h"

#include <cstdio>
#include <string>

namespace trafo {

struct InspectOptions {
  bool json = false;    ///< one JSON object instead of text
  bool tensors = false; ///< every tensor too, not only their sums by format
};

/// Prints architecture, hyperparameters, tokenizer, and tensors by format with their bytes. A model that is read but
/// not supported (exit code 69) is printed as far as it is understood and the error returned; on every other error
/// nothing is printed.
Result<void> inspectGguf(const std::string &path, const InspectOptions &options, std::FILE *out);

} // namespace trafo

#endif // TRAFO_IMPORT_INSPECT_H
