//===- TileLibraryContract.cpp - contractions left to a matmul library ----===//
//
// For contractions whose road is a library. A worker's units are taken some at a time: one call multiplies all rows of the
// panel with them into private scratch, then the contraction's body runs for each row and unit on vectors read from
// there, so whatever was fused into the body stays fused. How many units makes no difference to a result: the library is
// asked for that when it is opened (runtime/libraries/onednn.h).
//
// Codes of int8 rows are brought into rows first, in the two parts that u7_rows wants. Their sums come back as integers and
// are scaled as generated code scales its own, so that results have the same bits on both roads.
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

/// Results of one product by a panel of 64 rows: they are 128 KB, which stay in a second cache until the body has read them.
constexpr int64_t kCallColumns = 512;

class LibraryContract {
public:
  LibraryContract(plan::ContractOp op, ModuleOp module, plan::TargetAttr target)
      : op(op), b(op.getLoc(), OpBuilder(op)), panel(cast<plan::PanelType>(op.getPanel().getType())),
        type(cast<WeightType>(op.getWeight().getType())), operands(plan::libraryOperands(*op.getLibrary())),
        unitRows(op.getGroups() * kTileRows), callUnits(std::max<int64_t>(1, kCallColumns / operands.parts / unitRows)),
        buffers(b, panel, target), weights(plan::PackedOp::create(b, packedType(module))) {}

  void run();

private:
  /// The panel's rows of codes as the library takes them.
  Value rowsOfCodes();
  /// The scales of the call's weight rows, whose first is at byte `offset`, side by side.
  void gatherScales(Value offset, Value count);
  /// The contraction's sums of 16 weight rows of the call from `column` on.
  Value sumsOf(Value row, Value column);
  Value part(Value row, int64_t number) { return b.addi(b.muli(row, operands.parts), number); }

  plan::ContractOp op;
  VectorMath b;
  plan::PanelType panel;
  WeightType type;
  plan::LibraryOperands operands;
  int64_t unitRows, callUnits; // weight rows of a unit, units of a call
  PanelBuffers buffers;
  Value weights; // the packed bytes
  Value product; // [rows x parts, columns of a call]
  Value scales;  // of int8: f32 [columns of a call]
};

void LibraryContract::run() {
  int64_t rows = panel.getRows() * operands.parts, columns = callUnits * unitRows;
  std::string name = ("product_" + Twine(rows) + "x" + Twine(columns)).str();
  Value x = buffers.values;
  if (operands.isExact()) {
    x = rowsOfCodes();
    product = b.scratch(name + "_i32", b.memref({rows, columns}, b.getI32Type()));
    scales = b.scratch(("weight_scales_" + Twine(columns)).str(), b.memref({columns}, b.getF32Type()));
  } else {
    product = b.scratch(name, b.memref({rows, columns}, b.getF32Type()));
  }
  Value base = plan::AddressOp::create(b, b.getIndexType(), op.getWeight());
  int64_t unitBytes = unitRows * rowBytes(type.getFormat(), type.getCols());
  Value zero = b.index(0), count = op.getCount(), end = op.getEnd();

  b.loop(op.getBegin(), end, callUnits, [&](Value first) {
    Value units = b.minu(b.subi(end, first), b.index(callUnits));
    Value offset = b.addi(base, b.muli(first, unitBytes)), called = b.muli(units, unitRows);
    plan::LibraryMatmulOp::create(b, *op.getLibrary(), x, b.muli(count, operands.parts), weights,
                                  b.addi(offset, formatInfo(type.getFormat()).headBytes), called, product,
                                  /*table=*/Value(), /*worker=*/Value());
    if (scales)
      gatherScales(offset, called);
    Block &body = op.getBody().front();
    b.loop(zero, count, 1, [&](Value row) {
      b.loop(zero, units, 1, [&](Value unit) {
        IRMapping mapping;
        mapping.map(body.getArgument(0), row);
        mapping.map(body.getArgument(1), b.addi(first, unit));
        for (int64_t group = 0; group < static_cast<int64_t>(op.getGroups()); ++group) {
          Value column = b.addi(b.muli(unit, unitRows), group * kTileRows);
          mapping.map(body.getArgument(2 + group), sumsOf(row, column));
        }
        for (Operation &inner : body.without_terminator())
          b.clone(inner, mapping);
      });
    });
  });
  op.erase();
}

Value LibraryContract::rowsOfCodes() {
  constexpr int64_t kGroup = 32;
  VectorType codes = b.vec(b.getI8Type(), kGroup);
  int64_t rows = panel.getRows() * operands.parts, cols = panel.getCols();
  Value x = b.scratch(("rows_" + Twine(rows) + "x" + Twine(cols)).str(), b.memref({rows, cols}, b.getI8Type()));
  Value zero = b.index(0);
  b.loop(zero, op.getCount(), 1, [&](Value row) {
    b.loop(zero, b.index(cols / kGroup), 1, [&](Value group) {
      Value code =
          b.loadVec(buffers.codes, {b.divu(row, buffers.tileRows), group, b.remu(row, buffers.tileRows), zero}, codes);
      Value column = b.muli(group, kGroup);
      if (operands.parts == 1) {
        b.storeVec(code, x, {row, column});
        return;
      }
      Value none = b.constantLike(code, 0);
      b.storeVec(arith::MaxSIOp::create(b, code, none), x, {part(row, 0), column});
      b.storeVec(arith::MaxSIOp::create(b, b.subi(none, code), none), x, {part(row, 1), column});
    });
  });
  return x;
}

void LibraryContract::gatherScales(Value offset, Value count) {
  b.loop(b.index(0), count, 1, [&](Value column) {
    Value at = b.addi(offset, b.muli(column, rowBytes(type.getFormat(), type.getCols())));
    Value bytes = b.loadVec(weights, at, b.vec(b.getI8Type(), 4));
    Value scale = vector::BitCastOp::create(b, b.vec(b.getF32Type(), 1), bytes);
    b.store(vector::ExtractOp::create(b, scale, 0), scales, column);
  });
}

Value LibraryContract::sumsOf(Value row, Value column) {
  Value sums = b.loadVec(product, {part(row, 0), column});
  if (!operands.isExact())
    return sums;
  if (operands.parts == 2)
    sums = b.subi(sums, b.loadVec(product, {part(row, 1), column}));
  Value scale = b.load(buffers.scales, {b.divu(row, buffers.tileRows), b.index(0), b.remu(row, buffers.tileRows)});
  Value exact = arith::SIToFPOp::create(b, b.vecF32(), sums);
  return b.addScaled(b.splat(0.0), exact, b.loadVec(scales, column), scale);
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
      LibraryContract(op, module, *target).run();
    }
  }
};
} // namespace
