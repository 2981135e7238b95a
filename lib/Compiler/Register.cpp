//===- Register.cpp - one line a dialect, one line a stage ----------------===//
#include "lib/Compiler/Register.h"
#include "dialects/Trafo/IR/TrafoDialect.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"

void trafo::registerAllDialects(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<TrafoDialect>();
}

void trafo::registerAllPasses() {
  mlir::registerAllPasses();
  // Normalize, Fuse, Quantize, Plan, Tile, Lower, then the targets' own: one line each as they land.
}
