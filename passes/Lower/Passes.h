#ifndef TRAFO_PASSES_LOWER_PASSES_H
#define TRAFO_PASSES_LOWER_PASSES_H

#include "mlir/Pass/Pass.h"

namespace trafo {

#define GEN_PASS_DECL
#include "passes/Lower/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/Lower/Passes.h.inc"

/// Options of `trafo-lower-pipeline`.
struct LowerPipelineOptions : mlir::PassPipelineOptions<LowerPipelineOptions> {
  Option<bool> canonicalize{*this, "canonicalize", llvm::cl::desc("canonicalize and cse before and after"),
                            llvm::cl::init(true)};
};

/// A tiled step (scf, vector, memref, arith, math, func, plan.barrier) to the llvm dialect with the entry points of
/// trafo/artifact.h.
void buildLowerPipeline(mlir::OpPassManager &pm, const LowerPipelineOptions &options = {});

/// The part every target shares: control flow, vectors, memrefs and functions to the llvm dialect.
void buildToLLVMPipeline(mlir::OpPassManager &pm, bool canonicalize);

/// Registers the stage's passes and `trafo-lower-pipeline`.
void registerLowerStage();

} // namespace trafo

#endif
