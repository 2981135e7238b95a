//===- BrokenRewrite.cpp - passes that break the model, as a plugin -------===//
//
// Each looks like an honest rewrite, keeps the IR valid and changes what the model computes. `trafo check` must name pass,
// layer and op.
//
//===----------------------------------------------------------------------===//
#include "dialects/Plan/IR/PlanOps.h"
#include "dialects/Trafo/IR/TrafoOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

using namespace mlir;

namespace {
template <class Derived> struct ModulePass : PassWrapper<Derived, OperationPass<ModuleOp>> {
  StringRef getArgument() const final { return Derived::kArgument; }
  StringRef getDescription() const final { return "breaks the model, to test that this is noticed"; }
};

/// f(Wu x) * (Wg x) is not f(Wg x) * (Wu x).
struct SwapGateAndUp : ModulePass<SwapGateAndUp> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(SwapGateAndUp)
  static constexpr StringLiteral kArgument = "test-swap-gate-and-up";
  void runOnOperation() override {
    getOperation().walk([](trafo::GatedMlpOp op) {
      Value gate = op.getGate();
      op.getGateMutable().assign(op.getUp());
      op.getUpMutable().assign(gate);
    });
  }
};

/// An epsilon that somebody took for a default.
struct ChangeEps : ModulePass<ChangeEps> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ChangeEps)
  static constexpr StringLiteral kArgument = "test-change-eps";
  void runOnOperation() override {
    Builder builder(&getContext());
    getOperation().walk([&](trafo::RmsNormOp op) { op.setEpsAttr(builder.getF32FloatAttr(1e-6f)); });
  }
};

/// The last layer gets another layer's weight.
struct MixUpLayers : ModulePass<MixUpLayers> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(MixUpLayers)
  static constexpr StringLiteral kArgument = "test-mix-up-layers";
  void runOnOperation() override {
    getOperation().walk([&](trafo::LayersOp op) {
      SmallVector<Attribute> schedule(op.getSchedule().getValue());
      auto first = cast<trafo::LayerAttr>(schedule.front()), last = cast<trafo::LayerAttr>(schedule.back());
      SmallVector<FlatSymbolRefAttr> slots(last.getSlots());
      slots[4] = first.getSlots()[4]; // the attention's output projection
      schedule.back() = trafo::LayerAttr::get(&getContext(), last.getBody(), slots);
      op.setScheduleAttr(ArrayAttr::get(&getContext(), schedule));
    });
  }
};

/// A plan whose gate_up stages keep the activation and forget the product.
struct ForgetProduct : ModulePass<ForgetProduct> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ForgetProduct)
  static constexpr StringLiteral kArgument = "test-forget-product";
  void runOnOperation() override {
    getOperation().walk([](trafo::plan::StageOp stage) {
      if (stage.getSymName().ends_with("gate_up"))
        stage.walk([](arith::MulFOp product) { product.getResult().replaceAllUsesWith(product.getLhs()); });
    });
  }
};

/// Codes of activations cut off instead of rounded: off by half a step, which only a sharp eye sees.
struct RoundDown : ModulePass<RoundDown> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(RoundDown)
  static constexpr StringLiteral kArgument = "test-round-down";
  void runOnOperation() override {
    getOperation().walk([](math::RoundEvenOp op) {
      OpBuilder builder(op);
      op.getResult().replaceAllUsesWith(math::FloorOp::create(builder, op.getLoc(), op.getOperand()).getResult());
      op.erase();
    });
  }
};

/// Changes nothing that is computed: adds an attribute.
struct Harmless : ModulePass<Harmless> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Harmless)
  static constexpr StringLiteral kArgument = "test-harmless";
  void runOnOperation() override {
    getOperation().walk([&](trafo::LinearOp op) { op->setAttr("test.seen", UnitAttr::get(&getContext())); });
  }
};
} // namespace

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "BrokenRewrite", LLVM_VERSION_STRING, [] {
            PassRegistration<SwapGateAndUp>();
            PassRegistration<ChangeEps>();
            PassRegistration<MixUpLayers>();
            PassRegistration<ForgetProduct>();
            PassRegistration<RoundDown>();
            PassRegistration<Harmless>();
          }};
}
