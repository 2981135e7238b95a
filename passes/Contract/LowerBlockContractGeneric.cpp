//===- LowerBlockContractGeneric.cpp - block contractions on any machine --===//
//
// The op's definition spelled in vector arithmetic: codes are picked out column by column and multiplied by a scalar.
// Slow, and right everywhere; targets with a dot product of their own run before it, `trafo check` and machines without
// one run it alone.
//
//===----------------------------------------------------------------------===//
#include "passes/Contract/BlockContract.h"
#include "passes/Contract/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace trafo {
#define GEN_PASS_DEF_LOWERBLOCKCONTRACTGENERICPASS
#include "passes/Contract/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;
using plan::kTileRows;

namespace {

void lowerInt8(BlockContract &c) {
  VectorMath &b = c.b;
  VectorType wide = b.vec(b.getI32Type());
  SmallVector<Value> dots;
  for (int64_t group = 0; group < c.groups; ++group) {
    SmallVector<Value> sums(c.tokens, arith::ConstantOp::create(b, b.getZeroAttr(wide)));
    // 64 bytes of codes: four columns of 16 rows, or twice that where codes are split.
    int64_t steps = c.isSplit() ? 4 : 8;
    for (int64_t step = 0; step < steps; ++step) {
      Value bytes = c.codes(group, step * 64, 64);
      for (int64_t lane = 0; lane < 4; ++lane) {
        SmallVector<int64_t> picked;
        for (int64_t row = 0; row < kTileRows; ++row)
          picked.push_back(row * 4 + lane);
        Value column = vector::ShuffleOp::create(b, bytes, bytes, picked);
        auto accumulate = [&](Value codes, int64_t at) {
          for (int64_t token = 0; token < c.tokens; ++token) {
            Value a = b.load(c.op.getActs()[0], {b.addi(c.op.getRow(), token), b.addi(c.op.getColumn(), at)});
            Value factor = b.broadcast(arith::ExtSIOp::create(b, b.getI32Type(), a).getResult());
            sums[token] = b.addi(sums[token], b.muli(codes, factor));
          }
        };
        if (c.isSplit()) {
          Value unsignedCodes = arith::ExtUIOp::create(b, wide, column);
          accumulate(arith::AndIOp::create(b, unsignedCodes, b.constantLike(unsignedCodes, 15)), step * 8 + lane);
          accumulate(arith::ShRUIOp::create(b, unsignedCodes, b.constantLike(unsignedCodes, 4)), step * 8 + 4 + lane);
        } else {
          Value plain = arith::XOrIOp::create(b, column, b.constantLike(column, -128));
          accumulate(arith::ExtSIOp::create(b, wide, plain), step * 4 + lane);
        }
      }
    }
    for (int64_t token = 0; token < c.tokens; ++token) {
      if (c.format == Format::Q4_0)
        sums[token] = b.subi(sums[token], b.broadcast(b.muli(c.sumOfActivations(token), 8)));
      dots.push_back(sums[token]);
    }
  }
  c.finishInt8(dots);
}

struct LowerBlockContractGenericPass : trafo::impl::LowerBlockContractGenericPassBase<LowerBlockContractGenericPass> {
  void runOnOperation() override {
    SmallVector<plan::BlockContractOp> ops;
    getOperation().walk([&](plan::BlockContractOp op) { ops.push_back(op); });
    for (plan::BlockContractOp op : ops) {
      BlockContract contract(op);
      if (contract.isInt8())
        lowerInt8(contract);
      else
        contract.lowerFloat();
    }
  }
};
} // namespace
