#ifndef TRAFO_PASSES_NVIDIA_PASSES_TD
#define TRAFO_PASSES_NVIDIA_PASSES_TD

include "mlir/Pass/PassBase.td"

def LowerGridBarrierPass : Pass<"trafo-lower-grid-barrier", "::mlir::ModuleOp"> {
  let summary = "plan.barrier becomes a barrier of all thread blocks of the launch";
  let description = [{
    The barrier's state is two u32 in global memory, both 0 before the first launch: blocks that arrived, and an epoch.
    A block reads the epoch, counts itself, and waits until the epoch has moved on; the last block to arrive resets the
    count and moves it. Arrival is acq_rel and the wait acquires, at device scope, so everything before is visible to
    everything after. The function operand is not used.

    Blocks wait for each other: all must be resident, which a cooperative launch guarantees. A block has one thread.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect",
                           "::mlir::arith::ArithDialect"];
}

def EmitKernelPass : Pass<"trafo-emit-kernel", "::mlir::ModuleOp"> {
  let summary = "adds the kernel trafo_step_kernel and hides all other functions";
  let description = [{
    `trafo_step_kernel(%step: !llvm.ptr)`: `%step` is a `trafo_step_t` in device memory with device pointers;
    `barrier_state` is the state of trafo-lower-grid-barrier. The worker's number is the number of the thread block,
    `workers` is the step's field and must be the number of blocks launched.

    K1: the module has an `llvm.func @trafo_step` of 7 pointers, 4 i64 and 3 pointers.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect"];
}

#endif
