//===- TileEmbed.cpp - rows of the table of embeddings --------------------===//
//
// One token is one row of a table that may be packed for contraction (tied weights): elements are gathered one by one
// through the layout. A row is a few hundred elements once per token; nothing here is worth a fast path.
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/Layout.h"
#include "passes/Tile/Passes.h"
#include "passes/Tile/UnpackRule.h"
#include "passes/Tile/WeightLayouts.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace trafo {
#define GEN_PASS_DEF_TILEEMBEDPASS
#include "passes/Tile/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

namespace {

LogicalResult lower(plan::EmbedOp op, ModuleOp module) {
  auto type = cast<WeightType>(op.getTable().getType());
  FailureOr<LayoutAttr> layout = layoutOf(op.getTable(), module);
  if (failed(layout))
    return failure(); // layoutOf has said why
  FailureOr<ConfigAttr> config = configOf(op);
  if (failed(config))
    return failure(); // configOf has said why
  VectorMath b(op.getLoc(), OpBuilder(op));
  Value bytes = plan::PackedOp::create(b, packedType(module));
  Value base = plan::AddressOp::create(b, b.getIndexType(), op.getTable());
  auto tokensType = b.memref({config->getMaxRows()}, b.getI32Type());
  Value tokens = plan::ArgOp::create(b, tokensType, "tokens");
  auto share = plan::ShareOp::create(b, b.getIndexType(), b.getIndexType(), plan::RowsOp::create(b, b.getIndexType()));
  float scale = op.getScale().convertToFloat();
  b.loop(share.getBegin(), share.getEnd(), 1, [&](Value row) {
    Value token = b.loadIndex(tokens, row);
    b.loop(b.index(0), b.index(type.getCols()), 1, [&](Value column) {
      Value x = unpackElementAt(b, bytes, base, type, *layout, token, column);
      if (scale != 1.0f)
        x = b.mulf(x, b.scalar(scale));
      b.store(x, op.getDest(), {row, column});
    });
  });
  op.erase();
  return success();
}

struct TileEmbedPass : trafo::impl::TileEmbedPassBase<TileEmbedPass> {
  void runOnOperation() override {
    SmallVector<plan::EmbedOp> ops;
    getOperation().walk([&](plan::EmbedOp op) { ops.push_back(op); });
    for (plan::EmbedOp op : ops)
      if (failed(lower(op, getOperation())))
        return signalPassFailure();
  }
};
} // namespace
