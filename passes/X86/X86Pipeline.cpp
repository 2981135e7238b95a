//===- X86Pipeline.cpp - the x86 stage as a list --------------------------===//
#include "passes/X86/Passes.h"

#include "passes/Contract/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

void trafo::buildX86Pipeline(mlir::OpPassManager &pm) {
  // The machine's dot product where it has one,
  pm.addPass(createLowerBlockContractX86Pass());
  // portable arithmetic for the rest.
  pm.addPass(createLowerBlockContractGenericPass());
  // Time stamps, in a plan that takes any, mark what has happened and nothing else.
  pm.addPass(createFenceCountersPass());
}

void trafo::registerX86Stage() {
  registerX86Passes();
  mlir::PassPipelineRegistration<> pipeline("trafo-x86-pipeline", "block contractions and time stamps become x86 code",
                                            [](mlir::OpPassManager &pm) { buildX86Pipeline(pm); });
}
