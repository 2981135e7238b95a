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
  Option<std::string> roads{*this, "roads", llvm::cl::init("generated"),
                            llvm::cl::desc("who computes contractions: generated code, the machine's matmul library "
                                           "where it fits, or the cheapest of both by plan.rates")};
  Option<std::string> reason{*this, "reason", llvm::cl::init("asked for"),
                             llvm::cl::desc("why, where cost does not decide")};
  Option<int64_t> promptSteps{*this, "prompt-steps", llvm::cl::init(1),
                              llvm::cl::desc("steps of 512 rows to choose the cheapest for")};
  Option<int64_t> decodeSteps{*this, "decode-steps", llvm::cl::init(128),
                              llvm::cl::desc("steps of one row to choose the cheapest for")};
};

/// trafo -> plan.
void buildPlanPipeline(mlir::OpPassManager &pm, const PlanPipelineOptions &options = {});

#define GEN_PASS_REGISTRATION
#include "passes/Plan/Passes.h.inc"

/// Registers the stage's passes and `trafo-plan-pipeline`.
void registerPlanStage();
} // namespace trafo

#endif
