//===- TilePipeline.cpp - the stage Tile as a list ------------------------===//
#include "passes/Tile/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

void trafo::buildTilePipeline(mlir::OpPassManager &pm) {
  // Layouts first: the loops below are written for them.
  pm.addPass(createPackWeightsPass());
  // One lowering per plan op; each leaves loops and vectors.
  pm.addPass(createTileContractPass());
  pm.addPass(createTilePreparePass());
  pm.addPass(createTileAttentionPass());
  pm.addPass(createTileEmbedPass());
  pm.addPass(createTileFunctionsPass());
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
  mlir::PassPipelineRegistration<> pipeline("trafo-tile-pipeline", "stages become loops over packed weights",
                                            [](mlir::OpPassManager &pm) { buildTilePipeline(pm); });
}
