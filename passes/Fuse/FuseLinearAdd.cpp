//===- FuseLinearAdd.cpp - projection + residual --------------------------===//
//
// residual + W x as one op, where nothing else reads the product. Of a sum of two linears the right one is fused.
// Bit-equal: the sum is rounded where it was, after the product.
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/TrafoOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Fuse/Passes.h"

namespace trafo {
#define GEN_PASS_DEF_FUSELINEARADDPASS
#include "passes/Fuse/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

static constexpr auto kLinearAdd = remark::RemarkOpts::name("fuse-linear-add").category("trafo-fuse");

namespace {
struct FuseLinearAdd : OpRewritePattern<arith::AddFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::AddFOp add, PatternRewriter &rewriter) const override {
    auto linear = add.getRhs().getDefiningOp<LinearOp>();
    Value residual = add.getLhs();
    if (!linear || !linear->hasOneUse())
      if (auto left = add.getLhs().getDefiningOp<LinearOp>()) {
        linear = left;
        residual = add.getRhs();
      }
    if (!linear)
      return rewriter.notifyMatchFailure(add, "neither side is a linear");
    if (!linear->hasOneUse()) {
      remark::missed(add.getLoc(), kLinearAdd) << remark::reason("projection is read elsewhere");
      return rewriter.notifyMatchFailure(add, "projection is read elsewhere");
    }
    auto fused = LinearAddOp::create(rewriter, rewriter.getFusedLoc({linear.getLoc(), add.getLoc()}), add.getType(),
                                     linear.getInput(), linear.getWeight(), residual, linear.getBias(),
                                     linear.getActivationAttr());
    remark::passed(add.getLoc(), kLinearAdd) << remark::add("projection added onto its residual");
    rewriter.replaceOp(add, fused);
    return success();
  }
};

struct FuseLinearAddPass : trafo::impl::FuseLinearAddPassBase<FuseLinearAddPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseLinearAdd>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
