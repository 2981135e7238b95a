//===- LowerBlockContractX86.cpp - block contractions by x86 dot products -===//
//
// Integer sums are exact, so what may differ between machines is only how they are made. Registers decide the shape:
//
// AVX2 has 16 of 32 bytes: the sums of a tile's two halves (8 rows each) for four rows of the step, the codes they meet
// and one broadcast activation, which serves both halves. The int16 sums of 4-bit codes cannot overflow within a block, so
// widening to int32 costs one vpmaddwd a block instead of one a step. The f32 sums wait in memory. Where the block is the
// row there are none: int32 sums stay in registers over all columns. Activations of two digits meet bytes as words, by
// vpmaddwd: a product for both digits, where each digit alone would take three instructions and not two.
// AVX-512 VNNI has 32 of 64 bytes; one vpdpbusd does four columns of 16 rows, and a broadcast activation serves as many
// tiles as are taken together.
// AMX has tiles: one instruction does 32 columns of 16 rows for 16 rows of the step; fewer of them go through VNNI, but for
// bf16, whose sums tiles round. Tiles are of int8 or of bf16: LLVM 22 runs out of tile registers where a function has both.
//
//===----------------------------------------------------------------------===//
#include "passes/X86/DotProducts.h"
#include "passes/X86/Passes.h"

#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace trafo {
#define GEN_PASS_DEF_LOWERBLOCKCONTRACTX86PASS
#include "passes/X86/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;
using plan::kTileRows;

namespace {

constexpr int64_t kFewTokens = 4; // as many take longer to bring through tiles than vectors take to multiply

/// v of 16-bit lanes shifted right by 4, then masked to the low nibble of each byte.
Value highNibbles(VectorMath &b, Value bytes) {
  auto type = cast<VectorType>(bytes.getType());
  auto halves = VectorType::get({type.getDimSize(0) / 2}, b.getI16Type());
  Value wide = vector::BitCastOp::create(b, halves, bytes);
  Value shifted = vector::BitCastOp::create(b, type, arith::ShRUIOp::create(b, wide, b.constantLike(wide, 4)));
  return arith::AndIOp::create(b, shifted, b.constantLike(bytes, 15));
}
Value lowNibbles(VectorMath &b, Value bytes) { return arith::AndIOp::create(b, bytes, b.constantLike(bytes, 15)); }

constexpr int64_t kHalf = kTileRows / 2;

/// The float part of a tile that is summed by halves: `exactOf` gives the exact sums of the digits (or codes) of the token
/// that begin at a row of the step.
void appendFinished(BlockContract &c, int64_t tile, SmallVectorImpl<Value> &results,
                    llvm::function_ref<SmallVector<Value>(int64_t half, int64_t row)> exactOf) {
  VectorMath &b = c.b;
  SmallVector<Value> finished;
  for (int64_t half = 0; half < 2; ++half) {
    auto rows = llvm::to_vector(llvm::seq(half * kHalf, (half + 1) * kHalf));
    for (int64_t row = 0; row < c.tokens; row += c.terms) {
      SmallVector<Value> exact = exactOf(half, row);
      Value before = c.op.getSums()[tile * c.results + row / c.terms];
      Value sum = vector::ShuffleOp::create(b, before, before, rows);
      finished.push_back(c.finishRows(sum, exact, tile, row, half * kHalf, kHalf));
    }
  }
  auto joined = llvm::to_vector(llvm::seq<int64_t>(0, kTileRows));
  for (int64_t token = 0; token < c.results; ++token)
    results.push_back(vector::ShuffleOp::create(b, finished[token], finished[c.results + token], joined));
}

void lowerMaddubs(BlockContract &c) {
  VectorMath &b = c.b;
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
    // Sums of token t and half h of the tile at 2 * t + h.
    SmallVector<Value> zeros(2 * c.tokens, c.isSplit() ? zeroWords : zeroInts);
    SmallVector<Value> dots = c.overGroups(zeros, [&](Value columns, ValueRange carried) {
      SmallVector<Value> dots(carried);
      if (columns)
        c.prefetchShare(group, columns);
      for (int64_t step = 0; step < (c.isSplit() ? 4 : 8); ++step) {
        // What stays in registers while the tokens pass by: both halves' low nibbles and high nibbles, or codes and
        // magnitudes.
        SmallVector<Value> first, second;
        for (int64_t half = 0; half < 2; ++half) {
          Value stored = c.codes(group, step * 64 + half * 32, 32, columns);
          Value codes = arith::XOrIOp::create(b, stored, b.constantLike(stored, -128));
          first.push_back(c.isSplit() ? lowNibbles(b, stored) : codes);
          second.push_back(c.isSplit() ? highNibbles(b, stored) : math::AbsIOp::create(b, codes).getResult());
        }
        auto each = [&](int64_t column, llvm::function_ref<Value(int64_t half, Value acts)> product) {
          for (int64_t token = 0; token < c.tokens; ++token) {
            Value acts = spread(b, c.fourActivations(token, column, columns), bytes);
            for (int64_t half = 0; half < 2; ++half) {
              Value &dot = dots[2 * token + half];
              dot = b.addi(dot, product(half, acts));
            }
          }
          fence(b, dots);
        };
        if (c.isSplit()) {
          each(step * 8, [&](int64_t half, Value acts) { return maddubs(first[half], acts); });
          each(step * 8 + 4, [&](int64_t half, Value acts) { return maddubs(second[half], acts); });
        } else {
          each(step * 4, [&](int64_t half, Value acts) {
            return widen(maddubs(second[half], intrinsic(b, "llvm.x86.avx2.psign.b", bytes, {acts, first[half]})));
          });
        }
      }
      return dots;
    });
    appendFinished(c, group, results, [&](int64_t half, int64_t token) {
      SmallVector<Value> digits;
      for (int64_t row = token; row < token + c.terms; ++row) {
        Value exact = c.isSplit() ? widen(dots[2 * row + half]) : dots[2 * row + half];
        if (c.format == Format::Q4_0) {
          Value pair = vector::BitCastOp::create(b, words, b.broadcast(c.pairOfSums(row), ints));
          exact = b.addi(exact, intrinsic(b, "llvm.x86.avx2.pmadd.wd", ints, {pair, b.constantLike(pair, -8)}));
        }
        digits.push_back(exact);
      }
      return digits;
    });
  }
  c.op.replaceAllUsesWith(results);
  c.op.erase();
}

void lowerWords(BlockContract &c) {
  VectorMath &b = c.b;
  auto words = b.vec(b.getI16Type(), 16);
  auto ints = b.vec(b.getI32Type(), kHalf);
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(ints));
  SmallVector<Value> results;
  c.prefetchBlocks();
  for (int64_t group = 0; group < c.groups; ++group) {
    SmallVector<Value> dots(2 * c.results, zero); // of token t and half h of the tile at 2 * t + h
    for (int64_t step = 0; step < 8; ++step) {
      // Bytes are stored 128 above the codes, so they are widened without their sign: even columns, then odd ones.
      SmallVector<Value> widened[2];
      for (int64_t half = 0; half < 2; ++half) {
        Value stored = vector::BitCastOp::create(b, words, c.codes(group, step * 64 + half * 32, 32));
        widened[0].push_back(arith::AndIOp::create(b, stored, b.constantLike(stored, 255)));
        widened[1].push_back(arith::ShRUIOp::create(b, stored, b.constantLike(stored, 8)));
      }
      for (int64_t odd = 0; odd < 2; ++odd) {
        for (int64_t token = 0; token < c.results; ++token) {
          Value acts = b.broadcast(c.pairOfWords(token * c.terms, step, odd), ints);
          acts = vector::BitCastOp::create(b, words, acts);
          for (int64_t half = 0; half < 2; ++half) {
            Value &dot = dots[2 * token + half];
            dot = b.addi(dot, intrinsic(b, "llvm.x86.avx2.pmadd.wd", ints, {widened[odd][half], acts}));
          }
        }
        fence(b, dots);
      }
    }
    appendFinished(c, group, results, [&](int64_t half, int64_t row) -> SmallVector<Value> {
      Value excess = b.broadcast(c.sumOfWords(row), ints);
      excess = arith::ShLIOp::create(b, excess, b.constantLike(excess, 7));
      return {b.subi(dots[2 * (row / c.terms) + half], excess)};
    });
  }
  c.op.replaceAllUsesWith(results);
  c.op.erase();
}

void lowerVpdpbusd(BlockContract &c) {
  VectorMath &b = c.b;
  auto bytes = b.vec(b.getI8Type(), 64);
  auto ints = b.vec(b.getI32Type());
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(ints));
  c.prefetchBlocks();
  // One row has registers to spare: the high nibbles are summed where they stand, 16 times too large, and shifted once.
  bool apart = c.isSplit() && c.tokens == 1;
  int64_t count = c.groups * c.tokens;
  SmallVector<Value> sums(count, zero), highSums(apart ? count : 0, zero);
  if (c.isBiased())
    for (int64_t i = 0; i < count; ++i)
      sums[i] = b.broadcast(b.muli(c.sumOfBlock(i % c.tokens), -128));
  // An activation is broadcast once for all tiles.
  auto accumulate = [&](SmallVector<Value> &into, ArrayRef<Value> codes, int64_t column, Value columns) {
    for (int64_t token = 0; token < c.tokens; ++token) {
      Value acts = spread(b, c.fourActivations(token, column, columns), bytes);
      for (int64_t group = 0; group < c.groups; ++group) {
        Value &sum = into[group * c.tokens + token];
        sum = intrinsic(b, "llvm.x86.avx512.vpdpbusd.512", ints, {sum, codes[group], acts});
      }
    }
    if (c.tokens > 1)
      fence(b, into);
  };
  sums = c.overGroups(sums, [&](Value columns, ValueRange carried) {
    SmallVector<Value> sums(carried);
    for (int64_t group = 0; columns && group < c.groups; ++group)
      c.prefetchShare(group, columns);
    for (int64_t step = 0; step < (c.isSplit() ? 4 : 8); ++step) {
      SmallVector<Value> codes, high;
      for (int64_t group = 0; group < c.groups; ++group) {
        Value stored = c.codes(group, step * 64, 64, columns);
        codes.push_back(c.isSplit() ? lowNibbles(b, stored) : stored);
        if (apart)
          high.push_back(arith::AndIOp::create(b, stored, b.constantLike(stored, -16)));
        else if (c.isSplit())
          high.push_back(highNibbles(b, stored));
      }
      accumulate(sums, codes, c.isSplit() ? step * 8 : step * 4, columns);
      if (c.isSplit())
        accumulate(apart ? highSums : sums, high, step * 8 + 4, columns);
    }
    return sums;
  });
  SmallVector<Value> dots;
  for (int64_t i = 0; i < count; ++i) {
    Value sum = sums[i];
    if (apart)
      sum = b.addi(sum, arith::ShRSIOp::create(b, highSums[i], b.constantLike(sum, 4)).getResult());
    if (c.format == Format::Q4_0)
      sum = b.subi(sum, b.broadcast(b.muli(c.sumOfActivations(i % c.tokens), 8)));
    dots.push_back(sum);
  }
  c.finishInt8(dots);
}

/// Formats whose groups are a block and whose codes are one piece are taken here; the rest by GroupDots.
bool hasOwnShape(const BlockContract &c) {
  return !c.info().isSuper() && !c.info().codebook && (c.isSplit() || c.isBiased());
}

struct LowerBlockContractX86Pass : trafo::impl::LowerBlockContractX86PassBase<LowerBlockContractX86Pass> {
  void runOnOperation() override {
    FailureOr<plan::TargetAttr> target = plan::targetOf(getOperation());
    if (failed(target))
      return signalPassFailure();
    plan::DotKind dot = target->getDot();
    bool hasVnni = llvm::is_contained({plan::DotKind::Vpdpbusd, plan::DotKind::Tdpbsud, plan::DotKind::Tdpbf16ps}, dot);
    auto lowerInt8 = [&](BlockContract &contract) {
      if (dot == plan::DotKind::Maddubs && contract.terms > 1 && contract.isBiased())
        lowerWords(contract);
      else if (dot == plan::DotKind::Maddubs)
        hasOwnShape(contract) ? lowerMaddubs(contract) : contractGroups(contract, *maddubsDots(contract));
      else if (dot == plan::DotKind::Tdpbsud && contract.tokens > kFewTokens)
        contractGroups(contract, *tileDots(contract));
      else if (hasVnni)
        hasOwnShape(contract) ? lowerVpdpbusd(contract) : contractGroups(contract, *vpdpbusdDots(contract));
    };
    lowerBlockContracts(getOperation(), lowerInt8, [&](BlockContract &contract) {
      if (dot == plan::DotKind::Tdpbf16ps)
        tileProducts(contract);
    });
    pipelineTileLoops(getOperation());
  }
};
} // namespace
