//===- PairRope.cpp - rope rotates neighbours, by reordering weights ------===//
//
// Rope with `halves` pairing rotates elements i and i + dims/2 of a head; with the rows of the projection permuted
// (trafo.pair_rows) the same elements are neighbours. Dot products of q and k do not change when both are permuted
// alike, so it is legal where a function's ropes agree in head size and dims, each rotates the result of a linear that
// nothing else reads, and the rotated rows go nowhere but to attention's queries and the KV cache's keys. A function is
// rewritten as a whole or left alone. Rope: Su et al. 2021, https://arxiv.org/abs/2104.09864
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/LayerSlots.h"
#include "mlir/IR/Remarks.h"
#include "passes/Normalize/Passes.h"

namespace trafo {
#define GEN_PASS_DEF_PAIRROPEPASS
#include "passes/Normalize/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

static constexpr auto kPairRope = remark::RemarkOpts::name("pair-rope").category("trafo-normalize");

/// Why `rope` can not be paired, or nothing.
static std::optional<StringRef> obstacle(RopeOp rope, RopeOp first, LayerSlots &slots) {
  auto linear = rope.getInput().getDefiningOp<LinearOp>();
  if (!linear)
    return "input is not a linear";
  if (!linear->hasOneUse())
    return "unrotated rows are read elsewhere";
  for (OpOperand &use : rope.getResult().getUses()) {
    auto attention = dyn_cast<AttentionOp>(use.getOwner());
    auto write = dyn_cast<KVWriteOp>(use.getOwner());
    bool asQuery = attention && use.get() == attention.getQuery();
    bool asKey = write && use.get() == write.getKey() && use.get() != write.getValue();
    if (!asQuery && !asKey)
      return "rotated rows are read by more than attention";
  }
  if (rope.getRope().getPairing() != RopePairingMode::Halves || rope.getHeadSize() != first.getHeadSize() ||
      rope.getRope().getDims() != first.getRope().getDims())
    return "ropes of q and k differ";
  if (!slots.canDerive(linear, {linear.getWeight(), linear.getBias()}))
    return "weight is neither a slot of a layer's body nor a symbol";
  return std::nullopt;
}

static void pair(RopeOp rope, LayerSlots &slots) {
  auto linear = rope.getInput().getDefiningOp<LinearOp>();
  int64_t headSize = rope.getHeadSize(), dims = rope.getRope().getDims();
  auto pairRows = [&](OpBuilder &builder, Location loc, ValueRange inputs) -> Value {
    return PairRowsOp::create(builder, loc, inputs[0], headSize, dims);
  };
  Builder builder(rope.getContext());
  Attribute key = builder.getI64ArrayAttr({headSize, dims});
  auto derive = [&](Value weight) {
    return slots.derive(linear, weight, "paired", cast<WeightType>(weight.getType()), pairRows, key);
  };
  linear.getWeightMutable().assign(derive(linear.getWeight()));
  if (Value bias = linear.getBias())
    linear.getBiasMutable().assign(derive(bias));
  RopeAttr old = rope.getRope();
  rope.setRopeAttr(RopeAttr::get(rope.getContext(), old.getDims(), old.getBase(), RopePairingMode::Interleaved,
                                 old.getScaling(), old.getFactor(), old.getOriginalContext()));
}

namespace {
struct PairRopePass : trafo::impl::PairRopePassBase<PairRopePass> {
  void runOnOperation() override {
    LayerSlots slots(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      SmallVector<RopeOp> ropes;
      function.walk([&](RopeOp rope) { ropes.push_back(rope); });
      if (llvm::none_of(ropes, [](RopeOp rope) { return rope.getRope().getPairing() == RopePairingMode::Halves; }))
        continue;
      bool legal = true;
      for (RopeOp rope : ropes)
        if (std::optional<StringRef> reason = obstacle(rope, ropes.front(), slots)) {
          remark::missed(rope.getLoc(), kPairRope) << remark::reason("{0}", *reason);
          legal = false;
        }
      if (!legal)
        continue;
      for (RopeOp rope : ropes) {
        pair(rope, slots);
        remark::passed(rope.getLoc(), kPairRope) << remark::add("rows of the projection permuted");
      }
    }
    slots.commit();
  }
};
} // namespace
