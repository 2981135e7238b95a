//===- Passes.h - from stages to loops over packed weights ----------------===//
#ifndef TRAFO_PASSES_TILE_H
#define TRAFO_PASSES_TILE_H

#include "mlir/Pass/Pass.h"

namespace trafo {
#define GEN_PASS_DECL
#include "passes/Tile/Passes.h.inc"

/// plan -> scf, vector, memref, plan.block_contract.
void buildTilePipeline(mlir::OpPassManager &pm);

#define GEN_PASS_REGISTRATION
#include "passes/Tile/Passes.h.inc"

/// Registers the stage's passes and `trafo-tile-pipeline`.
void registerTileStage();
} // namespace trafo

#endif
