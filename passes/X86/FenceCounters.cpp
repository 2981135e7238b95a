//===- FenceCounters.cpp - time stamps wait for what is before them -------===//
//
// The CPU reads its time counter out of order: while loads before it are on their way, or before a store another worker
// waits for. LFENCE before and after keeps the reading where it stands in the program (Intel's manual, volume 2, RDTSC;
// AMD's likewise where LFENCE is serializing, as operating systems set it). Always legal.
//
//===----------------------------------------------------------------------===//
#include "passes/X86/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace trafo {
#define GEN_PASS_DEF_FENCECOUNTERSPASS
#include "passes/X86/Passes.h.inc"
} // namespace trafo

using namespace mlir;

namespace {
struct FenceCountersPass : trafo::impl::FenceCountersPassBase<FenceCountersPass> {
  void runOnOperation() override {
    getOperation().walk([](LLVM::CallIntrinsicOp call) {
      if (call.getIntrin() != "llvm.readcyclecounter")
        return;
      OpBuilder builder(call);
      auto fence = builder.getStringAttr("llvm.x86.sse2.lfence");
      LLVM::CallIntrinsicOp::create(builder, call.getLoc(), fence, ValueRange{});
      builder.setInsertionPointAfter(call);
      LLVM::CallIntrinsicOp::create(builder, call.getLoc(), fence, ValueRange{});
    });
  }
};
} // namespace
