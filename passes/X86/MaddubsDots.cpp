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

  SmallVector<Value> minima(TileRows rows, Value group) override {
    return timesSums(inTurns(rows, group, 0, 1, ScaleKind::Minimum), group);
  }

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

  /// i16: a row's factors of two of the group's halves, next to each other.
  Value inTurns(TileRows rows, Value group, int64_t first, int64_t second, ScaleKind kind) {
    SmallVector<int64_t> turns;
    for (int64_t row = 0; row < 8; ++row)
      turns.append({row, row + 8});
    Value both = vector::ShuffleOp::create(b, groupScaleBytes(c, rows, group, first, kind),
                                           groupScaleBytes(c, rows, group, second, kind), turns);
    return arith::ExtSIOp::create(b, words, scalesIn(c, both, kind));
  }
  /// i16: a row's scale of a half, twice; scales are not negative.
  Value twice(TileRows rows, Value group, int64_t half) {
    // From the tile's 16 bytes in both halves of a register: a load that costs no more than 8 bytes, and is one for all
    // rows of the tile.
    Value bytes = groupScaleBytes(c, {rows.tile, 0, plan::kTileRows}, group, half, ScaleKind::Scale);
    SmallVector<int64_t> both = llvm::to_vector(llvm::seq<int64_t>(0, plan::kTileRows));
    both.append(llvm::to_vector(both));
    Value scales = scalesIn(c, vector::ShuffleOp::create(b, bytes, bytes, both), ScaleKind::Scale);
    SmallVector<int8_t> places;
    for (int64_t row = rows.first; row < rows.first + rows.count; ++row)
      places.append({static_cast<int8_t>(row), -1, static_cast<int8_t>(row), -1});
    Value control = arith::ConstantOp::create(b, DenseElementsAttr::get(this->bytes, ArrayRef<int8_t>(places)));
    return vector::BitCastOp::create(b, words, intrinsic(b, "llvm.x86.avx2.pshuf.b", this->bytes, {scales, control}));
  }
  /// i32, a token each: factors of both halves times the sums of their activations.
  SmallVector<Value> timesSums(Value factors, Value group) {
    SmallVector<Value> sums;
    for (int64_t token = 0; token < c.tokens; ++token) {
      Value pairs = b.broadcast(c.pairOfSums(token, group), ints);
      sums.push_back(maddwd(factors, vector::BitCastOp::create(b, words, pairs)));
    }
    return sums;
  }

  /// For each scale group of 32 columns the factor of both of a row's pair sums.
  SmallVector<Value> pairsOfScales(TileRows rows, Value group) {
    SmallVector<Value> scales;
    for (int64_t half = 0; half < halves(); ++half) {
      if (!c.info().isSuper()) {
        scales.push_back(arith::ConstantOp::create(b, DenseElementsAttr::get(words, APInt(16, 1))));
        continue;
      }
      // Formats with minima have no negative scales.
      scales.push_back(c.info().hasMin() ? twice(rows, group, half)
                                         : inTurns(rows, group, half, half, ScaleKind::Scale));
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
      factors = b.muli(factors, inTurns(rows, group, 0, halves() - 1, ScaleKind::Scale));
    return timesSums(factors, group);
  }

  void addFields(PlanarCodes &codes, Value group, ArrayRef<Value> scales, SmallVector<Value> &sums) {
    int64_t greatest = greatestField(c.info()) << codes.raisedBy();
    int64_t run = std::min(stepsPerHalf(), 32767 / (2 * 127 * greatest));
    while (stepsPerHalf() % run != 0)
      --run;
    SmallVector<Value> words(c.tokens), raisedWords(c.tokens);
    for (int64_t step = 0; step < 8; ++step) {
      bool raised = codes.isRaised(step), last = (step + 1) % run == 0;
      Value fields = codes.inPlace(step);
      for (int64_t token = 0; token < c.tokens; ++token) {
        addTo(b, (raised ? raisedWords : words)[token], maddubs(fields, activations(token, step, group)));
        if (!last)
          continue;
        Value all = std::exchange(words[token], Value());
        if (Value more = std::exchange(raisedWords[token], Value()))
          addTo(b, all, arith::ShRSIOp::create(b, more, b.constantLike(more, codes.raisedBy())));
        addTo(b, sums[token], maddwd(all, scales[step / stepsPerHalf()]));
      }
      fence(b, last ? sums : raised ? raisedWords : words);
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
