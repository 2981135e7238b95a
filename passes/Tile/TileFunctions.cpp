//===- TileFunctions.cpp - activation functions as arithmetic -------------===//
#include "passes/Tile/Passes.h"
#include "passes/Tile/VectorMath.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace trafo {
#define GEN_PASS_DEF_TILEFUNCTIONSPASS
#include "passes/Tile/Passes.h.inc"
} // namespace trafo

using namespace mlir;

namespace {
struct TileFunctionsPass : trafo::impl::TileFunctionsPassBase<TileFunctionsPass> {
  void runOnOperation() override {
    SmallVector<trafo::plan::FunctionOp> ops;
    getOperation().walk([&](trafo::plan::FunctionOp op) { ops.push_back(op); });
    for (trafo::plan::FunctionOp op : ops) {
      trafo::VectorMath b(op.getLoc(), OpBuilder(op));
      op.replaceAllUsesWith(b.activation(op.getFunction(), op.getInput()));
      op.erase();
    }
  }
};
} // namespace
