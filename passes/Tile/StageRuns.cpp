//===- StageRuns.cpp - the runs of a step in order ------------------------===//
#include "passes/Tile/StageRuns.h"

using namespace mlir;
using namespace trafo;

SmallVector<StageRun> trafo::stageRuns(plan::StepOp step) {
  SmallVector<StageRun> runs;
  for (Operation &op : step.getBody().front()) {
    if (auto run = dyn_cast<plan::RunOp>(op))
      runs.push_back({run.getStage(), -1, {}});
    auto layers = dyn_cast<plan::LayersOp>(op);
    if (!layers)
      continue;
    for (auto [number, entry] : llvm::enumerate(layers.getSchedule().getAsRange<LayerAttr>())) {
      auto body = llvm::find(layers.getBodies(), Attribute(entry.getBody())) - layers.getBodies().begin();
      for (auto run : layers.getRegions()[body].getOps<plan::RunOp>())
        runs.push_back({run.getStage(), static_cast<int64_t>(number), entry});
    }
  }
  return runs;
}
