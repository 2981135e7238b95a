//===- AttentionKernel.cpp - one page's part in the attention of a few rows ===//
//
// A micro-kernel takes as many lines as the machine has registers for their sums (plan.target's float_tokens), so that a
// vector of keys or values, once widened, meets all of them. Fewer lines take more vectors at a time instead.
// Keys lie [head size][64], so 16 positions are one vector and scores need no sums over lanes; values lie [64][head size].
// Codes are multiplied as they are; their scales meet the scores, and the weights that values are multiplied with.
//
//===----------------------------------------------------------------------===//
#include "passes/Tile/AttentionKernel.h"

using namespace mlir;
using namespace trafo;
using plan::kPagePositions;
using plan::kTileRows;

static constexpr double kMasked = -1.0e30;

AttentionKernel::AttentionKernel(VectorMath &b, plan::AttentionOp op, plan::TargetAttr target, Value positions)
    : b(b), op(op), positions(positions), headSize(op.getHeadSize()), group(op.getHeads() / op.getKvHeads()),
      layout(*plan::cacheLayout(op.getCache().getType(), op.getKvHeads(), headSize)),
      queries(std::min<int64_t>(target.getFloatTokens(), kLines)), prefetches(target.getPrefetchBytes() > 0) {
  headsAtOnce = llvm::divideCeil(group, llvm::divideCeil(group, queries));
  rowsAtOnce = std::max<int64_t>(1, queries / group);
  int64_t partSize = kScaledWeights + (layout.groups > 0 ? kPagePositions : 0);
  parts = b.scratch(("attention_parts_" + Twine(mostLines()) + "x" + Twine(partSize)).str(),
                    b.memref({mostLines(), partSize}, b.getF32Type()));
}

MemRefType AttentionKernel::statesType(int64_t owners, int64_t slots) {
  return b.memref({owners, slots, mostLines(), stateSize()}, b.getF32Type());
}

std::string AttentionKernel::statesName(int64_t slots) const {
  return ("attention_states_" + Twine(slots) + "x" + Twine(mostLines()) + "x" + Twine(stateSize())).str();
}

void AttentionKernel::reset(const RowRun &run, Slot slot) {
  forLines(run, [&](Value line) {
    storeState(b.splat(kMasked), slot, line, b.index(kMaximum));
    b.loop(b.index(kSum), b.index(stateSize()), kTileRows, [&](Value at) { storeState(b.splat(0.0), slot, line, at); });
  });
}

std::pair<Value, Value> AttentionKernel::mergeSums(Slot slot, Value line, Value maximum, Value sum) {
  Value before = loadState(slot, line, b.index(kMaximum)), sumBefore = loadState(slot, line, b.index(kSum));
  Value both = b.maxf(before, maximum);
  Value oldFactor = b.exp(b.subf(before, both)), newFactor = b.exp(b.subf(maximum, both));
  storeState(both, slot, line, b.index(kMaximum));
  storeState(b.fma(sum, newFactor, b.mulf(sumBefore, oldFactor)), slot, line, b.index(kSum));
  return {oldFactor, newFactor};
}

void AttentionKernel::mergeValues(Slot slot, Value line, Value d, Value oldFactor, Value newFactor, Value values) {
  Value at = b.addi(d, kValues);
  Value merged = b.fma(values, newFactor, b.mulf(loadState(slot, line, at), oldFactor));
  // No negative zero is kept: a page that adds nothing would turn its sign.
  storeState(b.addf(merged, b.splat(0.0)), slot, line, at);
}

Value AttentionKernel::keyOrValue(const Block &block, int64_t part, Value at) {
  SmallVector<Value> place{op.getLayer(), block.page, block.kvHead, b.index(part), at};
  return layout.groups == 0 ? b.widen(b.loadVec(op.getCache(), place)) : b.loadCodes(op.getCache(), place);
}

Value AttentionKernel::scales(const Block &block, int64_t part, Value group, Value offset) {
  Value at = b.addi(b.muli(b.addi(b.muli(group, kPagePositions), offset), 4), layout.codes());
  Value bytes = b.loadVec(op.getCache(), {op.getLayer(), block.page, block.kvHead, b.index(part), at},
                          b.vec(b.getI8Type(), 4 * kTileRows));
  return b.mulf(vector::BitCastOp::create(b, b.vecF32(), bytes), b.splat(VectorMath::kCodeUnit));
}

void AttentionKernel::prefetch(const Tile &tile, Value page, Value kvHead, int64_t part, Value at, int64_t vectors) {
  if (!prefetches || tile.rows > 1 || tile.head > 0)
    return;
  int64_t elementBytes = cast<MemRefType>(op.getCache().getType()).getElementTypeBitWidth() / 8;
  for (int64_t element = 0; element < vectors * kTileRows; element += 64 / elementBytes)
    memref::PrefetchOp::create(b, op.getCache(),
                               ValueRange{op.getLayer(), page, kvHead, b.index(part), b.addi(at, element)},
                               /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
}

void AttentionKernel::mergeBlock(const RowRun &run, Slot slot, const Block &block) {
  auto allHeads = [&](Value row, int64_t rows) {
    for (int64_t head = 0; head < group; head += headsAtOnce)
      mergeTile(run, slot, {row, rows, head, std::min(headsAtOnce, group - head)}, block);
  };
  Value whole = b.index(0);
  if (rowsAtOnce > 1) {
    whole = b.muli(b.divu(run.count, rowsAtOnce), rowsAtOnce);
    b.loop(b.index(0), whole, rowsAtOnce, [&](Value row) { allHeads(row, rowsAtOnce); });
  }
  b.loop(whole, run.count, 1, [&](Value row) { allHeads(row, 1); });
}

void AttentionKernel::mergeTile(const RowRun &run, Slot slot, const Tile &tile, const Block &block) {
  Value firstRow = b.addi(run.first, tile.row), start = b.muli(block.number, kPagePositions);
  Value past = b.index(0); // the last position that one of the rows sees
  for (int64_t r = 0; r < tile.rows; ++r)
    past = arith::MaxUIOp::create(b, past, b.addi(b.loadIndex(positions, b.addi(firstRow, r)), 1));
  // Positions of the block that one of the rows sees: [0, seen).
  Value seen = b.minu(b.subi(arith::MaxUIOp::create(b, past, start), start), b.index(kPagePositions));
  emitScores(run, tile, block, seen);
  Value firstLine = b.addi(b.muli(tile.row, group), tile.head);
  b.loop(b.index(0), b.index(tile.lines()), 1, [&](Value part) {
    Value position = b.load(positions, b.addi(firstRow, b.divu(part, tile.heads)));
    emitWeights(slot, part, b.addi(firstLine, part), position, start, seen);
  });
  emitValues(slot, tile, firstLine, block, seen);
}

/// How many vectors to take at a time so that they and their sums over `lines` lines are no more than one vector and its
/// sums over `queries` lines, and all of `length` elements are taken.
static int64_t vectorsAtOnce(int64_t lines, int64_t queries, int64_t length) {
  int64_t vectors = std::max<int64_t>(1, (queries + 1) / (lines + 1));
  while (length % (vectors * kTileRows) != 0)
    --vectors;
  return vectors;
}

SmallVector<Value> AttentionKernel::addProducts(ValueRange sums, ArrayRef<Value> vectors,
                                                function_ref<Value(int64_t)> factorOf) {
  SmallVector<Value> next;
  for (int64_t line = 0; next.size() < sums.size(); ++line) {
    Value factor = b.broadcast(factorOf(line));
    for (Value vector : vectors)
      next.push_back(b.fma(vector, factor, sums[next.size()]));
  }
  return next;
}

SmallVector<Value> AttentionKernel::multiplyKeys(const RowRun &run, const Tile &tile, const Block &block, Value offset,
                                                 int64_t vectors, Value begin, Value end) {
  Value column = b.addi(b.muli(block.kvHead, group * headSize), tile.head * headSize);
  SmallVector<Value> rows, none(tile.lines() * vectors, b.splat(0.0));
  for (int64_t r = 0; r < tile.rows; ++r)
    rows.push_back(b.addi(b.addi(run.first, tile.row), r));
  return b.loop(begin, end, 1, none, [&](Value d, ValueRange carried) {
    // While keys are read, the values are fetched.
    Value ahead = b.addi(b.muli(offset, headSize), b.muli(d, vectors * kTileRows));
    prefetch(tile, block.page, block.kvHead, 1, ahead, vectors);
    SmallVector<Value> keys;
    for (int64_t v = 0; v < vectors; ++v)
      keys.push_back(keyOrValue(block, 0, b.addi(b.addi(b.muli(d, kPagePositions), offset), v * kTileRows)));
    return addProducts(carried, keys, [&](int64_t line) {
      Value at = b.addi(b.addi(column, d), line % tile.heads * headSize);
      return b.load(op.getQuery(), {rows[line / tile.heads], at});
    });
  });
}

void AttentionKernel::emitScores(const RowRun &run, const Tile &tile, const Block &block, Value seen) {
  int64_t vectors = vectorsAtOnce(tile.lines(), queries, kPagePositions);
  b.loop(b.index(0), seen, vectors * kTileRows, [&](Value offset) {
    SmallVector<Value> sums;
    if (layout.groups == 0) {
      sums = multiplyKeys(run, tile, block, offset, vectors, b.index(0), b.index(headSize));
    } else {
      SmallVector<Value> none(tile.lines() * vectors, b.splat(0.0));
      sums = b.loop(b.index(0), b.index(layout.groups), 1, none, [&](Value group, ValueRange carried) {
        Value begin = b.muli(group, layout.groupSize()), end = b.addi(begin, layout.groupSize());
        SmallVector<Value> products = multiplyKeys(run, tile, block, offset, vectors, begin, end), factors;
        for (int64_t v = 0; v < vectors; ++v)
          factors.push_back(scales(block, 0, group, b.addi(offset, v * kTileRows)));
        for (auto [i, product] : llvm::enumerate(products))
          product = b.fma(product, factors[i % vectors], carried[i]);
        return products;
      });
    }
    for (auto [i, sum] : llvm::enumerate(sums))
      b.storeVec(sum, parts, {b.index(i / vectors), b.addi(offset, i % vectors * kTileRows)});
  });
}

void AttentionKernel::emitWeights(Slot slot, Value part, Value line, Value position, Value start, Value seen) {
  Value lanes = arith::ConstantOp::create(
      b, DenseElementsAttr::get(b.vec(b.getI32Type()),
                                ArrayRef<int32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}));
  Value last = b.broadcast(position), low = b.splat(kMasked), none = b.splat(0.0);
  Value maxima = b.loop(b.index(0), seen, kTileRows, low, [&](Value offset, ValueRange carried) {
    Value first = arith::IndexCastOp::create(b, b.getI32Type(), b.addi(start, offset));
    Value at = b.addi(b.broadcast(first), lanes);
    Value visible = arith::CmpIOp::create(b, arith::CmpIPredicate::sle, at, last);
    if (op.getWindow() > 0) {
      Value before = b.subi(last, b.constantLike(last, op.getWindow()));
      visible = arith::AndIOp::create(b, visible, arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, at, before));
    }
    Value s = b.mulf(b.loadVec(parts, {part, offset}), b.splat(op.getScale().convertToDouble()));
    if (double cap = op.getSoftcap().convertToDouble(); cap > 0)
      s = b.mulf(b.splat(cap), b.tanh(b.divf(s, b.splat(cap))));
    s = arith::SelectOp::create(b, visible, s, low);
    b.storeVec(s, parts, {part, offset});
    return SmallVector<Value>{b.maxf(carried[0], s)};
  })[0];
  Value maximum = b.broadcast(b.maxLanes(maxima));
  Value sums = b.loop(b.index(0), seen, kTileRows, none, [&](Value offset, ValueRange carried) {
    Value s = b.loadVec(parts, {part, offset});
    Value masked = arith::CmpFOp::create(b, arith::CmpFPredicate::OLE, s, low); // becomes an exact zero
    Value weight = arith::SelectOp::create(b, masked, none, b.exp(b.subf(s, maximum)));
    b.storeVec(weight, parts, {part, offset});
    return SmallVector<Value>{b.addf(carried[0], weight)};
  })[0];
  auto [oldFactor, newFactor] = mergeSums(slot, line, maximum, b.broadcast(b.sumLanes(sums)));
  b.storeVec(oldFactor, parts, {part, b.index(kOldFactor)});
  b.storeVec(newFactor, parts, {part, b.index(kNewFactor)});
}

void AttentionKernel::emitValues(Slot slot, const Tile &tile, Value firstLine, const Block &block, Value seen) {
  if (layout.groups == 0)
    return emitValueColumns(slot, tile, firstLine, block, seen, b.index(0), b.index(headSize), 0);
  b.loop(b.index(0), b.index(layout.groups), 1, [&](Value group) {
    b.loop(b.index(0), seen, kTileRows, [&](Value offset) {
      Value factors = scales(block, 1, group, offset);
      for (int64_t line = 0; line < tile.lines(); ++line)
        b.storeVec(b.mulf(b.loadVec(parts, {b.index(line), offset}), factors), parts,
                   {b.index(line), b.addi(offset, kScaledWeights)});
    });
    Value begin = b.muli(group, layout.groupSize()), end = b.addi(begin, layout.groupSize());
    emitValueColumns(slot, tile, firstLine, block, seen, begin, end, kScaledWeights);
  });
}

void AttentionKernel::emitValueColumns(Slot slot, const Tile &tile, Value firstLine, const Block &block, Value seen,
                                       Value begin, Value end, int64_t weights) {
  int64_t lines = tile.lines(), vectors = vectorsAtOnce(lines, queries, layout.groupSize());
  b.loop(begin, end, vectors * kTileRows, [&](Value d) {
    SmallVector<Value> none(lines * vectors, b.splat(0.0));
    SmallVector<Value> sums = b.loop(b.index(0), seen, 1, none, [&](Value position, ValueRange carried) {
      // While values are read, the next keys are fetched.
      Value ahead = b.addi(b.muli(d, kPagePositions), b.muli(position, vectors * kTileRows));
      prefetch(tile, block.nextPage, block.kvHead, 0, ahead, vectors);
      SmallVector<Value> values;
      for (int64_t v = 0; v < vectors; ++v)
        values.push_back(keyOrValue(block, 1, b.addi(b.addi(b.muli(position, headSize), d), v * kTileRows)));
      return addProducts(carried, values,
                         [&](int64_t line) { return b.load(parts, {b.index(line), b.addi(position, weights)}); });
    });
    for (int64_t line = 0; line < lines; ++line) {
      Value oldFactor = b.loadVec(parts, {b.index(line), b.index(kOldFactor)});
      Value newFactor = b.loadVec(parts, {b.index(line), b.index(kNewFactor)});
      for (int64_t v = 0; v < vectors; ++v)
        mergeValues(slot, b.addi(firstLine, line), b.addi(d, v * kTileRows), oldFactor, newFactor,
                    sums[line * vectors + v]);
    }
  });
}

void AttentionKernel::mergeSlot(const RowRun &run, Slot slot, Slot from) {
  forLines(run, [&](Value line) {
    std::pair<Value, Value> factors = // of old and new values
        mergeSums(slot, line, loadState(from, line, b.index(kMaximum)), loadState(from, line, b.index(kSum)));
    b.loop(b.index(0), b.index(headSize), kTileRows, [&](Value d) {
      mergeValues(slot, line, d, factors.first, factors.second, loadState(from, line, b.addi(d, kValues)));
    });
  });
}

void AttentionKernel::finish(const RowRun &run, Slot slot, Value kvHead) {
  forLines(run, [&](Value line) {
    Value sum = loadState(slot, line, b.index(kSum));
    Value row = b.addi(run.first, b.divu(line, group));
    int64_t kept = op.keptColumns(), whole = kept / kTileRows * kTileRows;
    Value column = b.addi(b.muli(kvHead, group * kept), b.muli(b.remu(line, group), kept));
    auto output = [&](Value d) { return b.divf(loadState(slot, line, b.addi(d, kValues)), sum); };
    b.loop(b.index(0), b.index(whole), kTileRows,
           [&](Value d) { b.storeVec(output(d), op.getDest(), {row, b.addi(column, d)}); });
    if (whole < kept) { // what follows belongs to the next head, perhaps another worker's
      Value last = vector::ExtractStridedSliceOp::create(b, output(b.index(whole)), ArrayRef<int64_t>{0},
                                                         ArrayRef<int64_t>{kept - whole}, ArrayRef<int64_t>{1});
      b.storeVec(last, op.getDest(), {row, b.addi(column, whole)});
    }
  });
}
