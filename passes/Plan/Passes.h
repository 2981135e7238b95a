//===- Passes.h - from trafo ops to stages of a step ----------------------===//
#ifndef TRAFO_PASSES_PLAN_H
#define TRAFO_PASSES_PLAN_H

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"

namespace trafo {
#define GEN_PASS_DECL
#include "passes/Plan/Passes.h.inc"

/// What trafo-plan-pipeline can be told.
struct PlanPipelineOptions : mlir::PassPipelineOptions<PlanPipelineOptions> {
  Option<bool> library{*this, "library", llvm::cl::init(false),
                       llvm::cl::desc("use the machine's matmul library where it can be used")};
};

/// trafo -> plan.
void buildPlanPipeline(mlir::OpPassManager &pm, const PlanPipelineOptions &options = {});

#define GEN_PASS_REGISTRATION
#include "passes/Plan/Passes.h.inc"

/// Registers the stage's passes and `trafo-plan-pipeline`.
void registerPlanStage();
} // namespace trafo

#endif
