//===- PlannedStages.cpp - what each stage of a plan writes ---------------===//
#include "lib/Reference/PlannedStages.h"

#include "dialects/Plan/IR/PlanOps.h"
#include "dialects/Trafo/IR/TrafoOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace trafo;

/// Notes what the stage called `name` stores to.
static void collectWrites(ModuleOp module, StringRef name, StageRun &run) {
  auto stage = module.lookupSymbol<plan::StageOp>(name);
  if (!stage)
    return;
  stage.walk([&](Operation *op) {
    Value written = llvm::TypeSwitch<Operation *, Value>(op)
                        .Case([](vector::StoreOp store) { return store.getBase(); })
                        .Case([](plan::EmbedOp embed) { return embed.getDest(); })
                        .Case([](plan::AttentionOp attention) { return attention.getDest(); })
                        .Default(Value());
    run.writesCache |= isa<plan::KVStoreOp>(op);
    auto ref = written ? written.getDefiningOp<plan::RefOp>() : plan::RefOp();
    auto buffer = ref ? module.lookupSymbol<plan::BufferOp>(ref.getBuffer()) : plan::BufferOp();
    if (buffer && !buffer.getIsPrivate() && !llvm::is_contained(run.buffers, buffer.getSymName().str()))
      run.buffers.push_back(buffer.getSymName().str());
  });
}

std::vector<StageRun> trafo::stageRuns(ModuleOp module) {
  std::vector<StageRun> runs;
  llvm::StringMap<StageRun> known;
  auto add = [&](plan::RunOp op, int64_t layer) {
    auto [entry, fresh] = known.try_emplace(op.getStage());
    if (fresh)
      collectWrites(module, op.getStage(), entry->second);
    StageRun run = entry->second;
    run.stage = op.getStage().str();
    run.layer = layer;
    runs.push_back(std::move(run));
  };
  for (plan::StepOp step : module.getOps<plan::StepOp>())
    for (Operation &op : step.getBody().front()) {
      if (auto run = dyn_cast<plan::RunOp>(op))
        add(run, -1);
      auto layers = dyn_cast<plan::LayersOp>(op);
      if (!layers)
        continue;
      for (auto [number, entry] : llvm::enumerate(layers.getSchedule())) {
        auto body = llvm::find(layers.getBodies(), Attribute(cast<LayerAttr>(entry).getBody()));
        size_t region = static_cast<size_t>(body - layers.getBodies().begin());
        for (auto run : layers.getRegions()[region].front().getOps<plan::RunOp>())
          add(run, static_cast<int64_t>(number));
      }
    }
  return runs;
}

llvm::StringMap<PlacedBuffer> trafo::placedBuffers(ModuleOp module) {
  llvm::StringMap<PlacedBuffer> placed;
  for (plan::BufferOp buffer : module.getOps<plan::BufferOp>()) {
    auto type = cast<MemRefType>(buffer.getType());
    if (buffer.getOffset() && !buffer.getIsPrivate() && type.getRank() == 2 && type.getElementType().isF32())
      placed[buffer.getSymName()] = {static_cast<int64_t>(*buffer.getOffset()), type.getDimSize(1)};
  }
  return placed;
}
