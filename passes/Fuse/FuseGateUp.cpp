//===- FuseGateUp.cpp - gate + up with activation -------------------------===//
//
// f(Wg x) * (Wu x) as one op over one weight that holds both in turns of 16 rows (or over the two weights, where they
// can not be interleaved). Legal where nothing else reads what lies between. Linears with biases are left alone: the
// fused op has none. Shazeer 2020, https://arxiv.org/abs/2002.05202. Bit-equal.
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/LayerSlots.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "passes/Fuse/Passes.h"

namespace trafo {
#define GEN_PASS_DEF_FUSEGATEUPPASS
#include "passes/Fuse/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

static constexpr auto kGateUp = remark::RemarkOpts::name("fuse-gate-up").category("trafo-fuse");

/// Rows of gate before rows of up: the rows of one vector.
static constexpr int64_t kTurn = 16;

/// Why `gate` and `up` can not be fused behind `activation`, or nothing.
static std::optional<StringRef> obstacle(ActivationOp activation, LinearOp gate, LinearOp up) {
  if (!gate || !up)
    return "a factor is not a linear";
  if (gate.getInput() != up.getInput())
    return "gate and up have different inputs";
  if (!activation->hasOneUse() || !gate->hasOneUse() || !up->hasOneUse())
    return "a factor is read elsewhere";
  if (gate.getBias() || up.getBias())
    return "a factor has a bias";
  if (gate.getActivationAttr() != up.getActivationAttr())
    return "gate and up have different numeric classes";
  return std::nullopt;
}

/// The one weight that holds gate and up, or null.
static Value interleaved(arith::MulFOp product, LinearOp gate, LinearOp up, LayerSlots &slots) {
  auto type = cast<WeightType>(gate.getWeight().getType());
  if (up.getWeight().getType() != type || type.getRows() % kTurn != 0 ||
      !slots.canDerive(product, {gate.getWeight(), up.getWeight()}))
    return {};
  auto fused = WeightType::get(type.getContext(), {2 * type.getRows(), type.getCols()}, type.getFormat());
  auto recipe = [&](OpBuilder &builder, Location loc, ValueRange inputs) -> Value {
    return InterleaveOp::create(builder, loc, fused, inputs[0], inputs[1], kTurn);
  };
  return slots.derive(product, {gate.getWeight(), up.getWeight()}, "gate_up", fused, recipe);
}

namespace {
struct FuseGateUpPass : trafo::impl::FuseGateUpPassBase<FuseGateUpPass> {
  void runOnOperation() override {
    LayerSlots slots(getOperation());
    SmallVector<arith::MulFOp> products;
    getOperation()->walk([&](arith::MulFOp product) { products.push_back(product); });
    for (arith::MulFOp product : products)
      fuse(product, slots);
    slots.commit();
  }

  void fuse(arith::MulFOp product, LayerSlots &slots) {
    auto activation = product.getLhs().getDefiningOp<ActivationOp>();
    Value other = product.getRhs();
    if (!activation) {
      activation = product.getRhs().getDefiningOp<ActivationOp>();
      other = product.getLhs();
    }
    if (!activation)
      return; // some other product
    auto gate = activation.getInput().getDefiningOp<LinearOp>();
    auto up = other.getDefiningOp<LinearOp>();
    if (std::optional<StringRef> reason = obstacle(activation, gate, up)) {
      remark::missed(product.getLoc(), kGateUp) << remark::reason("{0}", *reason);
      return;
    }
    IRRewriter rewriter(product);
    SmallVector<Value> weights;
    if (Value one = interleaved(product, gate, up, slots))
      weights = {one};
    else
      weights = {gate.getWeight(), up.getWeight()};
    remark::passed(product.getLoc(), kGateUp)
        << remark::add(weights.size() == 1 ? "gate and up interleaved in one weight" : "gate and up in two weights");
    Location loc = rewriter.getFusedLoc({gate.getLoc(), activation.getLoc(), up.getLoc(), product.getLoc()});
    rewriter
        .replaceOpWithNewOp<GateUpOp>(product, product.getType(), gate.getInput(), weights, activation.getFunction(),
                                      gate.getActivationAttr())
        ->setLoc(loc);
    rewriter.eraseOp(activation);
    rewriter.eraseOp(gate);
    rewriter.eraseOp(up);
  }
};
} // namespace
