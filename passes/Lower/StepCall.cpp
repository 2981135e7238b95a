#include "passes/Lower/StepCall.h"

#include "trafo/artifact.h"

#include <cstddef>

using namespace mlir;

namespace {
/// Where an argument of trafo_step comes from: the offset of its field in trafo_step_t, or -1 for the worker's number.
struct StepArgument {
  int offset;
  bool isPointer;
};
constexpr StepArgument kStepArguments[] = {
    {offsetof(trafo_step_t, weights), true},
    {offsetof(trafo_step_t, arena), true},
    {offsetof(trafo_step_t, tokens), true},
    {offsetof(trafo_step_t, positions), true},
    {offsetof(trafo_step_t, sequences), true},
    {offsetof(trafo_step_t, outputs), true},
    {offsetof(trafo_step_t, pages), true},
    {offsetof(trafo_step_t, rows), false},
    {offsetof(trafo_step_t, output_count), false},
    {offsetof(trafo_step_t, workers), false},
    {-1, false},
    {offsetof(trafo_step_t, barrier), true},
    {offsetof(trafo_step_t, barrier_state), true},
    {offsetof(trafo_step_t, library), true},
};
} // namespace

LLVM::LLVMFuncOp trafo::findStep(ModuleOp module) {
  auto step = module.lookupSymbol<LLVM::LLVMFuncOp>("trafo_step");
  if (!step) {
    module.emitError("expects an llvm.func @trafo_step");
    return {};
  }
  LLVM::LLVMFunctionType type = step.getFunctionType();
  bool fits = type.getNumParams() == std::size(kStepArguments) && isa<LLVM::LLVMVoidType>(type.getReturnType());
  for (auto [param, argument] : llvm::zip(type.getParams(), kStepArguments))
    fits &= argument.isPointer ? isa<LLVM::LLVMPointerType>(param) : param.isInteger(64);
  if (fits)
    return step;
  step.emitError("expects 7 pointers, 4 i64 and 3 pointers as arguments of the step, got ") << type;
  return {};
}

void trafo::hideDefinitions(ModuleOp module) {
  for (auto func : module.getOps<LLVM::LLVMFuncOp>()) {
    if (func.isExternal())
      continue;
    func.setLinkage(LLVM::Linkage::Internal);
    func.setNoUnwind(true);
  }
  for (auto global : module.getOps<LLVM::GlobalOp>())
    if (global.getValueAttr() || !global.getInitializerRegion().empty())
      global.setLinkage(LLVM::Linkage::Internal);
}

Value trafo::emitFieldAddress(OpBuilder &b, Location loc, Value address, int offset) {
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  return LLVM::GEPOp::create(b, loc, pointer, b.getI8Type(), address, ArrayRef<LLVM::GEPArg>{offset});
}

void trafo::emitStepCall(OpBuilder &b, Location loc, LLVM::LLVMFuncOp step, Value stepStruct, Value worker) {
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  SmallVector<Value> arguments;
  for (const StepArgument &argument : kStepArguments) {
    if (argument.offset < 0) {
      arguments.push_back(worker);
      continue;
    }
    Type type = argument.isPointer ? Type(pointer) : Type(b.getI64Type());
    Value address = emitFieldAddress(b, loc, stepStruct, argument.offset);
    arguments.push_back(LLVM::LoadOp::create(b, loc, type, address, /*alignment=*/8));
  }
  LLVM::CallOp::create(b, loc, step, arguments);
}
