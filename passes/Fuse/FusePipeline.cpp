//===- FusePipeline.cpp - the stage Fuse as a list ------------------------===//
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "passes/Fuse/Passes.h"

using namespace mlir;

void trafo::buildFusePipeline(OpPassManager &pm, const FusePipelineOptions &) {
  // Each of these saves barriers: one op is one stage of the plan.
  pm.addPass(createFuseQkvPass());
  pm.addPass(createFuseGateUpPass());
  // Before add-norm: a sum behind a projection is free as part of it.
  pm.addPass(createFuseLinearAddPass());
  pm.addPass(createFuseAddNormPass());
  pm.addPass(createVerifyFusePass());
}

void trafo::registerFuseStage() {
  registerFusePasses();
  PassPipelineRegistration<FusePipelineOptions> pipeline("trafo-fuse-pipeline", "fewer, larger ops", buildFusePipeline);
}
