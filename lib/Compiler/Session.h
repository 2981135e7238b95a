//===- Session.h - what a command of the compiler starts with -------------===//
#ifndef TRAFO_LIB_COMPILER_SESSION_H
#define TRAFO_LIB_COMPILER_SESSION_H

#include "lib/Compiler/Diagnostics.h"
#include "lib/Compiler/Options.h"
#include "mlir/IR/MLIRContext.h"

namespace mlir {
class OpPassManager;
}

namespace trafo {

/// A context that knows all dialects and passes, and says what is wrong in single lines.
struct Session {
  explicit Session(llvm::raw_ostream &errors);

  /// Loads the plugins and turns remarks on, as asked. Returns an exit code after an error.
  int open(const CompileOptions &options);

  mlir::MLIRContext context;
  DiagnosticPrinter diagnostics;
};

/// Adds the passes of a user's pipeline to `pm`, a pass manager of modules.
mlir::LogicalResult addUserPipeline(mlir::OpPassManager &pm, const UserPipeline &pipeline,
                                    DiagnosticPrinter &diagnostics);

} // namespace trafo

#endif // TRAFO_LIB_COMPILER_SESSION_H
