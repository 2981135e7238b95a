//===- VerifyQuantize.cpp - what the stage Plan may count on --------------===//
#include "dialects/Trafo/IR/TrafoOps.h"
#include "passes/Quantize/Passes.h"

namespace trafo {
#define GEN_PASS_DEF_VERIFYQUANTIZEPASS
#include "passes/Quantize/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

/// Whether inputs of class `activation` can be multiplied with weights of `format`.
static bool isAllowed(ActivationFormat activation, const FormatInfo &format) {
  switch (activation) {
  case ActivationFormat::F32:
    return true;
  case ActivationFormat::I8G32:
  case ActivationFormat::I8x2G32:
    return format.grouped && 32 % format.groupElements == 0;
  case ActivationFormat::BF16:
    return format.format == Format::BF16;
  }
  return false;
}

namespace {
struct VerifyQuantizePass : trafo::impl::VerifyQuantizePassBase<VerifyQuantizePass> {
  void runOnOperation() override {
    WalkResult result = getOperation()->walk([&](LinearLike op) -> WalkResult {
      std::optional<ActivationFormat> activation = op.getActivation();
      if (!activation)
        return op->emitOpError("has no numeric class after Quantize: expects `activation`, which "
                               "trafo-assign-numerics sets");
      for (OpOperand &weight : op.getLinearWeights()) {
        const FormatInfo &format = formatInfo(cast<WeightType>(weight.get().getType()).getFormat());
        if (!isAllowed(*activation, format))
          return op->emitOpError("expects weights that ")
                 << stringifyActivationFormat(*activation) << " activations can be multiplied with, got "
                 << weight.get().getType();
      }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
