// Adds the kernel: the entry of trafo/artifact.h with a thread block for a worker.
#include "passes/Nvidia/Passes.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "passes/Lower/StepCall.h"

namespace trafo {
#define GEN_PASS_DEF_EMITKERNELPASS
#include "passes/Nvidia/Passes.h.inc"
} // namespace trafo

using namespace mlir;

namespace {
struct EmitKernelPass : trafo::impl::EmitKernelPassBase<EmitKernelPass> {
  void runOnOperation() override {
    LLVM::LLVMFuncOp step = trafo::findStep(getOperation()); // emit_kernel_k1
    if (!step)
      return signalPassFailure();
    trafo::hideDefinitions(getOperation());
    OpBuilder b = OpBuilder::atBlockEnd(getOperation().getBody());
    Location loc = step.getLoc();
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&getContext()),
                                            {LLVM::LLVMPointerType::get(&getContext())});
    auto kernel = LLVM::LLVMFuncOp::create(b, loc, "trafo_step_kernel", type, LLVM::Linkage::External);
    kernel.setNoUnwind(true);
    kernel->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), b.getUnitAttr());
    Block *body = kernel.addEntryBlock(b);
    b.setInsertionPointToStart(body);
    Value block = NVVM::BlockIdXOp::create(b, loc, b.getI32Type());
    Value worker = LLVM::ZExtOp::create(b, loc, b.getI64Type(), block);
    trafo::emitStepCall(b, loc, step, body->getArgument(0), worker);
    LLVM::ReturnOp::create(b, loc, ValueRange{});
  }
};
} // namespace
