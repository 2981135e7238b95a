//===- WidenVectors.cpp - norms and biases become f32 ---------------------===//
//
// Weights of norms, biases and rope's factors are vectors that files store in any float format. Later stages know f32
// alone: a recipe widens the rest, which changes no value. Always legal for slots of layers' bodies and symbols.
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/LayerSlots.h"
#include "mlir/IR/Remarks.h"
#include "passes/Normalize/Passes.h"

namespace trafo {
#define GEN_PASS_DEF_WIDENVECTORSPASS
#include "passes/Normalize/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

static constexpr auto kWidenVectors = remark::RemarkOpts::name("widen-vectors").category("trafo-normalize");

static void widen(OpOperand &operand, LayerSlots &slots) {
  Operation *op = operand.getOwner();
  auto type = dyn_cast<WeightType>(operand.get().getType());
  if (!type || type.getShape().size() != 1 || type.getFormat() == Format::F32)
    return;
  if (!slots.canDerive(op, operand.get())) {
    remark::missed(op->getLoc(), kWidenVectors)
        << remark::reason("vector is neither a slot of a layer's body nor a symbol");
    return;
  }
  auto wide = WeightType::get(op->getContext(), type.getShape(), Format::F32);
  auto recipe = [&](OpBuilder &builder, Location loc, ValueRange inputs) -> Value {
    return QuantizeOp::create(builder, loc, wide, inputs[0]);
  };
  operand.set(slots.derive(op, operand.get(), "f32", wide, recipe));
  remark::passed(op->getLoc(), kWidenVectors) << remark::add("{0} to f32", formatInfo(type.getFormat()).name);
}

namespace {
struct WidenVectorsPass : trafo::impl::WidenVectorsPassBase<WidenVectorsPass> {
  void runOnOperation() override {
    LayerSlots slots(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>())
      function.walk([&](Operation *op) {
        for (OpOperand &operand : op->getOpOperands())
          widen(operand, slots);
      });
    slots.commit();
  }
};
} // namespace
