//===- StageRuns.h - the runs of a step in order --------------------------===//
#ifndef TRAFO_PASSES_TILE_STAGERUNS_H
#define TRAFO_PASSES_TILE_STAGERUNS_H

#include "dialects/Plan/IR/PlanOps.h"

namespace trafo {

/// One run of a stage: `layer` is its number and `slots` its weights; -1 and null outside layers.
struct StageRun {
  llvm::StringRef stage;
  int64_t layer = -1;
  LayerAttr slots;
};

/// The runs of a step in the order in which every worker executes them.
llvm::SmallVector<StageRun> stageRuns(plan::StepOp step);

} // namespace trafo

#endif
