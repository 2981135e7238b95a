//===- VerifyPlan.cpp - what Tile may count on ----------------------------===//
#include "dialects/Plan/IR/PlanOps.h"
#include "passes/Plan/Passes.h"

namespace trafo {
#define GEN_PASS_DEF_VERIFYPLANPASS
#include "passes/Plan/Passes.h.inc"
} // namespace trafo

using namespace mlir;

/// A cache that keeps a window of positions is read by nobody who sees more. Says so where that is not so.
static bool seesWhatIsKept(trafo::plan::AttentionOp op) {
  trafo::plan::BufferOp pool = trafo::plan::bufferOf(op.getCache());
  int64_t seen = static_cast<int64_t>(op.getWindow()), kept = pool ? pool.getWindow().value_or(0) : 0;
  if (kept == 0 || (seen > 0 && seen <= kept))
    return true;
  op.emitOpError("expects a window of 1 to ") << kept << ", all that the cache keeps, got " << seen;
  return false;
}

/// There is a page table for each pool: that of layers which see all positions, then that of layers with a window.
static bool haveTables(SmallVector<trafo::plan::BufferOp> pools) {
  for (auto [number, pool] : llvm::enumerate(pools))
    if (number > 0 && (number > 1 || !pool.getWindow() || pools.front().getWindow())) {
      pool.emitOpError("is one pool too many; expects one of all positions and one with a window at most");
      return false;
    }
  return true;
}

namespace {
struct VerifyPlanPass : trafo::impl::VerifyPlanPassBase<VerifyPlanPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    int64_t steps = 0;
    for (Operation &op : *module.getBody()) {
      steps += isa<trafo::plan::StepOp>(op);
      if (isa<trafo::plan::StepOp, trafo::plan::StageOp, trafo::plan::BufferOp, trafo::WeightOp>(op))
        continue;
      op.emitOpError("is not allowed at the top of a planned module");
      return signalPassFailure();
    }
    if (steps != 1) {
      module.emitError("expects one plan.step after trafo-plan-step, got ") << steps;
      return signalPassFailure();
    }
    if (!haveTables(trafo::plan::cachePools(module)))
      return signalPassFailure();
    WalkResult result = module.walk([&](Operation *op) {
      bool recipe = isa<trafo::WeightOp>(op) || op->getParentOfType<trafo::WeightOp>();
      if (isa_and_nonnull<trafo::TrafoDialect>(op->getDialect()) && !recipe) {
        op->emitOpError("is left after trafo-plan-step");
        return WalkResult::interrupt();
      }
      if (auto attention = dyn_cast<trafo::plan::AttentionOp>(op); attention && !seesWhatIsKept(attention))
        return WalkResult::interrupt();
      for (Type type : op->getResultTypes())
        if (isa<TensorType>(type)) {
          op->emitOpError("still makes a tensor after trafo-plan-step");
          return WalkResult::interrupt();
        }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
