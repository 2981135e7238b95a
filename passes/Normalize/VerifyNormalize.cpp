//===- VerifyNormalize.cpp - what the stage Fuse may count on -------------===//
#include "dialects/Trafo/IR/TrafoOps.h"
#include "passes/Normalize/Passes.h"

namespace trafo {
#define GEN_PASS_DEF_VERIFYNORMALIZEPASS
#include "passes/Normalize/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

namespace {
struct VerifyNormalizePass : trafo::impl::VerifyNormalizePassBase<VerifyNormalizePass> {
  void runOnOperation() override {
    WalkResult result = getOperation()->walk([&](Operation *op) -> WalkResult {
      if (isa<GatedMlpOp, MlpOp>(op))
        return op->emitOpError("is left after Normalize: expects linears, which trafo-decompose-mlp makes");
      if (auto rope = dyn_cast<RopeOp>(op))
        if (rope.getRope().getPairing() != RopePairingMode::Interleaved)
          return op->emitOpError("is left with pairing ")
                 << stringifyRopePairingMode(rope.getRope().getPairing())
                 << " after Normalize: expects interleaved, which trafo-pair-rope makes";
      if (!op->getParentOfType<WeightOp>()) // recipes read what there is
        for (Type type : op->getOperandTypes()) {
          auto weight = dyn_cast<WeightType>(type);
          if (weight && weight.getShape().size() == 1 && weight.getFormat() != Format::F32)
            return op->emitOpError("is left with a vector of ")
                   << weight << " after Normalize: expects f32, which trafo-widen-vectors makes";
        }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
