//===- Passes.h - from trafo ops to stages of a step ----------------------===//
#ifndef TRAFO_PASSES_PLAN_H
#define TRAFO_PASSES_PLAN_H

#include "mlir/Pass/Pass.h"

namespace trafo {
#define GEN_PASS_DECL
#include "passes/Plan/Passes.h.inc"

/// trafo -> plan.
void buildPlanPipeline(mlir::OpPassManager &pm);

#define GEN_PASS_REGISTRATION
#include "passes/Plan/Passes.h.inc"

/// Registers the stage's passes and `trafo-plan-pipeline`.
void registerPlanStage();
} // namespace trafo

#endif
