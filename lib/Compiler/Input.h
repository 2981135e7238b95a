//===- Input.h - the model a compilation starts from ----------------------===//
#ifndef TRAFO_LIB_COMPILER_INPUT_H
#define TRAFO_LIB_COMPILER_INPUT_H

#include "lib/Compiler/Diagnostics.h"
#include "lib/Compiler/Options.h"
#include "lib/Import/Models/Models.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <optional>

namespace trafo {

/// A module and what of the model file is not IR.
struct Input {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  Stage stage = Stage::Import;          ///< the last one the module went through
  std::optional<Checkpoint> checkpoint; ///< the model file, if one is known
  std::optional<DecoderSpec> spec;      ///< of the checkpoint
  std::vector<uint8_t> text;            ///< the TEXT section; empty: none
  uint64_t modelHash = 0;               ///< XXH3-64 of the model file's header, or of the IR
};

/// Reads `options.input`. A GGUF file is imported; IR is parsed, and the GGUF file its weights lie in (if they lie in
/// one) gives tokenizer and hash. Returns 0, or an exit code after a diagnostic.
int readInput(mlir::MLIRContext &context, const CompileOptions &options, DiagnosticPrinter &diagnostics, Input &input);

} // namespace trafo

#endif // TRAFO_LIB_COMPILER_INPUT_H
