//===- AttentionKernel.cpp - one page's part in the attention of a few rows ===//
//
// A micro-kernel takes as many lines as the machine has registers for their sums (plan.target's float_tokens), so that a
// vector of keys or values, once widened, meets all of them. Fewer lines take more vectors at a time instead.
// Keys lie [head size][64], so 16 positions are one vector and scores need no sums over lanes; values lie [64][head size].
// Codes are multiplied as they are; their scales meet the scores, and the weights that values are multiplied with.
//
//===----------------------------------------------------------------------===//
#include "passes/Tile/AttentionKernel.h"

#include "llvm/Support/MathExtras.h"

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
  int64_t rows = mostLines() * (layout.groups > 0 ? 2 : 1);
  parts = b.scratch(("attention_parts_" + Twine(rows)).str(), b.memref({rows, kPagePositions}, b.getF32Type()));
  merges =
      b.scratch(("attention_merges_" + Twine(paddedLines())).str(), b.memref({kMerges, paddedLines()}, b.getF32Type()));
}

MemRefType AttentionKernel::statesType(int64_t owners, int64_t slots) {
  return b.memref({owners, slots, slotSize()}, b.getF32Type());
}

std::string AttentionKernel::statesName(int64_t slots) const {
  return ("attention_states_" + Twine(slots) + "x" + Twine(slotSize())).str();
}

void AttentionKernel::reset(const RowRun &run, Slot slot) {
  b.loop(b.index(0), linesOf(run), kTileRows, [&](Value line) {
    storeState(b.splat(kMasked), slot, line);
    storeState(b.splat(0.0), slot, sumAt(line));
  });
  b.loop(b.index(0), b.muli(linesOf(run), headSize), kTileRows,
         [&](Value at) { storeState(b.splat(0.0), slot, valueAt(b.index(0), at)); });
}

void AttentionKernel::mergeSums(const RowRun &run, Slot slot,
                                function_ref<std::pair<Value, Value>(Value line)> maximaAndSums) {
  b.loop(b.index(0), linesOf(run), kTileRows, [&](Value line) {
    auto [maxima, sums] = maximaAndSums(line);
    Value before = loadState(slot, line), both = b.maxf(before, maxima);
    Value oldFactors = b.exp2OfNegative(b.subf(before, both)), newFactors = b.exp2OfNegative(b.subf(maxima, both));
    storeState(both, slot, line);
    storeState(b.fma(sums, newFactors, b.mulf(loadState(slot, sumAt(line)), oldFactors)), slot, sumAt(line));
    b.storeVec(oldFactors, merges, {b.index(kOldFactors), line});
    b.storeVec(newFactors, merges, {b.index(kNewFactors), line});
  });
}

void AttentionKernel::mergeValues(Slot slot, Value line, Value d, Value values) {
  auto factor = [&](Merge kind) { return b.broadcast(b.load(merges, {b.index(kind), line})); };
  Value at = valueAt(line, d);
  Value merged = b.fma(values, factor(kNewFactors), b.mulf(loadState(slot, at), factor(kOldFactors)));
  // No negative zero is kept: a page that adds nothing would turn its sign.
  storeState(b.addf(merged, b.splat(0.0)), slot, at);
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

void AttentionKernel::forTiles(const RowRun &run, function_ref<void(const Tile &)> body) {
  auto allHeads = [&](Value row, int64_t rows) {
    for (int64_t head = 0; head < group; head += headsAtOnce)
      body({row, rows, head, std::min(headsAtOnce, group - head)});
  };
  Value whole = b.index(0);
  if (rowsAtOnce > 1) {
    whole = b.muli(b.divu(run.count, rowsAtOnce), rowsAtOnce);
    b.loop(b.index(0), whole, rowsAtOnce, [&](Value row) { allHeads(row, rowsAtOnce); });
  }
  b.loop(whole, run.count, 1, [&](Value row) { allHeads(row, 1); });
}

Value AttentionKernel::seenBy(const RowRun &run, const Tile &tile, const Block &block) {
  Value past = b.index(0), start = b.muli(block.number, kPagePositions);
  for (int64_t r = 0; r < tile.rows; ++r) {
    Value position = b.loadIndex(positions, b.addi(b.addi(run.first, tile.row), r));
    past = arith::MaxUIOp::create(b, past, b.addi(position, 1));
  }
  return b.minu(b.subi(arith::MaxUIOp::create(b, past, start), start), b.index(kPagePositions));
}

void AttentionKernel::mergeBlock(const RowRun &run, Slot slot, const Block &block) {
  forTiles(run, [&](const Tile &tile) { emitScores(run, tile, block); });
  // Where every row sees the whole block, nothing is masked.
  Value start = b.muli(block.number, kPagePositions);
  auto within = [&](Value x, Value y) { return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, x, y).getResult(); };
  Value isSeen = within(b.addi(start, kPagePositions - 1), b.addi(run.least, 1));
  if (op.getWindow() > 0)
    isSeen = arith::AndIOp::create(b, isSeen, within(run.last, b.addi(start, op.getWindow())));
  auto branch = scf::IfOp::create(b, isSeen, /*withElseRegion=*/true);
  for (bool masked : {false, true}) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(masked ? branch.elseBlock() : branch.thenBlock());
    forLines(run, [&](Value line) { emitWeights(run, line, block, masked); });
  }
  mergeSums(run, slot, [&](Value line) {
    return std::pair(b.loadVec(merges, {b.index(kNewMaxima), line}), b.loadVec(merges, {b.index(kNewSums), line}));
  });
  forTiles(run, [&](const Tile &tile) { emitValues(run, slot, tile, block); });
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

void AttentionKernel::emitScores(const RowRun &run, const Tile &tile, const Block &block) {
  int64_t vectors = vectorsAtOnce(tile.lines(), queries, kPagePositions);
  b.loop(b.index(0), seenBy(run, tile, block), vectors * kTileRows, [&](Value offset) {
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
      b.storeVec(sum, parts, {b.addi(firstLine(tile), i / vectors), b.addi(offset, i % vectors * kTileRows)});
  });
}

Value AttentionKernel::visible(Value position, const Block &block, int64_t offset) {
  SmallVector<int32_t> numbers;
  for (int64_t lane = 0; lane < kTileRows; ++lane)
    numbers.push_back(static_cast<int32_t>(offset + lane));
  Value lanes = arith::ConstantOp::create(b, DenseElementsAttr::get(b.vec(b.getI32Type()), ArrayRef<int32_t>(numbers)));
  // The row's position, and the last one before its window, as places in the block.
  Value start = arith::IndexCastOp::create(b, b.getI32Type(), b.muli(block.number, kPagePositions));
  Value last = b.broadcast(b.subi(position, start));
  Value seen = arith::CmpIOp::create(b, arith::CmpIPredicate::sle, lanes, last);
  if (op.getWindow() == 0)
    return seen;
  Value before = b.subi(last, b.constantLike(last, op.getWindow()));
  return arith::AndIOp::create(b, seen, arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, lanes, before));
}

void AttentionKernel::emitWeights(const RowRun &run, Value line, const Block &block, bool masked) {
  double scale = op.getScale().convertToDouble(), cap = op.getSoftcap().convertToDouble();
  SmallVector<Value> scores, masks;
  Value position = masked ? b.load(positions, b.addi(run.first, b.divu(line, group))) : Value();
  for (int64_t offset = 0; offset < kPagePositions; offset += kTileRows) {
    Value score = b.loadVec(parts, {line, b.index(offset)});
    if (cap > 0)
      score = b.mulf(b.splat(cap), b.tanh(b.divf(b.mulf(score, b.splat(scale)), b.splat(cap))));
    if (masked) {
      masks.push_back(visible(position, block, offset));
      score = arith::SelectOp::create(b, masks.back(), score, b.splat(kMasked));
    }
    scores.push_back(score);
  }
  Value greatest = b.maxf(b.maxf(scores[0], scores[1]), b.maxf(scores[2], scores[3]));
  // To the base 2, e^(scale * score) is 2^(unit * score).
  double unit = llvm::numbers::log2e * (cap > 0 ? 1.0 : scale);
  Value maximum = b.mulf(b.maxLanes(greatest), b.scalar(unit)), below = b.broadcast(b.subf(b.scalar(0.0), maximum));
  Value sums;
  for (auto [i, score] : llvm::enumerate(scores)) {
    Value weight = b.exp2OfNegative(b.fma(score, b.splat(unit), below));
    if (masked)
      weight = arith::SelectOp::create(b, masks[i], weight, b.splat(0.0));
    b.storeVec(weight, parts, {line, b.index(i * kTileRows)});
    sums = sums ? b.addf(sums, weight) : weight;
  }
  b.store(maximum, merges, {b.index(kNewMaxima), line});
  b.store(b.sumLanes(sums), merges, {b.index(kNewSums), line});
}

void AttentionKernel::emitValues(const RowRun &run, Slot slot, const Tile &tile, const Block &block) {
  if (layout.groups == 0)
    return emitValueColumns(run, slot, tile, block, b.index(0), b.index(headSize), firstLine(tile));
  Value firstScaled = b.addi(firstLine(tile), mostLines());
  b.loop(b.index(0), b.index(layout.groups), 1, [&](Value group) {
    b.loop(b.index(0), seenBy(run, tile, block), kTileRows, [&](Value offset) {
      Value factors = scales(block, 1, group, offset);
      for (int64_t line = 0; line < tile.lines(); ++line)
        b.storeVec(b.mulf(b.loadVec(parts, {b.addi(firstLine(tile), line), offset}), factors), parts,
                   {b.addi(firstScaled, line), offset});
    });
    Value begin = b.muli(group, layout.groupSize()), end = b.addi(begin, layout.groupSize());
    emitValueColumns(run, slot, tile, block, begin, end, firstScaled);
  });
}

void AttentionKernel::emitValueColumns(const RowRun &run, Slot slot, const Tile &tile, const Block &block, Value begin,
                                       Value end, Value firstPart) {
  int64_t lines = tile.lines(), vectors = vectorsAtOnce(lines, queries, layout.groupSize());
  Value seen = seenBy(run, tile, block);
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
                         [&](int64_t line) { return b.load(parts, {b.addi(firstPart, line), position}); });
    });
    for (int64_t line = 0; line < lines; ++line)
      for (int64_t v = 0; v < vectors; ++v)
        mergeValues(slot, b.addi(firstLine(tile), line), b.addi(d, v * kTileRows), sums[line * vectors + v]);
  });
}

void AttentionKernel::mergeSlot(const RowRun &run, Slot slot, Slot from) {
  mergeSums(run, slot, [&](Value line) { return std::pair(loadState(from, line), loadState(from, sumAt(line))); });
  forLines(run, [&](Value line) {
    b.loop(b.index(0), b.index(headSize), kTileRows,
           [&](Value d) { mergeValues(slot, line, d, loadState(from, valueAt(line, d))); });
  });
}

void AttentionKernel::finish(const RowRun &run, Slot slot, Value kvHead) {
  forLines(run, [&](Value line) {
    Value sum = b.broadcast(b.load(states, {slot.owner, slot.number, sumAt(line)}));
    Value row = b.addi(run.first, b.divu(line, group));
    int64_t kept = op.keptColumns(), whole = kept / kTileRows * kTileRows;
    Value column = b.addi(b.muli(kvHead, group * kept), b.muli(b.remu(line, group), kept));
    auto output = [&](Value d) { return b.divf(loadState(slot, valueAt(line, d)), sum); };
    b.loop(b.index(0), b.index(whole), kTileRows,
           [&](Value d) { b.storeVec(output(d), op.getDest(), {row, b.addi(column, d)}); });
    if (whole < kept) { // what follows belongs to the next head, perhaps another worker's
      Value last = vector::ExtractStridedSliceOp::create(b, output(b.index(whole)), ArrayRef<int64_t>{0},
                                                         ArrayRef<int64_t>{kept - whole}, ArrayRef<int64_t>{1});
      b.storeVec(last, op.getDest(), {row, b.addi(column, whole)});
    }
  });
}
