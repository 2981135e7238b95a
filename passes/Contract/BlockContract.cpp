//===- BlockContract.cpp - what every lowering of plan.block_contract shares ===//
#include "passes/Contract/BlockContract.h"

using namespace mlir;
using namespace trafo;
using plan::kTileRows;

BlockContract::BlockContract(plan::BlockContractOp op)
    : b(op.getLoc(), OpBuilder(op)), op(op), format(findFormat(std::string_view(op.getFormat()))->format),
      layout(packedLayout(format, kTileRows, op.getColumns(), op.getLayout())), groups(op.getGroups()),
      terms(std::max<int64_t>(1, int8Terms(op.getActivation()))), tokens(op.getTokens() * terms),
      results(op.getTokens()) {}

Value BlockContract::bytesAt(int64_t tile, int64_t at, int64_t bytes, Value more) {
  Value offset = placeInTile(op.getOffset(), tile, at);
  return b.loadVec(op.getWeights(), more ? b.addi(offset, more) : offset, b.vec(b.getI8Type(), bytes));
}

/// Bytes of the codes of a tile's 32 columns where codes are bytes.
static constexpr int64_t kGroupCodes = 32 * kTileRows;

Value BlockContract::codesAt(int64_t tile, int64_t at, Value group) {
  Value place = placeInTile(op.getOffset(), tile, layout.headBytes() + at);
  return group && info().isPerRow() ? b.addi(place, b.muli(group, kGroupCodes)) : place;
}

SmallVector<Value> BlockContract::overGroups(ArrayRef<Value> begin,
                                             function_ref<SmallVector<Value>(Value, ValueRange)> add) {
  if (!info().isPerRow())
    return add({}, begin);
  return b.loop(b.index(0), b.index(layout.columns / 32), 1, begin, add);
}

static constexpr int64_t kLineBytes = 64;

void BlockContract::prefetchLines(int64_t tile, int64_t lines, Value from) {
  if (op.getPrefetch() == 0)
    return;
  Value start = placeInTile(from, tile, static_cast<int64_t>(op.getPrefetch()));
  for (int64_t line = 0; line < lines; ++line)
    memref::PrefetchOp::create(b, op.getWeights(), b.addi(start, line * kLineBytes), /*isWrite=*/false,
                               /*localityHint=*/3, /*isDataCache=*/true);
}

void BlockContract::prefetchBlocks() {
  if (info().isPerRow())
    return; // by shares
  int64_t bytes = layout.blockBytes() * layout.blocksPerTile();
  for (int64_t tile = 0; tile < groups; ++tile)
    prefetchLines(tile, llvm::divideCeil(bytes, kLineBytes), op.getOffset());
}

void BlockContract::prefetchShare(int64_t tile, Value group) {
  int64_t lines = info().isPerRow() ? kGroupCodes / kLineBytes
                                    : llvm::divideCeil(32 * layout.blockBytes(), layout.blockColumns() * kLineBytes);
  prefetchLines(tile, lines, b.addi(op.getOffset(), b.muli(group, lines * kLineBytes)));
}

SmallVector<Value> BlockContract::placeOf(int64_t token, Value group, std::optional<int64_t> last) {
  int64_t tileRows = cast<MemRefType>(op.getActs()[0].getType()).getDimSize(2);
  Value block = b.divu(op.getColumn(), 32);
  SmallVector<Value> place{b.divu(op.getRow(), tileRows), group ? b.addi(block, group) : block,
                           tokens == tileRows ? b.index(token) : b.addi(b.remu(op.getRow(), tileRows), token)};
  if (last)
    place.push_back(b.index(*last));
  return place;
}

Value BlockContract::activation(int64_t token, int64_t column, Value group) {
  return b.load(op.getActs()[0], placeOf(token, group, column));
}

Value BlockContract::activations(int64_t token, int64_t column, int64_t count, Value group) {
  return b.loadVec(op.getActs()[0], placeOf(token, group, column), b.vec(b.getI8Type(), count));
}

Value BlockContract::fourActivations(int64_t token, int64_t column, Value group) {
  // Codes of a row are bytes next to each other; a vector load keeps the access free of alignment.
  Value word = vector::BitCastOp::create(b, b.vec(b.getI32Type(), 1), activations(token, column, 4, group));
  return vector::ExtractOp::create(b, word, 0);
}

Value BlockContract::groupValue(int64_t buffer, int64_t token, Value group) {
  return b.load(op.getActs()[buffer], placeOf(token, group));
}

Value BlockContract::pairOfSums(int64_t token, Value group) {
  Value pair = b.loadVec(op.getActs()[3], placeOf(token, group, 0), b.vec(b.getI16Type(), 2));
  return vector::ExtractOp::create(b, vector::BitCastOp::create(b, b.vec(b.getI32Type(), 1), pair), 0);
}

static SmallVector<Value> placeOfWords(BlockContract &c, int64_t row) {
  SmallVector<Value> place = c.placeOf(row, {});
  place.back() = c.b.divu(place.back(), c.terms);
  return place;
}

Value BlockContract::pairOfWords(int64_t row, int64_t step, int64_t odd) {
  SmallVector<Value> place = placeOfWords(*this, row);
  place.push_back(b.index(step * 4 + odd * 2));
  Value pair = b.loadVec(op.getActs()[4], place, b.vec(b.getI16Type(), 2));
  return vector::ExtractOp::create(b, vector::BitCastOp::create(b, b.vec(b.getI32Type(), 1), pair), 0);
}

Value BlockContract::sumOfWords(int64_t row) { return b.load(op.getActs()[5], placeOfWords(*this, row)); }

Value BlockContract::sumOf16(int64_t token, int64_t half, Value group) {
  return arith::ExtSIOp::create(b, b.getI32Type(), b.load(op.getActs()[3], placeOf(token, group, half)));
}

Value BlockContract::loadAs(Type type, int64_t tile, int64_t at, int64_t lanes) {
  Value raw = bytesAt(tile, at, lanes * type.getIntOrFloatBitWidth() / 8);
  Value typed = vector::BitCastOp::create(b, b.vec(type, lanes), raw);
  return type.isF32() ? typed : arith::ExtFOp::create(b, b.vec(b.getF32Type(), lanes), typed).getResult();
}

Value BlockContract::asFloat(ArrayRef<Value> exact, VectorType type) {
  Value first = arith::SIToFPOp::create(b, type, exact[0]);
  if (exact.size() == 1)
    return first;
  // I of digits is at most 2^24 in any format (codes times integer scales of 32 columns), a float; so this rounds once.
  Value second = arith::SIToFPOp::create(b, type, exact[1]);
  return b.fma(first, b.splat(kDigitBase, type), second);
}

Value BlockContract::finishRows(Value sum, ArrayRef<Value> dots, int64_t tile, int64_t token, int64_t first,
                                int64_t lanes) {
  VectorType type = b.vec(b.getF32Type(), lanes);
  if (info().hasMin())
    sum = b.fma(minima(tile, first, lanes), b.broadcast(scaledSum(token), type), sum);
  return b.addScaled(sum, asFloat(dots, type), scales(tile, first, lanes), activationScale(token));
}

void BlockContract::finishInt8(ArrayRef<Value> dots) {
  SmallVector<Value> sums;
  for (int64_t group = 0; group < groups; ++group)
    for (int64_t token = 0; token < tokens; token += terms) {
      int64_t at = group * tokens + token;
      sums.push_back(finishRows(op.getSums()[at / terms], dots.slice(at, terms), group, token, 0, kTileRows));
    }
  op.replaceAllUsesWith(sums);
  op.erase();
}

void BlockContract::lowerFloat() {
  prefetchBlocks();
  SmallVector<Value> results(op.getSums());
  FloatType type = floatTypeOf(format, b.getContext());
  int64_t columnBytes = kTileRows * type.getIntOrFloatBitWidth() / 8;
  for (int64_t column = 0; column < static_cast<int64_t>(op.getColumns()); ++column) {
    SmallVector<Value> inputs;
    for (int64_t token = 0; token < tokens; ++token) {
      Value x = b.load(op.getActs()[0], {b.addi(op.getRow(), token), b.addi(op.getColumn(), column)});
      inputs.push_back(b.broadcast(x.getType().isF32() ? x : arith::ExtFOp::create(b, b.getF32Type(), x).getResult()));
    }
    for (int64_t group = 0; group < groups; ++group) {
      Value weights = loadAs(type, group, column * columnBytes);
      for (int64_t token = 0; token < tokens; ++token)
        results[group * tokens + token] = b.fma(weights, inputs[token], results[group * tokens + token]);
    }
  }
  op.replaceAllUsesWith(results);
  op.erase();
}

void trafo::lowerBlockContracts(ModuleOp module, function_ref<void(BlockContract &)> lowerInt8,
                                function_ref<void(BlockContract &)> lowerPairs) {
  SmallVector<plan::BlockContractOp> ops;
  module.walk([&](plan::BlockContractOp op) { ops.push_back(op); });
  for (plan::BlockContractOp op : ops) {
    BlockContract contract(op);
    if (contract.isInt8())
      lowerInt8(contract);
    else if (op.getActivation() == ActivationFormat::BF16G32)
      lowerPairs(contract);
    else
      contract.lowerFloat();
  }
}
