//===- TrafoFolds.cpp - folds and canonicalizations -----------------------===//
//
// Only recipes fold: they move or scale values, and some of them do nothing. Ops of the step are left to the passes
// that own them, since their folds would change numeric classes or the order of arithmetic.
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/TrafoOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace trafo;

/// A concatenation of one weight is that weight.
OpFoldResult ConcatOp::fold(FoldAdaptor) { return getInputs().size() == 1 ? getInputs().front() : Value(); }

/// No rows appended.
OpFoldResult PadRowsOp::fold(FoldAdaptor) { return getInput().getType() == getType() ? getInput() : Value(); }

/// Times one.
OpFoldResult ScaleOp::fold(FoldAdaptor) { return getFactor().isExactlyValue(1.0) ? getInput() : Value(); }

/// The format it has already.
OpFoldResult QuantizeOp::fold(FoldAdaptor) { return getInput().getType() == getType() ? getInput() : Value(); }

namespace {
/// concat(a, concat(b, c)) is concat(a, b, c).
struct FlattenConcat : OpRewritePattern<ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConcatOp concat, PatternRewriter &rewriter) const override {
    SmallVector<Value> inputs;
    for (Value input : concat.getInputs()) {
      if (auto inner = input.getDefiningOp<ConcatOp>())
        llvm::append_range(inputs, inner.getInputs());
      else
        inputs.push_back(input);
    }
    if (inputs.size() == concat.getInputs().size())
      return rewriter.notifyMatchFailure(concat, "no input is a concatenation of several");
    rewriter.modifyOpInPlace(concat, [&] { concat.getInputsMutable().assign(inputs); });
    return success();
  }
};
} // namespace

void ConcatOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<FlattenConcat>(context);
}
