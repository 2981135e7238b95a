//===- Reference.h - what tools ask of the reference ----------------------===//
#ifndef TRAFO_REFERENCE_REFERENCE_H
#define TRAFO_REFERENCE_REFERENCE_H

#include "lib/Reference/ModuleChecker.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/raw_ostream.h"

namespace trafo {

/// Runs the model over `tokens` as one sequence and writes the logits of each as a NumPy file: float32 [tokens,
/// vocabulary]. The file appears complete or not at all. `progress(done, total)` counts tokens. Fails after a diagnostic.
mlir::LogicalResult evalReference(mlir::ModuleOp module, const std::vector<int32_t> &tokens, llvm::StringRef path,
                                  InterpreterOptions options = {},
                                  llvm::function_ref<void(int64_t, int64_t)> progress = nullptr);

/// Runs the passes of `passes` on `module` and judges the model after each (`trafo check`). Writes a line a pass that
/// changed something to `out`, as it is judged; fails after diagnostics if a pass fails, or breaks its bound: pass, layer and op are named.
/// Turns the context's threads off.
mlir::LogicalResult checkModule(mlir::ModuleOp module, mlir::PassManager &passes, const CheckOptions &options,
                                llvm::raw_ostream &out);

} // namespace trafo

#endif // TRAFO_REFERENCE_REFERENCE_H
