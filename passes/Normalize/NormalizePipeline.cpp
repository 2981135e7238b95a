//===- NormalizePipeline.cpp - the stage Normalize as a list --------------===//
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "passes/Normalize/Passes.h"

using namespace mlir;

void trafo::buildNormalizePipeline(OpPassManager &pm, const NormalizePipelineOptions &) {
  // Norms and biases are stored in several formats; kernels add f32.
  pm.addPass(createWidenVectorsPass());
  // Models spell MLPs in several ways; the passes that fuse look for one.
  pm.addPass(createDecomposeMlpPass());
  // Kernels rotate neighbours; what a model rotates is a matter of how its rows are ordered.
  pm.addPass(createPairRopePass());
  // Kernels take 16 elements of a head at a time.
  pm.addPass(createPadHeadsPass());
  pm.addPass(createVerifyNormalizePass());
}

void trafo::registerNormalizeStage() {
  registerNormalizePasses();
  PassPipelineRegistration<NormalizePipelineOptions> pipeline("trafo-normalize-pipeline",
                                                              "one spelling for every model", buildNormalizePipeline);
}
