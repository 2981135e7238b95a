// Adds trafo_step_entry and trafo_model_query (trafo/artifact.h) and gives everything else internal linkage. The query
// takes the entry's address relative to the instruction pointer, so the image has no dynamic relocation.
#include "passes/Lower/Passes.h"

#include "passes/Lower/StepCall.h"
#include "trafo/artifact.h"

#include <cstddef>

namespace trafo {
#define GEN_PASS_DEF_EMITENTRYPASS
#include "passes/Lower/Passes.h.inc"
} // namespace trafo

using namespace mlir;

static void emitStepEntry(ModuleOp module, LLVM::LLVMFuncOp step) {
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  Location loc = step.getLoc();
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()), {pointer, b.getI64Type()});
  auto entry = LLVM::LLVMFuncOp::create(b, loc, "trafo_step_entry", type, LLVM::Linkage::Internal);
  entry.setNoUnwind(true);
  Block *body = entry.addEntryBlock(b);
  b.setInsertionPointToStart(body);
  trafo::emitStepCall(b, loc, step, body->getArgument(0), body->getArgument(1));
  LLVM::ReturnOp::create(b, loc, ValueRange{});
}

static void emitQuery(ModuleOp module) {
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  Location loc = module.getLoc();
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto type = LLVM::LLVMFunctionType::get(b.getI32Type(), {b.getI32Type(), pointer});
  auto query = LLVM::LLVMFuncOp::create(b, loc, "trafo_model_query", type, LLVM::Linkage::External);
  query.setNoUnwind(true);
  Block *start = query.addEntryBlock(b);
  Block *older = b.createBlock(&query.getBody());
  Block *fill = b.createBlock(&query.getBody());
  auto constant = [&](int32_t value) {
    return LLVM::ConstantOp::create(b, loc, b.getI32Type(), b.getI32IntegerAttr(value));
  };

  b.setInsertionPointToStart(start);
  Value isOlder =
      LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::ult, start->getArgument(0), constant(TRAFO_ABI_VERSION));
  LLVM::CondBrOp::create(b, loc, isOlder, older, fill);

  b.setInsertionPointToStart(older);
  LLVM::ReturnOp::create(b, loc, ValueRange{constant(1)});

  b.setInsertionPointToStart(fill);
  Value code = start->getArgument(1);
  Value version = trafo::emitFieldAddress(b, loc, code, offsetof(trafo_code_t, abi_version));
  LLVM::StoreOp::create(b, loc, constant(TRAFO_ABI_VERSION), version, /*alignment=*/4);
  if (auto calls = module.lookupSymbol<LLVM::GlobalOp>(trafo::kMatmulsGlobal)) {
    int64_t words = cast<LLVM::LLVMArrayType>(calls.getGlobalType()).getNumElements();
    Value count = constant(static_cast<int32_t>(words * sizeof(int64_t) / sizeof(trafo_matmul_t)));
    LLVM::StoreOp::create(b, loc, count, trafo::emitFieldAddress(b, loc, code, offsetof(trafo_code_t, matmul_count)),
                          /*alignment=*/4);
    Value table = LLVM::AddressOfOp::create(b, loc, calls);
    LLVM::StoreOp::create(b, loc, table, trafo::emitFieldAddress(b, loc, code, offsetof(trafo_code_t, matmuls)), 8);
  }
  Value entry = LLVM::AddressOfOp::create(b, loc, pointer, "trafo_step_entry");
  LLVM::StoreOp::create(b, loc, entry, trafo::emitFieldAddress(b, loc, code, offsetof(trafo_code_t, step)), 8);
  LLVM::ReturnOp::create(b, loc, ValueRange{constant(0)});
}

namespace {
struct EmitEntryPass : trafo::impl::EmitEntryPassBase<EmitEntryPass> {
  void runOnOperation() override {
    LLVM::LLVMFuncOp step = trafo::findStep(getOperation()); // emit_entry_e1
    if (!step)
      return signalPassFailure();
    trafo::hideDefinitions(getOperation());
    emitStepEntry(getOperation(), step);
    emitQuery(getOperation());
  }
};
} // namespace
