// Replaces transcendental functions by polynomials before anything could turn them into calls of libm. Rewrites by
// upstream's approximations (exp: 0.98 ULP at worst over [-87, 0], exact 0 at -inf). Ops with an instruction on every
// target (fma, sqrt, absf, roundeven, floor, ceil, trunc, copysign) are left alone.
#include "passes/Lower/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace trafo {
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "passes/Lower/Passes.h.inc"
} // namespace trafo

using namespace mlir;

namespace {
struct ExpandMathPass : trafo::impl::ExpandMathPassBase<ExpandMathPass> {
  void runOnOperation() override {
    bool found = false;
    getOperation().walk([&](Operation *op) {
      if (!isa_and_nonnull<math::MathDialect>(op->getDialect()))
        return;
      found |= !isa<math::FmaOp, math::SqrtOp, math::AbsFOp, math::RoundEvenOp, math::FloorOp, math::CeilOp,
                    math::TruncOp, math::CopySignOp, math::AbsIOp, math::CtPopOp>(op);
    });
    if (!found)
      return;
    // Functions without a polynomial of their own are first said with those that have one.
    RewritePatternSet patterns(&getContext());
    math::populateExpansionPatterns(
        patterns, {"exp2", "tan", "sinh", "cosh", "asinh", "acosh", "atanh", "powf", "fpowi", "rsqrt", "round"});
    populateMathPolynomialApproximationPatterns(patterns, [](StringRef) { return true; });
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
