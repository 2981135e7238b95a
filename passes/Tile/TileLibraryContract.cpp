//===- TileLibraryContract.cpp - contractions left to a matmul library ----===//
//
// For contractions whose road is a library. A worker's units are taken some at a time: one call multiplies all rows of the
// panel with them into private scratch, then the contraction's body runs for each row and unit on vectors read from
// there, so whatever was fused into the body stays fused. How many units makes no difference to a result: the library is
// asked for that when it is opened (runtime/core/matmul_library.h).
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/Layout.h"
#include "passes/Tile/PanelBuffers.h"
#include "passes/Tile/Passes.h"
#include "passes/Tile/WeightLayouts.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/IRMapping.h"

namespace trafo {
#define GEN_PASS_DEF_TILELIBRARYCONTRACTPASS
#include "passes/Tile/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;
using plan::kTileRows;

namespace {

/// Columns of one product: 64 rows of it are 128 KB, which stay in a second cache until the body has read them.
constexpr int64_t kCallColumns = 512;

void lower(plan::ContractOp op, ModuleOp module, plan::TargetAttr target) {
  VectorMath b(op.getLoc(), OpBuilder(op));
  auto panel = cast<plan::PanelType>(op.getPanel().getType());
  auto type = cast<WeightType>(op.getWeight().getType());
  int64_t groups = op.getGroups(), unitRows = groups * kTileRows;
  int64_t callUnits = std::max<int64_t>(1, kCallColumns / unitRows), columns = callUnits * unitRows;
  PanelBuffers buffers(b, panel, target);
  Value product = b.scratch(("product_" + Twine(panel.getRows()) + "x" + Twine(columns)).str(),
                            b.memref({panel.getRows(), columns}, b.getF32Type()));
  Value weights = plan::PackedOp::create(b, packedType(module));
  Value base = plan::AddressOp::create(b, b.getIndexType(), op.getWeight());
  int64_t unitBytes = unitRows * rowBytes(type.getFormat(), type.getCols());
  Value zero = b.index(0), count = op.getCount(), end = op.getEnd();

  b.loop(op.getBegin(), end, callUnits, [&](Value first) {
    Value units = b.minu(b.subi(end, first), b.index(callUnits));
    Value offset = b.addi(base, b.muli(first, unitBytes));
    plan::LibraryMatmulOp::create(b, *op.getLibrary(), buffers.values, count, weights, offset, b.muli(units, unitRows),
                                  product, /*table=*/Value(), /*worker=*/Value());
    Block &body = op.getBody().front();
    b.loop(zero, count, 1, [&](Value row) {
      b.loop(zero, units, 1, [&](Value unit) {
        IRMapping mapping;
        mapping.map(body.getArgument(0), row);
        mapping.map(body.getArgument(1), b.addi(first, unit));
        for (int64_t group = 0; group < groups; ++group) {
          Value column = b.addi(b.muli(unit, unitRows), group * kTileRows);
          mapping.map(body.getArgument(2 + group), b.loadVec(product, {row, column}));
        }
        for (Operation &inner : body.without_terminator())
          b.clone(inner, mapping);
      });
    });
  });
  op.erase();
}

struct TileLibraryContractPass : trafo::impl::TileLibraryContractPassBase<TileLibraryContractPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<plan::ContractOp> ops;
    module.walk([&](plan::ContractOp op) {
      if (op.getLibrary())
        ops.push_back(op);
    });
    if (ops.empty())
      return;
    FailureOr<plan::TargetAttr> target = plan::targetOf(ops.front());
    if (failed(target))
      return signalPassFailure();
    for (plan::ContractOp op : ops) {
      FailureOr<LayoutAttr> layout = layoutOf(op.getWeight(), module);
      if (failed(layout))
        return signalPassFailure();
      if (*layout != libraryLayout(&getContext(), *op.getLibrary())) {
        op.emitOpError("expects ") << op.getWeight().getType() << " as "
                                   << libraryLayout(&getContext(), *op.getLibrary()) << ", got " << *layout;
        return signalPassFailure();
      }
      lower(op, module, *target);
    }
  }
};
} // namespace
