//===- FuseAddNorm.cpp - residual add + norm ------------------------------===//
//
// rms_norm(a + b) as one op, where nothing else reads the sum: the residual stream usually does, and then the sum
// stays. Leaves layer_norm alone. Bit-equal.
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/TrafoOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Fuse/Passes.h"

namespace trafo {
#define GEN_PASS_DEF_FUSEADDNORMPASS
#include "passes/Fuse/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

static constexpr auto kAddNorm = remark::RemarkOpts::name("fuse-add-norm").category("trafo-fuse");

namespace {
struct FuseAddNorm : OpRewritePattern<RmsNormOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(RmsNormOp norm, PatternRewriter &rewriter) const override {
    auto add = norm.getInput().getDefiningOp<arith::AddFOp>();
    if (!add)
      return rewriter.notifyMatchFailure(norm, "input is not an add");
    if (!add->hasOneUse()) {
      remark::missed(norm.getLoc(), kAddNorm) << remark::reason("sum is read elsewhere");
      return rewriter.notifyMatchFailure(norm, "sum is read elsewhere");
    }
    auto fused = AddRmsNormOp::create(rewriter, rewriter.getFusedLoc({add.getLoc(), norm.getLoc()}), norm.getType(),
                                      add.getLhs(), add.getRhs(), norm.getWeight(), norm.getEpsAttr());
    remark::passed(norm.getLoc(), kAddNorm) << remark::add("sum computed with its norm");
    rewriter.replaceOp(norm, fused);
    return success();
  }
};

struct FuseAddNormPass : trafo::impl::FuseAddNormPassBase<FuseAddNormPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseAddNorm>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
