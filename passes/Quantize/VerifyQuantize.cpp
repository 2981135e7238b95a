//===- VerifyQuantize.cpp - what the stage Plan may count on --------------===//
#include "dialects/Trafo/IR/TrafoOps.h"
#include "passes/Quantize/Passes.h"

namespace trafo {
#define GEN_PASS_DEF_VERIFYQUANTIZEPASS
#include "passes/Quantize/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

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
        if (!canMultiply(*activation, format))
          return op->emitOpError("expects weights that ")
                 << stringifyActivationFormat(*activation) << " activations can be multiplied with, got "
                 << weight.get().getType();
        if (*activation == ActivationFormat::BF16G32 &&
            cast<WeightType>(weight.get().getType()).getCols() % kPairGroup != 0)
          return op->emitOpError("expects a multiple of ")
                 << kPairGroup << " columns for bf16_g32, got " << weight.get().getType();
      }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
