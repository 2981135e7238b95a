//===- StoreCache.cpp - keys and values into the KV cache -----------------===//
//
// Floats go to the cache as they are summed, 16 elements at a time. Codes share a scale with others of their head, perhaps
// another worker's: workers count what they have stored of a head, and the last to come makes the head's codes. So there
// are as many barriers as for floats.
//
//===----------------------------------------------------------------------===//
#include "passes/Tile/StoreCache.h"

using namespace mlir;
using namespace trafo;
using plan::kPagePositions;
using plan::kTileRows;

RowArguments::RowArguments(VectorMath &b, ConfigAttr config, Value cache) {
  auto rows = b.memref({config.getMaxRows()}, b.getI32Type());
  positions = plan::ArgOp::create(b, rows, "positions");
  sequences = plan::ArgOp::create(b, rows, "sequences");
  auto module = b.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  SmallVector<plan::BufferOp> pools = plan::cachePools(module);
  auto *own = llvm::find(pools, plan::bufferOf(cache));
  if (own != pools.end())
    firstRow = (own - pools.begin()) * config.getMaxSequences();
  pages = plan::ArgOp::create(b, plan::pageTables(module, config), "pages");
}

Value RowArguments::pageOf(VectorMath &b, Value sequence, Value number) const {
  return b.loadIndex(pages, {firstRow > 0 ? b.addi(sequence, firstRow) : sequence, number});
}

RowArguments::Cell RowArguments::cellOf(VectorMath &b, Value row) const {
  Value position = b.loadIndex(positions, row);
  Value sequence = b.loadIndex(sequences, row);
  return {pageOf(b, sequence, b.divu(position, kPagePositions)), b.remu(position, kPagePositions)};
}

/// What is not finite becomes the nearest bound of `format`, what is no number the lower: zero times infinity or
/// not-a-number is not zero, and rows meet positions they do not see with weight zero. (maxnum without flags: the operand
/// that is a number.)
static Value finite(VectorMath &b, Value x, FloatType format) {
  double limit = APFloat::getLargest(format.getFloatSemantics()).convertToDouble();
  return b.minf(arith::MaxNumFOp::create(b, x, b.splat(-limit)), b.splat(limit));
}

/// 16 elements of a head's k or v, from `first` on, to `cell`.
static void storeElements(VectorMath &b, Value elements, Value cache, Value layer, const RowArguments::Cell &cell,
                          Value head, Value first, int64_t headSize, bool isKey) {
  Value part = b.index(isKey ? 0 : 1);
  if (!isKey) {
    b.storeVec(elements, cache, {layer, cell.page, head, part, b.addi(b.muli(cell.slot, headSize), first)});
    return;
  }
  for (int64_t lane = 0; lane < kTileRows; ++lane) {
    Value at = b.addi(b.muli(b.addi(first, lane), kPagePositions), cell.slot);
    b.store(vector::ExtractOp::create(b, elements, lane), cache, {layer, cell.page, head, part, at});
  }
}

void trafo::lowerStore(plan::KVStoreOp op, ConfigAttr config) {
  VectorMath b(op.getLoc(), OpBuilder(op));
  RowArguments args(b, config, op.getCache());
  int64_t headSize = op.getHeadSize();
  auto element = cast<FloatType>(cast<MemRefType>(op.getCache().getType()).getElementType());
  Value stored = b.narrow(finite(b, op.getValue(), element), element);
  storeElements(b, stored, op.getCache(), op.getLayer(), args.cellOf(b, op.getRow()), b.divu(op.getElement(), headSize),
                b.remu(op.getElement(), headSize), headSize, op.getIsKey());
  op.erase();
}

/// Codes and scale of elements [from, from + group size) of `head`, of which `column` is the first in a row of the source.
static void quantizeGroup(VectorMath &b, plan::KVQuantizeOp op, const plan::CacheLayout &layout, Value row,
                          Value column, Value head, Value group, const RowArguments::Cell &cell) {
  Value from = b.muli(group, layout.groupSize()), zero = b.index(0), size = b.index(layout.groupSize());
  auto load = [&](Value at) {
    return finite(b, b.loadVec(op.getSource(), {row, b.addi(b.addi(column, from), at)}), b.getF32Type());
  };
  Value greatest = b.loop(zero, size, kTileRows, {b.splat(0.0)}, [&](Value at, ValueRange carried) {
    return SmallVector<Value>{b.maxf(carried[0], math::AbsFOp::create(b, load(at)))};
  })[0];
  Value scale = b.divf(b.maxLanes(greatest), b.scalar(127.0));
  Value isZero = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, scale, b.scalar(0.0));
  Value divisor = b.broadcast(arith::SelectOp::create(b, isZero, b.scalar(1.0), scale));
  b.loop(zero, size, kTileRows, [&](Value at) {
    Value rounded = math::RoundEvenOp::create(b, b.divf(load(at), divisor));
    // A scale that is no normal number has few bits: quotients go beyond 127.
    Value bounded = b.minf(b.maxf(rounded, b.splat(-127.0)), b.splat(127.0));
    Value codes =
        arith::TruncIOp::create(b, b.vec(b.getI8Type()), arith::FPToSIOp::create(b, b.vec(b.getI32Type()), bounded));
    storeElements(b, codes, op.getCache(), op.getLayer(), cell, head, b.addi(from, at), layout.headSize, op.getIsKey());
  });
  Value bytes = vector::BitCastOp::create(b, b.vec(b.getI8Type(), 4), b.broadcast(scale, b.vec(b.getF32Type(), 1)));
  Value index = b.addi(b.muli(group, kPagePositions), cell.slot);
  b.storeVec(
      bytes, op.getCache(),
      {op.getLayer(), cell.page, head, b.index(op.getIsKey() ? 0 : 1), b.addi(b.muli(index, 4), layout.codes())});
}

void trafo::lowerQuantize(plan::KVQuantizeOp op, ConfigAttr config) {
  VectorMath b(op.getLoc(), OpBuilder(op));
  RowArguments args(b, config, op.getCache());
  int64_t heads = cast<MemRefType>(op.getCache().getType()).getDimSize(2), units = op.getHeadSize() / kTileRows;
  plan::CacheLayout layout = *plan::cacheLayout(op.getCache().getType(), heads, op.getHeadSize());
  // Units that are stored, of each head of keys and of values.
  Value arrived = b.shared("kv_arrived", b.memref({2, heads}, b.getI32Type()));
  Value part = b.index(op.getIsKey() ? 0 : 1), rows = plan::RowsOp::create(b, b.getIndexType());
  Value begin = op.getBegin(), end = op.getEnd(), last = arith::CeilDivUIOp::create(b, end, b.index(units));
  b.loop(b.divu(begin, units), last, 1, [&](Value head) {
    Value first = b.muli(head, units);
    Value from = arith::MaxUIOp::create(b, begin, first), to = b.minu(end, b.addi(first, units));
    Value mine = arith::IndexCastOp::create(b, b.getI32Type(), b.subi(to, from));
    // Acquires and releases, so that the last to come sees what the others have stored.
    Value before = memref::AtomicRMWOp::create(b, b.getI32Type(), arith::AtomicRMWKind::addi, mine, arrived,
                                               ValueRange{part, head});
    Value now = b.addi(before, mine);
    Value complete = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, now, b.constantLike(now, units));
    Value some = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, from, to); // an empty share completes nothing
    auto branch = scf::IfOp::create(b, arith::AndIOp::create(b, complete, some), /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    b.store(b.constantLike(now, 0), arrived, {part, head});
    b.loop(b.index(0), rows, 1, [&](Value row) {
      RowArguments::Cell cell = args.cellOf(b, row);
      b.loop(b.index(0), b.index(layout.groups), 1,
             [&](Value group) { quantizeGroup(b, op, layout, row, b.muli(head, layout.headSize), head, group, cell); });
    });
  });
  op.erase();
}
