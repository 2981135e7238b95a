//===- TileDots.cpp - exact dots of groups by AMX tiles -------------------===//
//
// A tile register holds 16 rows of 64 bytes. One of activations is a token a row, as the panel lies; one of weights is four
// columns of the 16 weight rows a row, as they are packed, so codes that are bytes are read where they lie and others are
// put together in a buffer on the stack. Their product has a token's 16 sums in each row, which go through the stack to
// the vectors of the float part.
//
//===----------------------------------------------------------------------===//
#include "passes/Contract/PlanarCodes.h"
#include "passes/X86/DotProducts.h"

#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace trafo;
using plan::kTileRows;

namespace {
class TileDots final : public GroupDots {
public:
  explicit TileDots(BlockContract &c) : GroupDots(c) {
    auto function = c.op->getParentOfType<FunctionOpInterface>();
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&function.getFunctionBody().front());
    auto onStack = [&](int64_t rows, int64_t columns, Type element) {
      return memref::AllocaOp::create(b, b.memref({rows, columns}, element), b.getI64IntegerAttr(64));
    };
    if (!c.isBiased())
      codes = onStack(8, kStepBytes, b.getI8Type());
    sums = onStack(c.tokens, kTileRows, b.getI32Type());
  }

  int64_t rowsAtOnce() const override { return kTileRows; }

  SmallVector<Value> dots(TileRows rows, Value group) override {
    if (codes)
      gatherCodes(rows, group);
    SmallVector<Value> results(c.tokens);
    for (int64_t half = 0; half < halves(); ++half) {
      int64_t steps = stepsPerHalf();
      auto sumType = amx::TileType::get({c.tokens, kTileRows}, b.getI32Type());
      Value acts = amx::TileLoadOp::create(b, amx::TileType::get({c.tokens, steps * 4}, b.getI8Type()),
                                           c.op.getActs()[0], c.placeOf(0, group, half * steps * 4));
      Value weights = loadWeights(rows, half, group, amx::TileType::get({steps, kStepBytes}, b.getI8Type()));
      Value product = amx::TileMulIOp::create(b, sumType, acts, weights, amx::TileZeroOp::create(b, sumType),
                                              /*isZextLhs=*/false, /*isZextRhs=*/true);
      amx::TileStoreOp::create(b, sums, ValueRange{b.index(0), b.index(0)}, product);
      Value scales;
      if (c.info().isSuper())
        scales = arith::ExtSIOp::create(b, b.vec(b.getI32Type()), groupScales(c, rows, group, half));
      for (int64_t token = 0; token < c.tokens; ++token) {
        Value sum = b.loadVec(sums, {b.index(token), b.index(0)});
        if (int64_t excess = fieldExcess(c))
          sum = b.subi(sum, b.broadcast(b.muli(sumOfGroup(token, half, group), excess)));
        sum = scales ? b.muli(scales, sum) : sum;
        results[token] = results[token] ? b.addi(results[token], sum) : sum;
      }
    }
    return results;
  }

private:
  static constexpr int64_t kStepBytes = 4 * kTileRows;

  /// The group's fields as unsigned bytes, a step of four columns a row.
  void gatherCodes(TileRows rows, Value group) {
    PlanarCodes planes(c, rows, group);
    for (int64_t step = 0; step < 8; ++step)
      b.storeVec(unsignedFields(c, planes.step(step)), codes, {b.index(step), b.index(0)});
  }

  Value loadWeights(TileRows rows, int64_t half, Value group, amx::TileType type) {
    int64_t first = half * stepsPerHalf();
    if (codes)
      return amx::TileLoadOp::create(b, type, codes, ValueRange{b.index(first), b.index(0)});
    Value offset = c.codesAt(rows.tile, first * kStepBytes, group);
    return amx::TileLoadOp::create(b, type, c.op.getWeights(), ValueRange{offset}, b.index(kStepBytes));
  }

  Value sumOfGroup(int64_t token, int64_t half, Value group) {
    return halves() == 1 ? c.sumOfActivations(token, group) : c.sumOf16(token, half, group);
  }

  Value codes; ///< [steps][64] bytes; null where the packed bytes are read
  Value sums;  ///< [tokens][16] i32
};
} // namespace

std::unique_ptr<GroupDots> trafo::tileDots(BlockContract &c) { return std::make_unique<TileDots>(c); }
