//===- PlannedStages.cpp - what each stage of a plan writes ---------------===//
#include "lib/Reference/PlannedStages.h"

#include "dialects/Plan/IR/PlanOps.h"
#include "dialects/Trafo/IR/TrafoOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Tile/StageRuns.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace trafo;

/// Notes what the stage called `name` stores to.
static void collectWrites(ModuleOp module, StringRef name, StageWrites &run) {
  auto stage = module.lookupSymbol<plan::StageOp>(name);
  if (!stage)
    return;
  stage.walk([&](Operation *op) {
    Value written = llvm::TypeSwitch<Operation *, Value>(op)
                        .Case([](vector::StoreOp store) { return store.getBase(); })
                        .Case([](plan::EmbedOp embed) { return embed.getDest(); })
                        .Case([](plan::AttentionOp attention) { return attention.getDest(); })
                        .Default(Value());
    run.writesCache |= isa<plan::KVStoreOp, plan::KVQuantizeOp>(op);
    auto ref = written ? written.getDefiningOp<plan::RefOp>() : plan::RefOp();
    auto buffer = ref ? module.lookupSymbol<plan::BufferOp>(ref.getBuffer()) : plan::BufferOp();
    if (buffer && !buffer.getIsPrivate() && !llvm::is_contained(run.buffers, buffer.getSymName().str()))
      run.buffers.push_back(buffer.getSymName().str());
  });
  // Rows that wait for their codes are nothing that another stage sees.
  stage.walk([&](plan::KVQuantizeOp op) {
    if (auto ref = op.getSource().getDefiningOp<plan::RefOp>())
      llvm::erase(run.buffers, ref.getBuffer().str());
  });
}

std::vector<StageWrites> trafo::stageWrites(ModuleOp module) {
  std::vector<StageWrites> all;
  llvm::StringMap<StageWrites> known;
  for (plan::StepOp step : module.getOps<plan::StepOp>())
    for (const StageRun &run : stageRuns(step)) {
      auto [entry, fresh] = known.try_emplace(run.stage);
      if (fresh)
        collectWrites(module, run.stage, entry->second);
      all.push_back(entry->second);
      all.back().stage = run.stage.str();
      all.back().layer = run.layer;
    }
  return all;
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
