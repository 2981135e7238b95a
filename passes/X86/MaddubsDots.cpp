//===- MaddubsDots.cpp - exact dots of groups by vpmaddubsw ---------------===//
//
// AVX2: 8 rows a vector. vpmaddubsw adds pairs of products in 16 bits, and so many steps are added there as cannot
// overflow (at most 127 in magnitude is an activation, `greatestField` a field). vpmaddwd then widens: multiplied with the
// rows' integer scales instead of ones, it scales for nothing. What fields are stored above their codes (8, 16, 32) is
// taken off by the sums of the activations.
//
// Codebooks are looked up by vpshufb. Their values fill a signed byte, so magnitudes meet activations that carry the sign,
// a step at a time: 2 * 127 * 127 is the most 16 bits hold.
//
//===----------------------------------------------------------------------===//
#include "passes/Contract/PlanarCodes.h"
#include "passes/X86/DotProducts.h"

using namespace mlir;
using namespace trafo;

namespace {
class MaddubsDots final : public GroupDots {
public:
  explicit MaddubsDots(BlockContract &c)
      : GroupDots(c), bytes(b.vec(b.getI8Type(), 32)), words(b.vec(b.getI16Type(), 16)),
        ints(b.vec(b.getI32Type(), 8)) {}

  int64_t rowsAtOnce() const override { return 8; }

  SmallVector<Value> dots(TileRows rows, Value group) override {
    SmallVector<Value> scales = pairsOfScales(rows, group);
    SmallVector<Value> sums = startOf(rows, group);
    PlanarCodes codes(c, rows, group);
    if (c.info().codebook)
      addLookedUp(codes, group, scales, sums);
    else
      addFields(codes, group, scales, sums);
    return sums;
  }

private:
  Value maddubs(Value unsignedBytes, Value signedBytes) {
    return intrinsic(b, "llvm.x86.avx2.pmadd.ub.sw", words, {unsignedBytes, signedBytes});
  }
  Value maddwd(Value x, Value y) { return intrinsic(b, "llvm.x86.avx2.pmadd.wd", ints, {x, y}); }
  Value activations(int64_t token, int64_t step, Value group) {
    return spread(b, c.fourActivations(token, step * 4, group), bytes);
  }
  static void addTo(VectorMath &b, Value &sum, Value v) { sum = sum ? b.addi(sum, v) : v; }

  /// i16: x's and y's rows in turns.
  Value interleaved(Value x, Value y) {
    SmallVector<int64_t> turns;
    for (int64_t row = 0; row < 8; ++row)
      turns.append({row, row + 8});
    return arith::ExtSIOp::create(b, words, vector::ShuffleOp::create(b, x, y, turns));
  }

  /// For each scale group of 32 columns the factor of both of a row's pair sums.
  SmallVector<Value> pairsOfScales(TileRows rows, Value group) {
    SmallVector<Value> scales;
    for (int64_t half = 0; half < halves(); ++half) {
      if (!c.info().isSuper()) {
        scales.push_back(arith::ConstantOp::create(b, DenseElementsAttr::get(words, APInt(16, 1))));
        continue;
      }
      Value bytes = groupScales(c, rows, group, half);
      scales.push_back(interleaved(bytes, bytes));
    }
    return scales;
  }

  /// What codes less than their fields take off: scales * codeMin * sums of activations; nothing where they are equal.
  SmallVector<Value> startOf(TileRows rows, Value group) {
    int64_t least = c.info().codeMin;
    if (least == 0 || c.info().codebook)
      return SmallVector<Value>(c.tokens);
    Value factors = arith::ConstantOp::create(b, DenseElementsAttr::get(words, APInt(16, least, /*isSigned=*/true)));
    if (c.info().isSuper())
      factors = b.muli(factors, interleaved(groupScales(c, rows, group, 0), groupScales(c, rows, group, halves() - 1)));
    SmallVector<Value> sums;
    for (int64_t token = 0; token < c.tokens; ++token) {
      Value pairs = b.broadcast(c.pairOfSums(token, group), ints);
      sums.push_back(maddwd(factors, vector::BitCastOp::create(b, words, pairs)));
    }
    return sums;
  }

  void addFields(PlanarCodes &codes, Value group, ArrayRef<Value> scales, SmallVector<Value> &sums) {
    int64_t run = std::min(stepsPerHalf(), 32767 / (2 * 127 * greatestField(c.info())));
    while (stepsPerHalf() % run != 0)
      --run;
    SmallVector<Value> words(c.tokens);
    for (int64_t step = 0; step < 8; ++step) {
      Value fields = codes.step(step);
      for (int64_t token = 0; token < c.tokens; ++token) {
        addTo(b, words[token], maddubs(fields, activations(token, step, group)));
        if ((step + 1) % run == 0)
          addTo(b, sums[token], maddwd(std::exchange(words[token], Value()), scales[step / stepsPerHalf()]));
      }
      fence(b, words[0] ? words : sums);
    }
  }

  void addLookedUp(PlanarCodes &codes, Value group, ArrayRef<Value> scales, SmallVector<Value> &sums) {
    SmallVector<int8_t> twice;
    for (int i = 0; i < 32; ++i)
      twice.push_back((*c.info().codebook)[i % 16]);
    Value table = arith::ConstantOp::create(b, DenseElementsAttr::get(bytes, ArrayRef<int8_t>(twice)));
    for (int64_t step = 0; step < 8; ++step) {
      Value values = intrinsic(b, "llvm.x86.avx2.pshuf.b", bytes, {table, codes.step(step)});
      Value magnitudes = math::AbsIOp::create(b, values);
      for (int64_t token = 0; token < c.tokens; ++token) {
        Value turned = intrinsic(b, "llvm.x86.avx2.psign.b", bytes, {activations(token, step, group), values});
        addTo(b, sums[token], maddwd(maddubs(magnitudes, turned), scales[step / stepsPerHalf()]));
      }
      fence(b, sums);
    }
  }

  VectorType bytes, words, ints;
};
} // namespace

std::unique_ptr<GroupDots> trafo::maddubsDots(BlockContract &c) { return std::make_unique<MaddubsDots>(c); }
