//===- BlockContract.cpp - what every lowering of plan.block_contract shares ===//
#include "passes/Contract/BlockContract.h"

using namespace mlir;
using namespace trafo;
using plan::kTileRows;

BlockContract::BlockContract(plan::BlockContractOp op)
    : b(op.getLoc(), OpBuilder(op)), op(op), format(findFormat(std::string_view(op.getFormat()))->format),
      groups(op.getGroups()), tokens(op.getTokens()), split(format == Format::Q4_0 || format == Format::Q4_1),
      hasMin(formatInfo(format).hasMin()) {}

Value BlockContract::codes(int64_t group, int64_t at, int64_t bytes) {
  int64_t header = kTileRows * 2 * (hasMin ? 2 : 1);
  return b.loadVec(op.getWeights(), b.addi(tileOffset(group), header + at), b.vec(b.getI8Type(), bytes));
}

Value BlockContract::fourActivations(int64_t token, int64_t column) {
  // Codes of a row are bytes next to each other; a vector load keeps the access free of alignment.
  Value at = b.addi(op.getColumn(), column);
  Value bytes = b.loadVec(op.getActs()[0], {b.addi(op.getRow(), token), at}, b.vec(b.getI8Type(), 4));
  Value word = vector::BitCastOp::create(b, b.vec(b.getI32Type(), 1), bytes);
  return vector::ExtractOp::create(b, word, 0);
}

Value BlockContract::groupValue(int64_t buffer, int64_t token) {
  return b.load(op.getActs()[buffer], {b.addi(op.getRow(), token), b.divu(op.getColumn(), 32)});
}

Value BlockContract::loadAs(Type type, int64_t group, int64_t at, int64_t lanes) {
  int64_t bytes = lanes * type.getIntOrFloatBitWidth() / 8;
  Value raw = b.loadVec(op.getWeights(), b.addi(tileOffset(group), at), b.vec(b.getI8Type(), bytes));
  Value typed = vector::BitCastOp::create(b, b.vec(type, lanes), raw);
  return type.isF32() ? typed : arith::ExtFOp::create(b, b.vec(b.getF32Type(), lanes), typed).getResult();
}

Value BlockContract::finishRows(Value sum, Value dots, int64_t group, int64_t token, int64_t first, int64_t lanes) {
  VectorType type = b.vec(b.getF32Type(), lanes);
  if (hasMin) {
    Value minima = loadAs(b.getF16Type(), group, 2 * (kTileRows + first), lanes);
    sum = b.fma(minima, b.broadcast(groupValue(2, token), type), sum);
  }
  Value scales = loadAs(b.getF16Type(), group, 2 * first, lanes);
  Value exact = arith::SIToFPOp::create(b, type, dots);
  return b.fma(exact, b.mulf(scales, b.broadcast(groupValue(1, token), type)), sum);
}

void BlockContract::finishInt8(ArrayRef<Value> dots) {
  SmallVector<Value> results;
  for (int64_t group = 0; group < groups; ++group)
    for (int64_t token = 0; token < tokens; ++token) {
      int64_t at = group * tokens + token;
      results.push_back(finishRows(op.getSums()[at], dots[at], group, token, 0, kTileRows));
    }
  op.replaceAllUsesWith(results);
  op.erase();
}

void BlockContract::lowerFloat() {
  SmallVector<Value> results(op.getSums());
  Type type = format == Format::F32   ? Type(b.getF32Type())
              : format == Format::F16 ? Type(b.getF16Type())
                                      : Type(b.getBF16Type());
  int64_t columnBytes = kTileRows * type.getIntOrFloatBitWidth() / 8;
  for (int64_t column = 0; column < static_cast<int64_t>(op.getColumns()); ++column) {
    SmallVector<Value> inputs;
    for (int64_t token = 0; token < tokens; ++token)
      inputs.push_back(
          b.broadcast(b.load(op.getActs()[0], {b.addi(op.getRow(), token), b.addi(op.getColumn(), column)})));
    for (int64_t group = 0; group < groups; ++group) {
      Value weights = loadAs(type, group, column * columnBytes);
      for (int64_t token = 0; token < tokens; ++token)
        results[group * tokens + token] = b.fma(weights, inputs[token], results[group * tokens + token]);
    }
  }
  op.replaceAllUsesWith(results);
  op.erase();
}
