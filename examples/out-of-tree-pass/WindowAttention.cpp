//===- WindowAttention.cpp - a pass made outside Trafo's tree ---------------===//
//
// Turns attention over the whole context into attention over the last `window` positions, as models with sliding
// windows have it (Beltagy et al. 2020). The values change, so this is no optimisation: it is an experiment, the kind
// of thing a pass author measures with `trafo eval --against` and `trafo bench`.
//
// Legal on every trafo.attention, before Plan. It leaves alone what already has a window that is no larger.
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/TrafoOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace {

struct NarrowWindow : OpRewritePattern<trafo::AttentionOp> {
  NarrowWindow(MLIRContext *context, int64_t window) : OpRewritePattern(context), window(window) {}

  LogicalResult matchAndRewrite(trafo::AttentionOp attention, PatternRewriter &rewriter) const override {
    int64_t present = attention.getWindow(); // 0: none
    if (present != 0 && present <= window)
      return rewriter.notifyMatchFailure(attention, "the window is no larger than asked for");
    rewriter.modifyOpInPlace(attention, [&] { attention.setWindow(window); });
    return success();
  }

  int64_t window;
};

struct WindowAttentionPass : PassWrapper<WindowAttentionPass, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(WindowAttentionPass)

  WindowAttentionPass() = default;
  WindowAttentionPass(const WindowAttentionPass &other) : PassWrapper(other) {}

  StringRef getArgument() const final { return "example-window-attention"; }
  StringRef getDescription() const final { return "let attention see the last `window` positions only"; }

  void runOnOperation() override {
    if (window.getValue() < 1) {
      getOperation()->emitError("expects a window of at least 1, got ") << window.getValue();
      return signalPassFailure();
    }
    RewritePatternSet patterns(&getContext());
    patterns.add<NarrowWindow>(&getContext(), window);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }

  Option<int64_t> window{*this, "window", llvm::cl::desc("positions a token sees, itself included"),
                         llvm::cl::init(1024)};
};

} // namespace

/// What `--load-pass-plugin` looks for.
extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "WindowAttention", "0.1", [] { PassRegistration<WindowAttentionPass>(); }};
}
