//===- Passes.h - one spelling for every model ----------------------------===//
#ifndef TRAFO_PASSES_NORMALIZE_PASSES_H
#define TRAFO_PASSES_NORMALIZE_PASSES_H

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"

namespace trafo {
#define GEN_PASS_DECL
#include "passes/Normalize/Passes.h.inc"

/// What trafo-normalize-pipeline can be told: nothing yet.
struct NormalizePipelineOptions : mlir::PassPipelineOptions<NormalizePipelineOptions> {};

/// Takes the form "Import" of docs/decisions/0002, gives "Normalize".
void buildNormalizePipeline(mlir::OpPassManager &pm, const NormalizePipelineOptions &options = {});

#define GEN_PASS_REGISTRATION
#include "passes/Normalize/Passes.h.inc"

/// Registers the stage's passes and `trafo-normalize-pipeline`.
void registerNormalizeStage();
} // namespace trafo

#endif // TRAFO_PASSES_NORMALIZE_PASSES_H
