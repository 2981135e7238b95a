//===- FuseGateUp.cpp - gate + up with activation -------------------------===//
//
// f(Wg x + bg) * (Wu x + bu) as one op over one weight that holds both in turns of 16 rows, and one such bias (or over
// the two weights, where they can not be interleaved). Legal where nothing else reads what lies between. A bias on one
// side alone is left: the fused op has both or none. Shazeer 2020, https://arxiv.org/abs/2002.05202. Bit-equal.
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
  if (!gate.getBias() != !up.getBias())
    return "one factor has a bias and the other none";
  if (gate.getActivationAttr() != up.getActivationAttr())
    return "gate and up have different numeric classes";
  return std::nullopt;
}

/// Whether gate and up, and their biases, can each be one weight.
static bool canInterleave(Operation *user, LinearOp gate, LinearOp up, LayerSlots &slots) {
  auto fits = [&](Value a, Value b) { return a.getType() == b.getType() && slots.canDerive(user, {a, b}); };
  return cast<WeightType>(gate.getWeight().getType()).getRows() % kTurn == 0 &&
         fits(gate.getWeight(), up.getWeight()) && (!gate.getBias() || fits(gate.getBias(), up.getBias()));
}

/// The weight that holds `gate` and `up`.
static Value interleaved(Operation *user, Value gate, Value up, LayerSlots &slots) {
  auto type = cast<WeightType>(gate.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.front() *= 2;
  auto fused = WeightType::get(type.getContext(), shape, type.getFormat());
  auto recipe = [&](OpBuilder &builder, Location loc, ValueRange inputs) -> Value {
    return InterleaveOp::create(builder, loc, fused, inputs[0], inputs[1], kTurn);
  };
  return slots.derive(user, {gate, up}, "gate_up", fused, recipe);
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
    SmallVector<Value> weights = {gate.getWeight(), up.getWeight()}, biases;
    if (gate.getBias())
      biases = {gate.getBias(), up.getBias()};
    if (canInterleave(product, gate, up, slots)) {
      weights = {interleaved(product, weights[0], weights[1], slots)};
      if (!biases.empty())
        biases = {interleaved(product, biases[0], biases[1], slots)};
    }
    remark::passed(product.getLoc(), kGateUp)
        << remark::add(weights.size() == 1 ? "gate and up interleaved in one weight" : "gate and up in two weights");
    Location loc = rewriter.getFusedLoc({gate.getLoc(), activation.getLoc(), up.getLoc(), product.getLoc()});
    rewriter
        .replaceOpWithNewOp<GateUpOp>(product, product.getType(), gate.getInput(), weights, biases,
                                      activation.getFunction(), gate.getActivationAttr())
        ->setLoc(loc);
    rewriter.eraseOp(activation);
    rewriter.eraseOp(gate);
    rewriter.eraseOp(up);
  }
};
} // namespace
