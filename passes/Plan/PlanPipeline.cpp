//===- PlanPipeline.cpp - the stage Plan as a list ------------------------===//
#include "passes/Plan/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

void trafo::buildPlanPipeline(mlir::OpPassManager &pm, const PlanPipelineOptions &options) {
  // Ops become stages, tensors become buffers of the arena.
  pm.addPass(createPlanStepPass());
  // Weights and constants that stages took over by name leave dead ops behind.
  pm.addPass(mlir::createCSEPass());
  // Generated code, or the machine's matmul library.
  pm.addPass(createChooseRoadsPass({options.roads, options.reason, options.promptSteps, options.decodeSteps}));
  pm.addPass(createVerifyPlanPass());
}

void trafo::registerPlanStage() {
  registerPlanPasses();
  mlir::PassPipelineRegistration<PlanPipelineOptions> pipeline("trafo-plan-pipeline",
                                                               "trafo ops become stages of a step", buildPlanPipeline);
}
