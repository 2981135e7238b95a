//===- LowerBlockContractX86.cpp - block contractions by x86 dot products -===//
//
// Integer sums are exact, so what may differ between machines is only how they are made. Registers decide the shape:
//
// AVX2 has 16 of 32 bytes. Half a tile (8 rows) is taken at a time for all rows of the step; the int16 sums of 4-bit
// codes cannot overflow within a block, so widening to int32 costs one vpmaddwd a block instead of one a step.
// AVX-512 VNNI has 32 of 64 bytes; one vpdpbusd does four columns of 16 rows, its activation operand a broadcast from
// memory. High nibbles are multiplied where they stand and the sum shifted back, which is exact.
//
//===----------------------------------------------------------------------===//
#include "passes/X86/DotProducts.h"
#include "passes/X86/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace trafo {
#define GEN_PASS_DEF_LOWERBLOCKCONTRACTX86PASS
#include "passes/X86/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;
using plan::kTileRows;

namespace {

/// v of 16-bit lanes shifted right by 4, then masked to the low nibble of each byte.
Value highNibbles(VectorMath &b, Value bytes) {
  auto type = cast<VectorType>(bytes.getType());
  auto halves = VectorType::get({type.getDimSize(0) / 2}, b.getI16Type());
  Value wide = vector::BitCastOp::create(b, halves, bytes);
  Value shifted = vector::BitCastOp::create(b, type, arith::ShRUIOp::create(b, wide, b.constantLike(wide, 4)));
  return arith::AndIOp::create(b, shifted, b.constantLike(bytes, 15));
}
Value lowNibbles(VectorMath &b, Value bytes) { return arith::AndIOp::create(b, bytes, b.constantLike(bytes, 15)); }

void lowerMaddubs(BlockContract &c) {
  VectorMath &b = c.b;
  constexpr int64_t kHalf = kTileRows / 2;
  auto bytes = b.vec(b.getI8Type(), 32);
  auto words = b.vec(b.getI16Type(), 16);
  auto ints = b.vec(b.getI32Type(), kHalf);
  Value zeroWords = arith::ConstantOp::create(b, b.getZeroAttr(words)),
        zeroInts = arith::ConstantOp::create(b, b.getZeroAttr(ints));
  Value ones = b.constantLike(zeroWords, 1);
  auto maddubs = [&](Value unsignedBytes, Value signedBytes) {
    return intrinsic(b, "llvm.x86.avx2.pmadd.ub.sw", words, {unsignedBytes, signedBytes});
  };
  auto widen = [&](Value v) { return intrinsic(b, "llvm.x86.avx2.pmadd.wd", ints, {v, ones}); };

  SmallVector<Value> results;
  c.prefetchBlocks();
  for (int64_t group = 0; group < c.groups; ++group) {
    SmallVector<Value> halves[2];
    for (int64_t half = 0; half < 2; ++half) {
      SmallVector<Value> dots(c.tokens, c.isSplit() ? zeroWords : zeroInts);
      for (int64_t step = 0; step < (c.isSplit() ? 4 : 8); ++step) {
        Value stored = c.codes(group, step * 64 + half * 32, 32);
        if (c.isSplit()) {
          Value low = lowNibbles(b, stored), high = highNibbles(b, stored);
          for (int64_t token = 0; token < c.tokens; ++token) {
            dots[token] = b.addi(dots[token], maddubs(low, spread(b, c.fourActivations(token, step * 8), bytes)));
            dots[token] = b.addi(dots[token], maddubs(high, spread(b, c.fourActivations(token, step * 8 + 4), bytes)));
          }
        } else {
          Value codes = arith::XOrIOp::create(b, stored, b.constantLike(stored, -128));
          Value magnitude = math::AbsIOp::create(b, codes);
          for (int64_t token = 0; token < c.tokens; ++token) {
            Value acts = spread(b, c.fourActivations(token, step * 4), bytes);
            Value turned = intrinsic(b, "llvm.x86.avx2.psign.b", bytes, {acts, codes});
            dots[token] = b.addi(dots[token], widen(maddubs(magnitude, turned)));
          }
        }
        fence(b, dots);
      }
      for (int64_t token = 0; token < c.tokens; ++token) {
        Value exact = c.isSplit() ? widen(dots[token]) : dots[token];
        if (c.format == Format::Q4_0) {
          Value pair = vector::BitCastOp::create(b, words, b.broadcast(c.pairOfSums(token), ints));
          exact = b.addi(exact, intrinsic(b, "llvm.x86.avx2.pmadd.wd", ints, {pair, b.constantLike(pair, -8)}));
        }
        SmallVector<int64_t> rows;
        for (int64_t row = 0; row < kHalf; ++row)
          rows.push_back(half * kHalf + row);
        Value before = c.op.getSums()[group * c.tokens + token];
        Value sum = vector::ShuffleOp::create(b, before, before, rows);
        halves[half].push_back(c.finishRows(sum, exact, group, token, half * kHalf, kHalf));
      }
      fence(b, halves[half]);
    }
    SmallVector<int64_t> joined;
    for (int64_t row = 0; row < kTileRows; ++row)
      joined.push_back(row);
    for (int64_t token = 0; token < c.tokens; ++token)
      results.push_back(vector::ShuffleOp::create(b, halves[0][token], halves[1][token], joined));
  }
  c.op.replaceAllUsesWith(results);
  c.op.erase();
}

void lowerVpdpbusd(BlockContract &c) {
  VectorMath &b = c.b;
  auto bytes = b.vec(b.getI8Type(), 64);
  auto ints = b.vec(b.getI32Type());
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(ints));
  auto dot = [&](Value sum, Value codes, int64_t token, int64_t column) {
    Value acts = spread(b, c.fourActivations(token, column), bytes);
    return intrinsic(b, "llvm.x86.avx512.vpdpbusd.512", ints, {sum, codes, acts});
  };
  SmallVector<Value> dots;
  c.prefetchBlocks();
  for (int64_t group = 0; group < c.groups; ++group) {
    // The low nibbles' (or whole codes') sums of each row of the step, then the high nibbles'.
    SmallVector<Value> sums(c.isSplit() ? 2 * c.tokens : c.tokens, zero);
    if (c.isBiased())
      for (int64_t token = 0; token < c.tokens; ++token)
        sums[token] = b.broadcast(b.muli(c.sumOfActivations(token), -128));
    for (int64_t step = 0; step < (c.isSplit() ? 4 : 8); ++step) {
      Value stored = c.codes(group, step * 64, 64);
      Value low = c.isSplit() ? lowNibbles(b, stored) : stored;
      Value high = c.isSplit() ? arith::AndIOp::create(b, stored, b.constantLike(stored, -16)).getResult() : Value();
      for (int64_t token = 0; token < c.tokens; ++token) {
        sums[token] = dot(sums[token], low, token, c.isSplit() ? step * 8 : step * 4);
        if (high)
          sums[c.tokens + token] = dot(sums[c.tokens + token], high, token, step * 8 + 4);
      }
      if (c.tokens > 1)
        fence(b, sums);
    }
    for (int64_t token = 0; token < c.tokens; ++token) {
      Value sum = sums[token];
      if (c.isSplit()) // 16 times the high nibbles' sum, so the shift is exact
        sum = b.addi(sum, arith::ShRSIOp::create(b, sums[c.tokens + token], b.constantLike(sum, 4)).getResult());
      if (c.format == Format::Q4_0)
        sum = b.subi(sum, b.broadcast(b.muli(c.sumOfActivations(token), 8)));
      dots.push_back(sum);
    }
  }
  c.finishInt8(dots);
}

/// Formats whose groups are a block and whose codes are one piece are taken here; the rest by GroupDots.
bool hasOwnShape(const BlockContract &c) {
  return !c.info().isSuper() && !c.info().codebook && (c.isSplit() || c.isBiased());
}

struct LowerBlockContractX86Pass : trafo::impl::LowerBlockContractX86PassBase<LowerBlockContractX86Pass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto target = module->getAttrOfType<plan::TargetAttr>(plan::kTargetAttr);
    if (!target) {
      module.emitError("expects the module attribute plan.target");
      return signalPassFailure();
    }
    SmallVector<plan::BlockContractOp> ops;
    module.walk([&](plan::BlockContractOp op) { ops.push_back(op); });
    for (plan::BlockContractOp op : ops) {
      BlockContract contract(op);
      if (!contract.isInt8())
        contract.lowerFloat();
      else if (target.getDot() == plan::DotKind::Maddubs)
        hasOwnShape(contract) ? lowerMaddubs(contract) : contractGroups(contract, *maddubsDots(contract));
      else if (target.getDot() == plan::DotKind::Vpdpbusd)
        hasOwnShape(contract) ? lowerVpdpbusd(contract) : contractGroups(contract, *vpdpbusdDots(contract));
    }
  }
};
} // namespace
