//===- DotProducts.cpp - what lowerings to dot product instructions share -===//
#include "passes/Contract/DotProducts.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace trafo;

Value trafo::intrinsic(VectorMath &b, StringRef name, Type result, ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, result, b.getStringAttr(name), operands).getResult(0);
}

Value trafo::spread(VectorMath &b, Value fourActivations, VectorType type) {
  auto words = b.vec(b.getI32Type(), type.getDimSize(0) / 4);
  return vector::BitCastOp::create(b, type, b.broadcast(fourActivations, words));
}

void trafo::fence(VectorMath &b, MutableArrayRef<Value> values, char registers) {
  if (values.size() < 2)
    return; // one row has nothing to interleave
  std::string constraints;
  SmallVector<Type> types;
  for (Value value : values) {
    constraints += {'=', registers, ','};
    types.push_back(value.getType());
  }
  for (size_t i = 0; i < values.size(); ++i)
    constraints += std::to_string(i) + ",";
  constraints += "~{memory}";
  auto result = LLVM::LLVMStructType::getLiteral(b.getContext(), types);
  auto point = LLVM::InlineAsmOp::create(b, result, ValueRange(values), /*asm_string=*/"", constraints,
                                         /*has_side_effects=*/true, /*is_align_stack=*/false, LLVM::TailCallKind::None,
                                         LLVM::AsmDialectAttr(), ArrayAttr());
  for (auto [i, value] : llvm::enumerate(values))
    value = LLVM::ExtractValueOp::create(b, point.getResult(0), i);
}
