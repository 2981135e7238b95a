#include "passes/Plan/LinearStages.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace trafo;
using plan::kTileRows;

static int64_t rowsOf(Value weight) { return cast<WeightType>(weight.getType()).getRows(); }
static int64_t unitsOf(Value weight) { return llvm::divideCeil(rowsOf(weight), kTileRows); }

/// The first column of a unit's 16 results.
static Value columnOf(ImplicitLocOpBuilder &b, Value unit) {
  return arith::MulIOp::create(b, unit, arith::ConstantIndexOp::create(b, kTileRows));
}

static Value loadRow(ImplicitLocOpBuilder &b, Value memory, Value row, Value column) {
  return vector::LoadOp::create(b, VectorType::get({kTileRows}, b.getF32Type()), memory, ValueRange{row, column});
}
static void storeRow(ImplicitLocOpBuilder &b, Value value, Value memory, Value row, Value column) {
  vector::StoreOp::create(b, value, memory, ValueRange{row, column});
}

/// y[e] = x[e] * c[e] + x[e ^ 1] * s[e] for 16 neighbouring elements of a head, c and s from the row's position.
static Value rotate(ImplicitLocOpBuilder &b, Value x, Value table, Value positions, Value row, Value column,
                    int64_t headSize) {
  Value position = arith::IndexCastOp::create(b, b.getIndexType(), memref::LoadOp::create(b, positions, row));
  Value inHead = arith::RemUIOp::create(b, column, arith::ConstantIndexOp::create(b, headSize));
  Value at = arith::AddIOp::create(
      b, arith::MulIOp::create(b, position, arith::ConstantIndexOp::create(b, 2 * headSize)), inHead);
  Value cosines = plan::LoadOp::create(b, x.getType(), table, at);
  Value sines = plan::LoadOp::create(b, x.getType(), table,
                                     arith::AddIOp::create(b, at, arith::ConstantIndexOp::create(b, headSize)));
  SmallVector<int64_t> swap;
  for (int64_t e = 0; e < kTileRows; ++e)
    swap.push_back(e ^ 1);
  Value partner = vector::ShuffleOp::create(b, x, x, swap);
  return math::FmaOp::create(b, x, cosines, arith::MulFOp::create(b, partner, sines));
}

/// The greatest of 16 lanes, NaN where one is not finite.
static Value maximumOrNaN(ImplicitLocOpBuilder &b, Value x) {
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(x.getType()));
  Value probed = arith::AddFOp::create(b, x, arith::MulFOp::create(b, x, zero)); // itself, or NaN
  return vector::ReductionOp::create(b, vector::CombiningKind::MAXIMUMF, probed);
}

Value LinearStages::addBias(ImplicitLocOpBuilder &b, Value sum, Value bias, Value column) {
  return bias ? arith::AddFOp::create(b, sum, stages.loadWeight(b, bias, column)).getResult() : sum;
}

FailureOr<plan::BufferOp> LinearStages::contract(LinearLike op, StringRef name, const Place &place, const RowsOf &input,
                                                 ArrayRef<Contraction> contractions, plan::BufferOp result) {
  if (LogicalResult made = stages.contract(op, name, place, input, contractions); failed(made))
    return made;
  return result;
}

FailureOr<plan::BufferOp> LinearStages::plan(LmHeadOp op, const RowsOf &input, const Place &place) {
  // Past the logits of a row lie the greatest of each 16, so that a token can be picked without reading all of them.
  int64_t vocabulary = rowsOf(op.getWeight()), units = unitsOf(op.getWeight()), maxima = units * kTileRows;
  plan::BufferOp logits = stages.buffer(op.getLoc(), "logits", config.getMaxOutputs(), maxima + units);
  logits.setLogits(vocabulary);
  logits.setLogitsMaxima(maxima);
  auto store = [&](ImplicitLocOpBuilder &b, Value row, Value unit, ValueRange sums) {
    Value memory = stages.ref(b, logits);
    storeRow(b, sums[0], memory, row, columnOf(b, unit));
    memref::StoreOp::create(b, maximumOrNaN(b, sums[0]), memory,
                            ValueRange{row, arith::AddIOp::create(b, unit, arith::ConstantIndexOp::create(b, maxima))});
  };
  return contract(op, "lm_head", place, input, {{op.getWeight(), 0, unitsOf(op.getWeight()), 1, store}}, logits);
}

FailureOr<plan::BufferOp> LinearStages::plan(LinearOp op, ActivationOp function, const RowsOf &input,
                                             const Place &place) {
  plan::BufferOp dest = stages.buffer(op.getLoc(), "linear", config.getMaxRows(), rowsOf(op.getWeight()));
  auto store = [&](ImplicitLocOpBuilder &b, Value row, Value unit, ValueRange sums) {
    Value column = columnOf(b, unit);
    Value sum = addBias(b, sums[0], op.getBias(), column);
    if (function)
      sum = plan::FunctionOp::create(b, sum.getType(), function.getFunction(), sum);
    storeRow(b, sum, stages.ref(b, dest), row, column);
  };
  return contract(op, "linear", place, input, {{op.getWeight(), 0, unitsOf(op.getWeight()), 1, store}}, dest);
}

FailureOr<plan::BufferOp> LinearStages::plan(LinearAddOp op, plan::BufferOp residual, const RowsOf &input,
                                             const Place &place) {
  auto store = [&](ImplicitLocOpBuilder &b, Value row, Value unit, ValueRange sums) {
    Value column = columnOf(b, unit), memory = stages.ref(b, residual);
    Value sum = addBias(b, sums[0], op.getBias(), column);
    storeRow(b, arith::AddFOp::create(b, loadRow(b, memory, row, column), sum), memory, row, column);
  };
  return contract(op, "linear_add", place, input, {{op.getWeight(), 0, unitsOf(op.getWeight()), 1, store}}, residual);
}

FailureOr<plan::BufferOp> LinearStages::plan(GateUpOp op, const RowsOf &input, const Place &place) {
  int64_t columns = cast<RankedTensorType>(op.getResult().getType()).getDimSize(1);
  plan::BufferOp dest = stages.buffer(op.getLoc(), "hidden", config.getMaxRows(), columns);
  auto apply = [&](ImplicitLocOpBuilder &b, Value v) -> Value {
    return plan::FunctionOp::create(b, v.getType(), op.getFunction(), v);
  };
  Value gateBias = op.getBiases().empty() ? Value() : op.getBiases().front();
  Value upBias = op.getBiases().empty() ? Value() : op.getBiases().back();
  // One weight: a unit is a tile of gate and one of up, and so its biases lie.
  auto storeProduct = [&](ImplicitLocOpBuilder &b, Value row, Value unit, ValueRange sums) {
    Value column = columnOf(b, unit), pair = arith::AddIOp::create(b, column, column);
    Value gate = addBias(b, sums[0], gateBias, pair);
    Value up =
        addBias(b, sums[1], upBias, arith::AddIOp::create(b, pair, arith::ConstantIndexOp::create(b, kTileRows)));
    storeRow(b, arith::MulFOp::create(b, apply(b, gate), up), stages.ref(b, dest), row, column);
  };
  // Two weights: the gate's sums wait in the buffer for the up's; the same worker owns both.
  auto storeGate = [&](ImplicitLocOpBuilder &b, Value row, Value unit, ValueRange sums) {
    Value column = columnOf(b, unit);
    storeRow(b, apply(b, addBias(b, sums[0], gateBias, column)), stages.ref(b, dest), row, column);
  };
  auto storeUp = [&](ImplicitLocOpBuilder &b, Value row, Value unit, ValueRange sums) {
    Value column = columnOf(b, unit), memory = stages.ref(b, dest);
    Value up = addBias(b, sums[0], upBias, column);
    storeRow(b, arith::MulFOp::create(b, loadRow(b, memory, row, column), up), memory, row, column);
  };
  Value gate = op.getWeights().front(), up = op.getWeights().back();
  SmallVector<Contraction> contractions;
  if (op.getWeights().size() == 1)
    contractions = {{gate, 0, unitsOf(gate) / 2, 2, storeProduct}};
  else
    contractions = {{gate, 0, unitsOf(gate), 1, storeGate}, {up, 0, unitsOf(up), 1, storeUp}};
  return contract(op, "gate_up", place, input, contractions, dest);
}

FailureOr<plan::BufferOp> LinearStages::plan(QkvRopeOp op, const RowsOf &input, const Place &place) {
  KVCacheType cacheType = op.getCache().getType();
  int64_t headSize = cacheType.getHeadSize(), heads = op.getHeads();
  if (headSize % kTileRows != 0)
    return op->emitOpError("expects a head size that is a multiple of 16, got ") << headSize;
  bool codes = cacheType.getFormat() == KVFormat::Int8;
  if (cacheType.getGroup() % kTileRows != 0)
    return op->emitOpError("expects a KV cache in groups of a multiple of 16, got ") << cacheType.getFormatName();
  plan::BufferOp query = stages.buffer(op.getLoc(), "query", config.getMaxRows(), heads * headSize);
  plan::BufferOp cache = stages.kvBuffer(op.getLoc(), cacheType);
  int64_t queryUnits = heads * headSize / kTileRows, kvUnits = cacheType.getHeads() * headSize / kTileRows;

  // Three weights have three biases; one weight has one, of which a part begins at its own first unit.
  bool joined = op.getWeights().size() == 1;
  int64_t firstUnits[] = {0, queryUnits, queryUnits + kvUnits};
  auto biased = [&](ImplicitLocOpBuilder &b, Value sum, int part, Value unit) -> Value {
    if (op.getBiases().empty())
      return sum;
    if (!joined)
      return addBias(b, sum, op.getBiases()[part], columnOf(b, unit));
    Value shifted = arith::AddIOp::create(b, unit, arith::ConstantIndexOp::create(b, firstUnits[part]));
    return addBias(b, sum, op.getBiases()[0], columnOf(b, shifted));
  };
  auto rotated = [&](ImplicitLocOpBuilder &b, Value sum, Value row, Value column) -> Value {
    if (!op.getTable())
      return sum;
    Value positions = stages.list(b, "positions", config.getMaxRows());
    return rotate(b, sum, stages.weight(b, op.getTable()), positions, row, column, headSize);
  };
  auto storeQuery = [&](ImplicitLocOpBuilder &b, Value row, Value unit, ValueRange sums) {
    Value column = columnOf(b, unit);
    storeRow(b, rotated(b, biased(b, sums[0], 0, unit), row, column), stages.ref(b, query), row, column);
  };
  // The scale of codes is known once a whole head is, so its rows wait in a buffer until then.
  plan::BufferOp keys, values;
  if (codes) {
    keys = stages.buffer(op.getLoc(), "key", config.getMaxRows(), kvUnits * kTileRows);
    values = stages.buffer(op.getLoc(), "value", config.getMaxRows(), kvUnits * kTileRows);
  }
  auto storeToCache = [&](ImplicitLocOpBuilder &b, Value x, Value row, Value column, bool isKey) {
    if (codes)
      storeRow(b, x, stages.ref(b, isKey ? keys : values), row, column);
    else
      plan::KVStoreOp::create(b, x, stages.ref(b, cache), stages.cachedLayer(b), row, column, headSize, isKey);
  };
  auto storeKey = [&](ImplicitLocOpBuilder &b, Value row, Value unit, ValueRange sums) {
    Value column = columnOf(b, unit);
    storeToCache(b, rotated(b, biased(b, sums[0], 1, unit), row, column), row, column, true);
  };
  auto storeValue = [&](ImplicitLocOpBuilder &b, Value row, Value unit, ValueRange sums) {
    storeToCache(b, biased(b, sums[0], 2, unit), row, columnOf(b, unit), false);
  };
  auto quantize = [&](ImplicitLocOpBuilder &b, Value begin, Value end, bool isKey) {
    if (codes)
      plan::KVQuantizeOp::create(b, stages.ref(b, isKey ? keys : values), begin, end, stages.ref(b, cache),
                                 stages.cachedLayer(b), headSize, isKey);
  };
  auto finishKeys = [&](ImplicitLocOpBuilder &b, Value begin, Value end) { quantize(b, begin, end, true); };
  auto finishValues = [&](ImplicitLocOpBuilder &b, Value begin, Value end) { quantize(b, begin, end, false); };
  auto weights = op.getWeights();
  SmallVector<Contraction> contractions = {
      {weights.front(), 0, queryUnits, 1, storeQuery},
      {weights[joined ? 0 : 1], joined ? queryUnits : 0, kvUnits, 1, storeKey, finishKeys},
      {weights.back(), joined ? firstUnits[2] : 0, kvUnits, 1, storeValue, finishValues}};
  return contract(op, "qkv_rope", place, input, contractions, query);
}
