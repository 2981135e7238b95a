//===- DecomposeMlp.cpp - MLPs become linears -----------------------------===//
//
// Writes trafo.gated_mlp and trafo.mlp as the ops they stand for, so that later stages know one spelling (MLPs with
// biases are imported in it). Always legal, bit-equal. Gated MLPs: Shazeer 2020, "GLU variants
// improve transformer", https://arxiv.org/abs/2002.05202
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/TrafoOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Normalize/Passes.h"

namespace trafo {
#define GEN_PASS_DEF_DECOMPOSEMLPPASS
#include "passes/Normalize/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

static constexpr auto kDecomposeMlp = remark::RemarkOpts::name("decompose-mlp").category("trafo-normalize");

static Value linear(PatternRewriter &rewriter, Location loc, Value input, Value weight) {
  auto rows = cast<RankedTensorType>(input.getType());
  auto type =
      RankedTensorType::get({rows.getDimSize(0), cast<WeightType>(weight.getType()).getRows()}, rows.getElementType());
  return LinearOp::create(rewriter, loc, type, input, weight, Value(), ActivationFormatAttr());
}

namespace {
struct DecomposeGatedMlp : OpRewritePattern<GatedMlpOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GatedMlpOp mlp, PatternRewriter &rewriter) const override {
    Location loc = mlp.getLoc();
    Value gate = linear(rewriter, loc, mlp.getInput(), mlp.getGate());
    Value up = linear(rewriter, loc, mlp.getInput(), mlp.getUp());
    Value activated = ActivationOp::create(rewriter, loc, mlp.getFunction(), gate);
    Value product = arith::MulFOp::create(rewriter, loc, activated, up);
    remark::passed(loc, kDecomposeMlp) << remark::add("gated MLP into three linears");
    rewriter.replaceOp(mlp, linear(rewriter, loc, product, mlp.getDown()));
    return success();
  }
};

struct DecomposeMlp : OpRewritePattern<MlpOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MlpOp mlp, PatternRewriter &rewriter) const override {
    Location loc = mlp.getLoc();
    Value up = linear(rewriter, loc, mlp.getInput(), mlp.getUp());
    Value activated = ActivationOp::create(rewriter, loc, mlp.getFunction(), up);
    remark::passed(loc, kDecomposeMlp) << remark::add("MLP into two linears");
    rewriter.replaceOp(mlp, linear(rewriter, loc, activated, mlp.getDown()));
    return success();
  }
};

struct DecomposeMlpPass : trafo::impl::DecomposeMlpPassBase<DecomposeMlpPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<DecomposeGatedMlp, DecomposeMlp>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
