//===- VerifyFuse.cpp - what the stages Quantize and Plan may count on ----===//
#include "dialects/Trafo/IR/TrafoOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/Fuse/Passes.h"

namespace trafo {
#define GEN_PASS_DEF_VERIFYFUSEPASS
#include "passes/Fuse/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

namespace {
struct VerifyFusePass : trafo::impl::VerifyFusePassBase<VerifyFusePass> {
  void runOnOperation() override {
    WalkResult result = getOperation()->walk([&](Operation *op) -> WalkResult {
      if (isa<GatedMlpOp, MlpOp>(op))
        return op->emitOpError("is left after Fuse: expects the forms that the normalize pipeline makes");
      // These have no stage of their own in a plan: they are parts of the stage that computes their operands.
      if (isa<RopeOp, KVWriteOp>(op))
        return op->emitOpError("is left after Fuse: expects it to be part of trafo.qkv_rope; the remarks of "
                               "trafo-fuse-qkv say why it is not");
      if (isa<arith::MulFOp>(op) && isa<RankedTensorType>(op->getResult(0).getType()))
        return op->emitOpError("is left after Fuse: expects it to be part of trafo.gate_up; the remarks of "
                               "trafo-fuse-gate-up say why it is not");
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
