//===- FuseGateUp.cpp - gate + up with activation -------------------------===//
//
// f(Wg x + bg) * (Wu x + bu) as one op over one weight that holds both in turns of 16 rows, and one such bias (or over
// the two weights, where they can not be interleaved). Legal where nothing else reads what lies between. The fused op has
// two biases or none: beside a bias on one side alone, the other gets zeros. Shazeer 2020,
// https://arxiv.org/abs/2002.05202. Bit-equal.
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
static std::optional<StringRef> obstacle(ActivationOp activation, LinearOp gate, LinearOp up, LayerSlots &slots) {
  if (!gate || !up)
    return "a factor is not a linear";
  if (gate.getInput() != up.getInput())
    return "gate and up have different inputs";
  if (!activation->hasOneUse() || !gate->hasOneUse() || !up->hasOneUse())
    return "a factor is read elsewhere";
  if (!gate.getBias() != !up.getBias() && !slots.canDerive(gate, {gate.getBias(), up.getBias()}))
    return "one factor has a bias that is neither a slot of a layer's body nor a symbol, and the other none";
  if (gate.getActivationAttr() != up.getActivationAttr())
    return "gate and up have different numeric classes";
  return std::nullopt;
}

/// The biases of gate and up, none or two.
static SmallVector<Value> biasesOf(Operation *user, LinearOp gate, LinearOp up, LayerSlots &slots) {
  Value one = gate.getBias() ? gate.getBias() : up.getBias();
  if (!one)
    return {};
  auto zeros = [&](OpBuilder &builder, Location loc, ValueRange inputs) -> Value {
    return ScaleOp::create(builder, loc, inputs[0], builder.getF64FloatAttr(0.0));
  };
  auto biasOf = [&](LinearOp linear) -> Value {
    return linear.getBias() ? linear.getBias()
                            : slots.derive(user, one, "zeros", cast<WeightType>(one.getType()), zeros);
  };
  return {biasOf(gate), biasOf(up)};
}

/// Whether the two weights, and the biases if there are any, can each be one weight.
static bool canInterleave(Operation *user, ArrayRef<Value> weights, ArrayRef<Value> biases, LayerSlots &slots) {
  auto fit = [&](ArrayRef<Value> pair) {
    return pair[0].getType() == pair[1].getType() && slots.canDerive(user, {pair[0], pair[1]});
  };
  return cast<WeightType>(weights[0].getType()).getRows() % kTurn == 0 && fit(weights) &&
         (biases.empty() || fit(biases));
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
    if (std::optional<StringRef> reason = obstacle(activation, gate, up, slots)) {
      remark::missed(product.getLoc(), kGateUp) << remark::reason("{0}", *reason);
      return;
    }
    IRRewriter rewriter(product);
    SmallVector<Value> weights = {gate.getWeight(), up.getWeight()}, biases = biasesOf(product, gate, up, slots);
    if (canInterleave(product, weights, biases, slots)) {
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
