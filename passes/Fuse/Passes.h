//===- Passes.h - fewer, larger ops ---------------------------------------===//
#ifndef TRAFO_PASSES_FUSE_PASSES_H
#define TRAFO_PASSES_FUSE_PASSES_H

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"

namespace trafo {
#define GEN_PASS_DECL
#include "passes/Fuse/Passes.h.inc"

/// What trafo-fuse-pipeline can be told: nothing yet.
struct FusePipelineOptions : mlir::PassPipelineOptions<FusePipelineOptions> {};

/// Takes the form "Normalize" of docs/decisions/0002, gives "Fuse".
void buildFusePipeline(mlir::OpPassManager &pm, const FusePipelineOptions &options = {});

#define GEN_PASS_REGISTRATION
#include "passes/Fuse/Passes.h.inc"

/// Registers the stage's passes and `trafo-fuse-pipeline`.
void registerFuseStage();
} // namespace trafo

#endif // TRAFO_PASSES_FUSE_PASSES_H
