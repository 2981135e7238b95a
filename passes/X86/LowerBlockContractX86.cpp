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
#include "passes/Contract/BlockContract.h"
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

Value intrinsic(VectorMath &b, StringRef name, Type result, ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, result, b.getStringAttr(name), operands).getResult(0);
}

/// Four activations of a token in every 4 bytes of `type` (i8 lanes).
Value spread(VectorMath &b, Value fourActivations, VectorType type) {
  auto words = b.vec(b.getI32Type(), type.getDimSize(0) / 4);
  return vector::BitCastOp::create(b, type, b.broadcast(fourActivations, words));
}

/// v of 16-bit lanes shifted right by 4, then masked to the low nibble of each byte.
Value highNibbles(VectorMath &b, Value bytes) {
  auto type = cast<VectorType>(bytes.getType());
  auto halves = VectorType::get({type.getDimSize(0) / 2}, b.getI16Type());
  Value wide = vector::BitCastOp::create(b, halves, bytes);
  Value shifted = vector::BitCastOp::create(b, type, arith::ShRUIOp::create(b, wide, b.constantLike(wide, 4)));
  return arith::AndIOp::create(b, shifted, b.constantLike(bytes, 15));
}
Value lowNibbles(VectorMath &b, Value bytes) { return arith::AndIOp::create(b, bytes, b.constantLike(bytes, 15)); }

/// The same values, computed here: nothing moves over this point, so what is live at once stays what the loops below
/// mean it to be. Left alone, LLVM sums token by token and keeps a block's unpacked codes on the stack (88 spills in 323
/// instructions for four rows of q4_1). Emits no instruction.
void fence(VectorMath &b, MutableArrayRef<Value> values) {
  if (values.size() < 2)
    return; // one row has nothing to interleave
  std::string constraints;
  SmallVector<Type> types;
  for (Value value : values) {
    constraints += "=v,";
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
        if (c.format == Format::Q4_0)
          exact = b.subi(exact, b.broadcast(b.muli(c.sumOfActivations(token), 8), ints));
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
        lowerMaddubs(contract);
      else if (target.getDot() == plan::DotKind::Vpdpbusd)
        lowerVpdpbusd(contract);
    }
  }
};
} // namespace
