//===- Register.cpp - one line a dialect, one line a stage ----------------===//
#include "lib/Compiler/Register.h"
#include "dialects/Plan/IR/PlanOps.h"
#include "dialects/Trafo/IR/TrafoDialect.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "passes/AArch64/Passes.h"
#include "passes/Contract/Passes.h"
#include "passes/Fuse/Passes.h"
#include "passes/Lower/Passes.h"
#include "passes/Normalize/Passes.h"
#include "passes/Nvidia/Passes.h"
#include "passes/Plan/Passes.h"
#include "passes/Quantize/Passes.h"
#include "passes/Tile/Passes.h"
#include "passes/X86/Passes.h"

void trafo::registerAllDialects(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<TrafoDialect, plan::PlanDialect>();
}

void trafo::registerAllPasses() {
  mlir::registerAllPasses();
  registerNormalizeStage();
  registerFuseStage();
  registerQuantizeStage();
  registerPlanStage();
  registerTileStage();
  registerLowerStage();
  registerContractPasses();
  registerX86Stage();
  registerAArch64Stage();
  registerNvidiaStage();
}
