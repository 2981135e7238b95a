//===- Passes.h - from stages to loops over packed weights ----------------===//
#ifndef TRAFO_PASSES_TILE_H
#define TRAFO_PASSES_TILE_H

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"

namespace trafo {
#define GEN_PASS_DECL
#include "passes/Tile/Passes.h.inc"

/// Options of `trafo-tile-pipeline`.
struct TilePipelineOptions : mlir::PassPipelineOptions<TilePipelineOptions> {
  Option<bool> instrument{*this, "instrument", llvm::cl::desc("workers note when they start and end each stage"),
                          llvm::cl::init(false)};
};

/// plan -> scf, vector, memref, plan.block_contract.
void buildTilePipeline(mlir::OpPassManager &pm, const TilePipelineOptions &options = {});

#define GEN_PASS_REGISTRATION
#include "passes/Tile/Passes.h.inc"

/// Registers the stage's passes and `trafo-tile-pipeline`.
void registerTileStage();
} // namespace trafo

#endif
