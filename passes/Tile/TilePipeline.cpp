//===- TilePipeline.cpp - the stage Tile as a list ------------------------===//
#include "passes/Tile/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

void trafo::buildTilePipeline(mlir::OpPassManager &pm, const TilePipelineOptions &options) {
  // Layouts first: the loops below are written for them.
  pm.addPass(createPackWeightsPass());
  // What stages cost can be told while contractions are ops.
  pm.addPass(createCountCostsPass());
  // One lowering per plan op; each leaves loops and vectors.
  pm.addPass(createTileLibraryContractPass());
  pm.addPass(createTileContractPass());
  pm.addPass(createTilePreparePass());
  pm.addPass(createTileAttentionPass());
  pm.addPass(createTileEmbedPass());
  pm.addPass(createTileFunctionsPass());
  // Around the loops, and before the arena is laid out: the log needs a place in it.
  if (options.instrument)
    pm.addPass(createInstrumentStagesPass());
  // All scratch is known now.
  pm.addPass(createAssignArenaPass());
  // Names become offsets, stages functions.
  pm.addPass(createOutlineStagesPass());
  pm.addPass(mlir::createCanonicalizerPass());
  pm.addPass(mlir::createCSEPass());
  pm.addPass(createVerifyTilePass());
}

void trafo::registerTileStage() {
  registerTilePasses();
  mlir::PassPipelineRegistration<TilePipelineOptions> pipeline(
      "trafo-tile-pipeline", "stages become loops over packed weights", buildTilePipeline);
}
