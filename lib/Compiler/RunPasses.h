//===- RunPasses.h - runs pipelines so that a crash names its input -------===//
#ifndef TRAFO_LIB_COMPILER_RUNPASSES_H
#define TRAFO_LIB_COMPILER_RUNPASSES_H

#include "lib/Compiler/Diagnostics.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <string>

namespace mlir {
class PassManager;
}

namespace trafo {

/// Runs passes and code generation. When one crashes, or fails without saying why, the IR it was given goes to
/// `<output>.reproducer.mlir` and one error line names that file.
class PassRunner {
public:
  PassRunner(DiagnosticPrinter &diagnostics, std::string reproducer)
      : diagnostics(diagnostics), reproducer(std::move(reproducer)) {}

  /// Runs the passes that `fill` adds. `what` is the stage's name, for the message.
  mlir::LogicalResult run(mlir::ModuleOp module, llvm::StringRef what,
                          llvm::function_ref<mlir::LogicalResult(mlir::PassManager &)> fill);

  /// Calls `work` (code generation) so that a crash or a fatal error of LLVM in it ends it only.
  mlir::LogicalResult guard(mlir::ModuleOp module, llvm::StringRef what,
                            llvm::function_ref<mlir::LogicalResult()> work);

private:
  DiagnosticPrinter &diagnostics;
  std::string reproducer;
};

} // namespace trafo

#endif // TRAFO_LIB_COMPILER_RUNPASSES_H
