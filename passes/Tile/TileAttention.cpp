//===- TileAttention.cpp - attention over pages with an online softmax ----===//
//
// One unit is one row of the step and one KV head; the query heads that share it go through the pages together, so that
// keys and values are read once for all of them. Blocks are the pages: 64 absolute positions, each with its own
// maximum, merged from the left (Milakov and Gimelshein 2018; Dao 2023, FlashAttention-2, section 3.1), so a row's
// result depends on its position alone. Keys lie [head size][64], so 16 positions are one vector and scores need no
// sums over lanes; values lie [64][head size].
//
// Units are dealt to the workers in turns: later rows see more positions, and neighbours cost alike.
//
//===----------------------------------------------------------------------===//
#include "passes/Tile/Passes.h"
#include "passes/Tile/VectorMath.h"
#include "passes/Tile/WeightLayouts.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace trafo {
#define GEN_PASS_DEF_TILEATTENTIONPASS
#include "passes/Tile/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;
using plan::kPagePositions;
using plan::kTileRows;

namespace {

constexpr double kMasked = -1.0e30;
constexpr int64_t kHeadsAtOnce = 4; // query heads whose sums stay in registers together

/// The arrays that lead from a row to its page.
struct RowArguments {
  Value positions, sequences, pages;
  RowArguments(VectorMath &b, ModuleOp module) {
    auto config = module->getAttrOfType<ConfigAttr>("trafo.config");
    auto rows = b.memref({config.getMaxRows()}, b.getI32Type());
    positions = plan::ArgOp::create(b, rows, "positions");
    sequences = plan::ArgOp::create(b, rows, "sequences");
    auto table = b.memref({config.getMaxSequences(), config.getMaxContext() / kPagePositions}, b.getI32Type());
    pages = plan::ArgOp::create(b, table, "pages");
  }
};

void lowerStore(plan::KVStoreOp op, ModuleOp module) {
  VectorMath b(op.getLoc(), OpBuilder(op));
  RowArguments args(b, module);
  int64_t headSize = op.getHeadSize();
  Value position = b.loadIndex(args.positions, op.getRow());
  Value sequence = b.loadIndex(args.sequences, op.getRow());
  Value page = b.loadIndex(args.pages, {sequence, b.divu(position, kPagePositions)});
  Value slot = b.remu(position, kPagePositions);
  Value head = b.divu(op.getElement(), headSize), first = b.remu(op.getElement(), headSize);
  Type element = cast<MemRefType>(op.getCache().getType()).getElementType();
  // A value beyond the format's range would be infinite, and infinity times a zero weight is not a number.
  double limit = APFloat::getLargest(cast<FloatType>(element).getFloatSemantics()).convertToDouble();
  Value stored = b.narrow(b.minf(b.maxf(op.getValue(), b.splat(-limit)), b.splat(limit)), element);
  Value part = b.index(op.getIsKey() ? 0 : 1);
  if (op.getIsKey()) {
    for (int64_t lane = 0; lane < kTileRows; ++lane) {
      Value at = b.addi(b.muli(b.addi(first, lane), kPagePositions), slot);
      b.store(vector::ExtractOp::create(b, stored, lane), op.getCache(), {op.getLayer(), page, head, part, at});
    }
  } else {
    Value at = b.addi(b.muli(slot, headSize), first);
    b.storeVec(stored, op.getCache(), {op.getLayer(), page, head, part, at});
  }
  op.erase();
}

class AttentionLowering {
public:
  AttentionLowering(plan::AttentionOp op, ModuleOp module)
      : op(op), b(op.getLoc(), OpBuilder(op)), args(b, module), headSize(op.getHeadSize()),
        group(op.getHeads() / op.getKvHeads()) {}

  void run();

private:
  /// Scores of up to kHeadsAtOnce heads for one block, softmax weights into the scratch, merge into the outputs.
  void emitBlock(Value row, Value kvHead, Value position, Value page, Value block, int64_t firstHead, int64_t heads);
  Value keyOrValue(Value page, Value kvHead, int64_t part, Value at) {
    return b.widen(b.loadVec(op.getCache(), {op.getLayer(), page, kvHead, b.index(part), at}));
  }
  // The scratch of a head: [0, 64) weights, [64, 80) maximum, [80, 96) sum (in every lane), then the output.
  Value at(int64_t column) { return b.index(column); }
  static constexpr int64_t kMaximum = kPagePositions, kSum = kMaximum + kTileRows, kOutput = kSum + kTileRows;

  plan::AttentionOp op;
  VectorMath b;
  RowArguments args;
  int64_t headSize, group;
};

void AttentionLowering::emitBlock(Value row, Value kvHead, Value position, Value page, Value block, int64_t firstHead,
                                  int64_t heads) {
  Value zero = b.index(0), scratch = op.getScratch();
  Value start = b.muli(block, kPagePositions);
  // Positions of the block that the row sees: [0, seen).
  Value seen = b.minu(b.subi(b.addi(position, 1), start), b.index(kPagePositions));
  Value queryColumn = b.addi(b.muli(kvHead, group * headSize), firstHead * headSize);

  // Scores, 16 positions at a time; vectors wholly past the row's position are left out.
  Value lanes = arith::ConstantOp::create(
      b, DenseElementsAttr::get(b.vec(b.getI32Type()),
                                ArrayRef<int32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}));
  Value last = b.broadcast(arith::IndexCastOp::create(b, b.getI32Type(), position));
  SmallVector<Value> low(heads, b.splat(kMasked));
  SmallVector<Value> maxima = b.loop(zero, seen, kTileRows, low, [&](Value offset, ValueRange carried) {
    SmallVector<Value> none(heads, b.splat(0.0));
    SmallVector<Value> scores = b.loop(zero, b.index(headSize), 4, none, [&](Value d, ValueRange sums) {
      SmallVector<Value> next(sums);
      for (int64_t step = 0; step < 4; ++step) {
        Value element = b.addi(d, step);
        Value key = keyOrValue(page, kvHead, 0, b.addi(b.muli(element, kPagePositions), offset));
        for (int64_t head = 0; head < heads; ++head) {
          Value q = b.load(op.getQuery(), {row, b.addi(queryColumn, b.addi(element, head * headSize))});
          next[head] = b.fma(key, b.broadcast(q), next[head]);
        }
      }
      return next;
    });
    Value first = b.addi(start, offset);
    Value at = b.addi(b.broadcast(arith::IndexCastOp::create(b, b.getI32Type(), first).getResult()), lanes);
    Value visible = arith::CmpIOp::create(b, arith::CmpIPredicate::sle, at, last);
    if (op.getWindow() > 0) {
      Value bound = b.subi(last, b.constantLike(last, op.getWindow()));
      visible = arith::AndIOp::create(b, visible, arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, at, bound));
    }
    SmallVector<Value> next;
    for (int64_t head = 0; head < heads; ++head) {
      Value s = b.mulf(scores[head], b.splat(op.getScale().convertToDouble()));
      if (double cap = op.getSoftcap().convertToDouble(); cap > 0)
        s = b.mulf(b.splat(cap), b.tanh(b.divf(s, b.splat(cap))));
      s = arith::SelectOp::create(b, visible, s, b.splat(kMasked));
      b.storeVec(s, scratch, {b.index(firstHead + head), offset});
      next.push_back(b.maxf(carried[head], s));
    }
    return next;
  });

  SmallVector<Value> blockMaxima, blockSums;
  for (int64_t head = 0; head < heads; ++head)
    blockMaxima.push_back(b.broadcast(b.maxLanes(maxima[head])));
  // Weights relative to the block's maximum. Masked scores become exact zeros.
  SmallVector<Value> none(heads, b.splat(0.0));
  SmallVector<Value> sums = b.loop(zero, seen, kTileRows, none, [&](Value offset, ValueRange carried) {
    SmallVector<Value> next;
    for (int64_t head = 0; head < heads; ++head) {
      Value where = b.index(firstHead + head);
      Value s = b.loadVec(scratch, {where, offset});
      Value masked = arith::CmpFOp::create(b, arith::CmpFPredicate::OLE, s, b.splat(kMasked));
      Value p = arith::SelectOp::create(b, masked, b.splat(0.0), b.exp(b.subf(s, blockMaxima[head])));
      b.storeVec(p, scratch, {where, offset});
      next.push_back(b.addf(carried[head], p));
    }
    return next;
  });

  // Merge: both sides are brought to the greater maximum.
  SmallVector<Value> oldFactor, newFactor;
  for (int64_t head = 0; head < heads; ++head) {
    Value where = b.index(firstHead + head);
    Value before = b.loadVec(scratch, {where, at(kMaximum)}), sumBefore = b.loadVec(scratch, {where, at(kSum)});
    Value both = b.maxf(before, blockMaxima[head]);
    oldFactor.push_back(b.exp(b.subf(before, both)));
    newFactor.push_back(b.exp(b.subf(blockMaxima[head], both)));
    Value sum = b.broadcast(b.sumLanes(sums[head]));
    b.storeVec(both, scratch, {where, at(kMaximum)});
    b.storeVec(b.fma(sum, newFactor.back(), b.mulf(sumBefore, oldFactor.back())), scratch, {where, at(kSum)});
  }
  b.loop(zero, b.index(headSize), kTileRows, [&](Value d) {
    SmallVector<Value> outputs = b.loop(zero, seen, 1, none, [&](Value p, ValueRange carried) {
      Value value = keyOrValue(page, kvHead, 1, b.addi(b.muli(p, headSize), d));
      SmallVector<Value> next;
      for (int64_t head = 0; head < heads; ++head) {
        Value w = b.load(scratch, {b.index(firstHead + head), p});
        next.push_back(b.fma(value, b.broadcast(w), carried[head]));
      }
      return next;
    });
    for (int64_t head = 0; head < heads; ++head) {
      Value where = b.index(firstHead + head), column = b.addi(d, kOutput);
      Value before = b.loadVec(scratch, {where, column});
      b.storeVec(b.fma(outputs[head], newFactor[head], b.mulf(before, oldFactor[head])), scratch, {where, column});
    }
  });
}

void AttentionLowering::run() {
  int64_t kvHeads = op.getKvHeads();
  Value zero = b.index(0), scratch = op.getScratch();
  Value units = b.muli(plan::RowsOp::create(b, b.getIndexType()), kvHeads);
  auto worker = plan::WorkerOp::create(b, b.getIndexType(), b.getIndexType());
  auto loop = scf::ForOp::create(b, worker.getWorker(), units, worker.getWorkers());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value unit = loop.getInductionVar();
  Value row = b.divu(unit, kvHeads), kvHead = b.remu(unit, kvHeads);
  Value position = b.loadIndex(args.positions, row), sequence = b.loadIndex(args.sequences, row);

  for (int64_t head = 0; head < group; ++head) {
    b.storeVec(b.splat(kMasked), scratch, {b.index(head), at(kMaximum)});
    b.storeVec(b.splat(0.0), scratch, {b.index(head), at(kSum)});
    b.loop(zero, b.index(headSize), kTileRows,
           [&](Value d) { b.storeVec(b.splat(0.0), scratch, {b.index(head), b.addi(d, kOutput)}); });
  }
  // Blocks wholly outside the window are skipped; they would add exact zeros.
  Value firstBlock = zero;
  if (op.getWindow() > 0) {
    Value past = b.addi(position, 1);
    Value start = b.subi(arith::MaxUIOp::create(b, past, b.index(op.getWindow())), b.index(op.getWindow()));
    firstBlock = b.divu(start, kPagePositions);
  }
  Value endBlock = b.addi(b.divu(position, kPagePositions), 1);
  b.loop(firstBlock, endBlock, 1, [&](Value block) {
    Value page = b.loadIndex(args.pages, {sequence, block});
    for (int64_t head = 0; head < group; head += kHeadsAtOnce)
      emitBlock(row, kvHead, position, page, block, head, std::min(kHeadsAtOnce, group - head));
  });
  for (int64_t head = 0; head < group; ++head) {
    Value sum = b.loadVec(scratch, {b.index(head), at(kSum)});
    Value column = b.addi(b.muli(kvHead, group * headSize), head * headSize);
    b.loop(zero, b.index(headSize), kTileRows, [&](Value d) {
      Value output = b.loadVec(scratch, {b.index(head), b.addi(d, kOutput)});
      b.storeVec(b.divf(output, sum), op.getDest(), {row, b.addi(column, d)});
    });
  }
  op.erase();
}

struct TileAttentionPass : trafo::impl::TileAttentionPassBase<TileAttentionPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<plan::KVStoreOp> stores;
    SmallVector<plan::AttentionOp> attentions;
    module.walk([&](plan::KVStoreOp op) { stores.push_back(op); });
    module.walk([&](plan::AttentionOp op) { attentions.push_back(op); });
    for (plan::KVStoreOp op : stores)
      lowerStore(op, module);
    for (plan::AttentionOp op : attentions)
      AttentionLowering(op, module).run();
  }
};
} // namespace
