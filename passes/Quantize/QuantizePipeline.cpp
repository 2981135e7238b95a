//===- QuantizePipeline.cpp - the stage Quantize as a list ----------------===//
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "passes/Quantize/Passes.h"

using namespace mlir;

void trafo::buildQuantizePipeline(OpPassManager &pm, const QuantizePipelineOptions &options) {
  // First the formats: numeric classes follow from them.
  if (!options.weights.empty())
    pm.addPass(createRequantizePass({options.weights, options.headWeights}));
  if (!options.libraryWeights.empty())
    pm.addPass(createRequantizePass({options.libraryWeights, options.libraryWeights}));
  pm.addPass(createAssignNumericsPass({options.bf16Activations, options.bf16Groups}));
  pm.addPass(createVerifyQuantizePass());
}

void trafo::registerQuantizeStage() {
  registerQuantizePasses();
  PassPipelineRegistration<QuantizePipelineOptions> pipeline(
      "trafo-quantize-pipeline", "storage formats and numeric classes", buildQuantizePipeline);
}
