//===- DecomposeMlp.cpp - MLPs become linears -----------------------------===//
//
// Writes trafo.gated_mlp and trafo.mlp as the ops they stand for, so that later stages know one spelling (MLPs with
// biases are imported in it). The last keeps the MLP's location, whose result it gives; the others get names of their
// own, by which `trafo check` knows them apart. Always legal, bit-equal. Gated MLPs: Shazeer 2020, "GLU variants
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

/// Where a part of the MLP at `whole` comes from.
static Location part(StringRef name, Location whole) {
  return NameLoc::get(StringAttr::get(whole.getContext(), name), whole);
}

namespace {
struct DecomposeGatedMlp : OpRewritePattern<GatedMlpOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GatedMlpOp mlp, PatternRewriter &rewriter) const override {
    Location loc = mlp.getLoc();
    Value gate = linear(rewriter, part("gate", loc), mlp.getInput(), mlp.getGate());
    Value up = linear(rewriter, part("up", loc), mlp.getInput(), mlp.getUp());
    Value activated = ActivationOp::create(rewriter, part("act", loc), mlp.getFunction(), gate);
    Value product = arith::MulFOp::create(rewriter, part("mul", loc), activated, up);
    remark::passed(loc, kDecomposeMlp) << remark::add("gated MLP into three linears");
    rewriter.replaceOp(mlp, linear(rewriter, loc, product, mlp.getDown()));
    return success();
  }
};

struct DecomposeMlp : OpRewritePattern<MlpOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MlpOp mlp, PatternRewriter &rewriter) const override {
    Location loc = mlp.getLoc();
    Value up = linear(rewriter, part("up", loc), mlp.getInput(), mlp.getUp());
    Value activated = ActivationOp::create(rewriter, part("act", loc), mlp.getFunction(), up);
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
