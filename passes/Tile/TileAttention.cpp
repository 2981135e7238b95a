//===- TileAttention.cpp - attention over pages with an online softmax ----===//
//
// Rows of a step that follow each other in one sequence are a run: they share keys and values (AttentionKernel.h). Blocks
// are the pages: 64 absolute positions, each with its own maximum, merged from the left (Milakov and Gimelshein 2018;
// Dao 2023, FlashAttention-2, section 3.1), so a row's result depends on its position alone.
//
// The work of a step is one line of KV heads x runs x pages, and each worker takes an equal piece of it. Where a run and
// head lies in several pieces, the worker that begins it merges its pages as they come, the others leave the state of
// each of theirs in a slot of its own, and whoever comes last merges those in the order of the pages. So bits do not
// depend on how many workers there are, and no barrier is needed.
//
//===----------------------------------------------------------------------===//
#include "passes/Tile/AttentionKernel.h"
#include "passes/Tile/Passes.h"
#include "passes/Tile/StoreCache.h"
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

class AttentionLowering {
public:
  AttentionLowering(plan::AttentionOp op, ConfigAttr config, plan::TargetAttr target)
      : op(op), b(op.getLoc(), OpBuilder(op)), args(b, config, op.getCache()), kernel(b, op, target, args.positions),
        rows(plan::RowsOp::create(b, b.getIndexType())) {
    auto self = plan::WorkerOp::create(b, b.getIndexType(), b.getIndexType());
    worker = self.getWorker();
    workers = self.getWorkers();
    int64_t most = config.getMaxWorkers();
    int64_t slots = plan::pagesSeen(op.getWindow(), kernel.mostRows(), config.getMaxContext());
    kernel.setStates(b.shared(kernel.statesName(slots), kernel.statesType(most, slots)));
    arrived = b.shared("attention_arrived", b.memref({most}, b.getI32Type()));
  }

  void run();

private:
  /// for all runs of the step, in order; `body` is given a value carried along.
  Value forRuns(Value init, llvm::function_ref<Value(const RowRun &run, Value carried)> body);
  /// A piece [from, to) of the pages of a run and head, whose first unit of work is `start`.
  void attend(const RowRun &run, Value kvHead, Value start, Value from, Value to);
  /// The run's first page that begins at unit `unit` of the work or after it, at most its last.
  Value pageAt(const RowRun &run, Value start, Value unit) {
    Value units = b.subi(arith::MaxUIOp::create(b, unit, start), start);
    return b.minu(b.addi(run.page, arith::CeilDivUIOp::create(b, units, run.count)), run.pageEnd);
  }
  Value shareBegin(Value ofWorker) { return arith::DivUIOp::create(b, b.muli(total, ofWorker), workers); }
  void ifThen(Value condition, llvm::function_ref<void()> body) {
    auto branch = scf::IfOp::create(b, condition, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    body();
  }
  Value compare(arith::CmpIPredicate how, Value x, Value y) { return arith::CmpIOp::create(b, how, x, y); }
  Value select(Value condition, Value x, Value y) { return arith::SelectOp::create(b, condition, x, y); }

  plan::AttentionOp op;
  VectorMath b;
  RowArguments args;
  AttentionKernel kernel;
  Value rows, worker, workers;
  Value arrived; // per worker: pages of the run and head it began that are merged or wait in their slots
  Value total;   // units of work of the step: a row of a run, a KV head, a page
};

Value AttentionLowering::forRuns(Value init, llvm::function_ref<Value(const RowRun &, Value)> body) {
  Type index = b.getIndexType();
  auto loop = scf::WhileOp::create(b, TypeRange{index, index}, ValueRange{b.index(0), init});
  OpBuilder::InsertionGuard guard(b);
  Block *before = b.createBlock(&loop.getBefore(), {}, {index, index}, {b.getLoc(), b.getLoc()});
  scf::ConditionOp::create(b, compare(arith::CmpIPredicate::ult, before->getArgument(0), rows), before->getArguments());
  Block *after = b.createBlock(&loop.getAfter(), {}, {index, index}, {b.getLoc(), b.getLoc()});
  Value first = after->getArgument(0), position = b.loadIndex(args.positions, first);
  Value sequence = b.load(args.sequences, first);
  Value most = b.minu(b.subi(rows, first), b.index(kernel.mostRows()));
  // Rows that follow in the same sequence; the least and the greatest position.
  SmallVector<Value> found =
      b.loop(b.index(1), most, 1, {b.index(1), position, position}, [&](Value i, ValueRange carried) {
        Value row = b.addi(first, i), at = b.loadIndex(args.positions, row);
        Value same = compare(arith::CmpIPredicate::eq, b.load(args.sequences, row), sequence);
        Value follows = arith::AndIOp::create(b, same, compare(arith::CmpIPredicate::eq, carried[0], i));
        return SmallVector<Value>{select(follows, b.addi(i, 1), carried[0]),
                                  select(follows, b.minu(carried[1], at), carried[1]),
                                  select(follows, arith::MaxUIOp::create(b, carried[2], at), carried[2])};
      });
  // Blocks wholly outside every row's window are left out; they would add exact zeros.
  Value page = b.index(0);
  if (op.getWindow() > 0) {
    Value window = b.index(op.getWindow());
    page = b.divu(b.subi(arith::MaxUIOp::create(b, b.addi(found[1], 1), window), window), kPagePositions);
  }
  RowRun run = {first,    found[0], arith::IndexCastOp::create(b, index, sequence), found[1],
                found[2], page,     b.addi(b.divu(found[2], kPagePositions), 1)};
  Value next = body(run, after->getArgument(1));
  scf::YieldOp::create(b, ValueRange{b.addi(first, run.count), next});
  return loop.getResult(1);
}

void AttentionLowering::attend(const RowRun &run, Value kvHead, Value start, Value from, Value to) {
  Value begins = compare(arith::CmpIPredicate::eq, from, run.page);
  // The worker in whose share the first unit lies: begin = total * worker / workers, rounded down.
  Value owner = arith::DivUIOp::create(b, b.subi(b.muli(b.addi(start, 1), workers), b.index(1)), total);
  AttentionKernel::Slot merged = {owner, b.index(0)};
  b.loop(from, to, 1, [&](Value block) {
    AttentionKernel::Slot slot = {owner, select(begins, merged.number, b.subi(block, run.page))};
    Value follows = arith::AndIOp::create(b, begins, compare(arith::CmpIPredicate::ne, block, from));
    ifThen(arith::XOrIOp::create(b, follows, b.constantLike(follows, 1)), [&] { kernel.reset(run, slot); });
    auto pageOf = [&](Value number) { return args.pageOf(b, run.sequence, number); };
    Value next = b.minu(b.addi(block, 1), b.subi(run.pageEnd, b.index(1)));
    kernel.mergeBlock(run, slot, {kvHead, block, pageOf(block), pageOf(next)});
  });

  Value all = b.subi(run.pageEnd, run.page), mine = b.subi(to, from);
  Value isWhole = compare(arith::CmpIPredicate::eq, mine, all);
  auto complete = scf::IfOp::create(b, TypeRange{isWhole.getType()}, isWhole, /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(complete.thenBlock());
    scf::YieldOp::create(b, isWhole);
    b.setInsertionPointToStart(complete.elseBlock());
    // Acquires and releases, so that the last to come sees what the others have stored.
    Value pages = arith::IndexCastOp::create(b, b.getI32Type(), mine);
    Value before = memref::AtomicRMWOp::create(b, b.getI32Type(), arith::AtomicRMWKind::addi, pages, arrived, owner);
    Value now = arith::IndexCastOp::create(b, b.getIndexType(), b.addi(before, pages));
    Value isLast = compare(arith::CmpIPredicate::eq, now, all);
    ifThen(isLast, [&] {
      b.store(b.constantLike(pages, 0), arrived, owner);
      b.loop(pageAt(run, start, shareBegin(b.addi(owner, 1))), run.pageEnd, 1,
             [&](Value block) { kernel.mergeSlot(run, merged, {owner, b.subi(block, run.page)}); });
    });
    scf::YieldOp::create(b, isLast);
  }
  ifThen(complete.getResult(0), [&] { kernel.finish(run, merged, kvHead); });
}

void AttentionLowering::run() {
  auto unitsOf = [&](const RowRun &run) { return b.muli(b.subi(run.pageEnd, run.page), run.count); };
  Value ofHead = forRuns(b.index(0), [&](const RowRun &run, Value sum) { return b.addi(sum, unitsOf(run)); });
  total = b.muli(ofHead, op.getKvHeads());
  Value begin = shareBegin(worker), end = shareBegin(b.addi(worker, 1));
  b.loop(b.index(0), b.index(op.getKvHeads()), 1, [&](Value kvHead) {
    forRuns(b.muli(kvHead, ofHead), [&](const RowRun &run, Value start) {
      Value from = pageAt(run, start, begin), to = pageAt(run, start, end);
      ifThen(compare(arith::CmpIPredicate::ult, from, to), [&] { attend(run, kvHead, start, from, to); });
      return b.addi(start, unitsOf(run));
    });
  });
  op.erase();
}

struct TileAttentionPass : trafo::impl::TileAttentionPassBase<TileAttentionPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<plan::KVStoreOp> stores;
    SmallVector<plan::KVQuantizeOp> quantizes;
    SmallVector<plan::AttentionOp> attentions;
    module.walk([&](plan::KVStoreOp op) { stores.push_back(op); });
    module.walk([&](plan::KVQuantizeOp op) { quantizes.push_back(op); });
    module.walk([&](plan::AttentionOp op) { attentions.push_back(op); });
    if (stores.empty() && quantizes.empty() && attentions.empty())
      return;
    FailureOr<ConfigAttr> config = configOf(module);
    FailureOr<plan::TargetAttr> target = plan::targetOf(module);
    if (failed(config) || failed(target))
      return signalPassFailure();
    for (plan::AttentionOp op : attentions)
      if (op.getScale().convertToDouble() <= 0) { // the greatest score is not that of the greatest product
        op.emitOpError("expects a positive scale, got ") << op.getScale().convertToDouble();
        return signalPassFailure();
      }
    for (plan::KVStoreOp op : stores)
      lowerStore(op, *config);
    for (plan::KVQuantizeOp op : quantizes)
      lowerQuantize(op, *config);
    for (plan::AttentionOp op : attentions)
      AttentionLowering(op, *config, *target).run();
  }
};
} // namespace
