//===- AArch64Pipeline.cpp - the AArch64 stage as a list ------------------===//
#include "passes/AArch64/Passes.h"

#include "passes/Contract/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

void trafo::buildAArch64Pipeline(mlir::OpPassManager &pm) {
  // The machine's dot product where it has one,
  pm.addPass(createLowerBlockContractAArch64Pass());
  // portable arithmetic for the rest.
  pm.addPass(createLowerBlockContractGenericPass());
}

void trafo::registerAArch64Stage() {
  registerAArch64Passes();
  mlir::PassPipelineRegistration<> pipeline("trafo-aarch64-pipeline", "block contractions become AArch64 vector code",
                                            [](mlir::OpPassManager &pm) { buildAArch64Pipeline(pm); });
}
