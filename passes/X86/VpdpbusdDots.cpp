//===- VpdpbusdDots.cpp - exact dots of groups by vpdpbusd ----------------===//
//
// AVX-512 VNNI: 16 rows a vector, four columns an instruction, sums in 32 bits. Fields (and codebooks, looked up 128 above
// their values) are unsigned; the sums start from what that is too much.
//
//===----------------------------------------------------------------------===//
#include "passes/Contract/PlanarCodes.h"
#include "passes/X86/DotProducts.h"

using namespace mlir;
using namespace trafo;

namespace {
class VpdpbusdDots final : public GroupDots {
public:
  explicit VpdpbusdDots(BlockContract &c)
      : GroupDots(c), bytes(b.vec(b.getI8Type(), 64)), ints(b.vec(b.getI32Type(), 16)) {}

  int64_t rowsAtOnce() const override { return 16; }

  SmallVector<Value> dots(TileRows rows, Value group) override {
    PlanarCodes codes(c, rows, group);
    SmallVector<Value> results(c.tokens);
    for (int64_t half = 0; half < halves(); ++half) {
      SmallVector<Value> sums;
      for (int64_t token = 0; token < c.tokens; ++token)
        sums.push_back(startOf(token, half, group));
      for (int64_t step = half * stepsPerHalf(); step < (half + 1) * stepsPerHalf(); ++step) {
        Value fields = unsignedFields(c, codes.step(step));
        for (int64_t token = 0; token < c.tokens; ++token) {
          Value acts = spread(b, c.fourActivations(token, step * 4, group), bytes);
          sums[token] = intrinsic(b, "llvm.x86.avx512.vpdpbusd.512", ints, {sums[token], fields, acts});
        }
        fence(b, sums);
      }
      Value scales;
      if (c.info().isSuper())
        scales = arith::ExtSIOp::create(b, ints, groupScales(c, rows, group, half));
      for (auto [result, sum] : llvm::zip(results, sums)) {
        Value scaled = scales ? b.muli(scales, sum) : sum;
        result = result ? b.addi(result, scaled) : scaled;
      }
    }
    return results;
  }

private:
  /// Broadcast: what a field is more than its code, times the sum of the activations.
  Value startOf(int64_t token, int64_t half, Value group) {
    int64_t excess = fieldExcess(c);
    if (excess == 0)
      return arith::ConstantOp::create(b, b.getZeroAttr(ints));
    Value sum = c.sumOf16(token, half, group);
    if (halves() == 1)
      sum = b.addi(sum, c.sumOf16(token, 1, group));
    return b.broadcast(b.muli(sum, -excess), ints);
  }

  VectorType bytes, ints;
};
} // namespace

std::unique_ptr<GroupDots> trafo::vpdpbusdDots(BlockContract &c) { return std::make_unique<VpdpbusdDots>(c); }
