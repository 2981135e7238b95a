//===- trafo-opt.cpp - runs passes on IR of any stage ---------------------===//
#include "lib/Compiler/Register.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  trafo::registerAllDialects(registry);
  trafo::registerAllPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "trafo-opt: runs passes on IR of any stage\n", registry));
}
