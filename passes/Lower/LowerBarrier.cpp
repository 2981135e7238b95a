// Turns plan.barrier into an indirect call. Legal everywhere: the call is opaque, so it orders all memory accesses.
#include "passes/Lower/Passes.h"

#include "dialects/Plan/IR/PlanOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"

namespace trafo {
#define GEN_PASS_DEF_LOWERBARRIERPASS
#include "passes/Lower/Passes.h.inc"
} // namespace trafo

using namespace mlir;

namespace {
struct LowerBarrierPass : trafo::impl::LowerBarrierPassBase<LowerBarrierPass> {
  void runOnOperation() override {
    auto pointer = LLVM::LLVMPointerType::get(&getContext());
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&getContext()), {pointer});
    getOperation().walk([&](trafo::plan::BarrierOp barrier) {
      if (barrier.getCall().empty()) { // lower_barrier_e1
        barrier.emitOpError("has no operands; expects those trafo-tile gives it");
        return signalPassFailure();
      }
      OpBuilder builder(barrier);
      LLVM::CallOp::create(builder, barrier.getLoc(), type, barrier.getCall());
      barrier.erase();
    });
  }
};
} // namespace
