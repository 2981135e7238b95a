//===- DotProducts.cpp - what x86 dot products are made of ----------------===//
#include "passes/X86/DotProducts.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace trafo;

static constexpr int64_t kBias = 128;

Value trafo::onStack(BlockContract &c, ArrayRef<int64_t> shape, Type element) {
  MemRefType type = c.b.memref(shape, element);
  Block &entry = c.op->getParentOfType<FunctionOpInterface>().getFunctionBody().front();
  for (auto buffer : entry.getOps<memref::AllocaOp>())
    if (buffer.getType() == type)
      return buffer;
  OpBuilder::InsertionGuard guard(c.b);
  c.b.setInsertionPointToStart(&entry);
  return memref::AllocaOp::create(c.b, type, c.b.getI64IntegerAttr(64));
}

int64_t trafo::fieldExcess(BlockContract &c) { return c.isBiased() || c.info().codebook ? kBias : -c.info().codeMin; }

Value trafo::unsignedFields(BlockContract &c, Value fields) {
  if (!c.info().codebook)
    return fields;
  auto bytes = cast<VectorType>(fields.getType());
  SmallVector<int8_t> biased;
  for (int i = 0; i < 64; ++i)
    biased.push_back(static_cast<int8_t>((*c.info().codebook)[i % 16] ^ -kBias));
  Value table = arith::ConstantOp::create(c.b, DenseElementsAttr::get(bytes, ArrayRef<int8_t>(biased)));
  return intrinsic(c.b, "llvm.x86.avx512.pshuf.b.512", bytes, {table, fields});
}
