//===- Diagnostics.h - what a compilation says ----------------------------===//
#ifndef TRAFO_LIB_COMPILER_DIAGNOSTICS_H
#define TRAFO_LIB_COMPILER_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/raw_ostream.h"

namespace trafo {

/// Prints diagnostics one line each, `trafo: error: <place>: <what>`, and counts errors. Places are file, line and
/// column where the IR has them.
class DiagnosticPrinter {
public:
  DiagnosticPrinter(mlir::MLIRContext *context, llvm::raw_ostream &out);
  unsigned errors() const { return errorCount; }
  /// While on, drops MLIR's own line about a reproducer it generated.
  void hideReproducerErrors(bool hide) { hiding = hide; }
  /// An error that is not about IR.
  void error(const llvm::Twine &message);

private:
  void print(mlir::Diagnostic &diagnostic);

  llvm::raw_ostream &out;
  unsigned errorCount = 0;
  bool hiding = false;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace trafo

#endif // TRAFO_LIB_COMPILER_DIAGNOSTICS_H
