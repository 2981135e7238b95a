//===- PairSums.cpp - bf16 by pairs of columns, on any machine -------------===//
//
// A bf16 is the upper half of an f32, so a word of packed weights, two columns of a row, becomes its two values by a shift
// and by a mask; so does a pair of activations, once it stands in all lanes. The columns of a group are a loop of its own,
// which keeps both chains of sums of all rows of the step in registers.
//
//===----------------------------------------------------------------------===//
#include "passes/Contract/BlockContract.h"

#include <array>

using namespace mlir;
using namespace trafo;
using plan::kTileRows;

/// The values of the even and of the odd column in vectors of pairs, 16 x i32.
static std::array<Value, 2> splitPairs(VectorMath &b, Value pairs) {
  auto asFloats = [&](Value bits) { return vector::BitCastOp::create(b, b.vecF32(), bits).getResult(); };
  return {asFloats(arith::ShLIOp::create(b, pairs, b.constantLike(pairs, 16))),
          asFloats(arith::AndIOp::create(b, pairs, b.constantLike(pairs, -65536)))};
}

void BlockContract::lowerPairs() {
  constexpr int64_t kPairBytes = 4;
  auto words = b.vec(b.getI32Type());
  SmallVector<Value> begin(op.getSums());
  SmallVector<Value> zeros(2 * begin.size(), b.splat(0.0));
  auto addGroup = [&](Value group, ValueRange before) {
    Value column = b.addi(op.getColumn(), b.muli(group, kPairGroup));
    for (int64_t tile = 0; tile < groups; ++tile)
      prefetchShare(tile, group);
    // The chains of the even columns, then those of the odd ones.
    auto chains = b.loop(b.index(0), b.index(kPairGroup / 2), 1, zeros, [&](Value pair, ValueRange carried) {
      SmallVector<Value> next(carried);
      SmallVector<std::array<Value, 2>> inputs;
      for (int64_t token = 0; token < tokens; ++token) {
        Value two = b.loadVec(op.getActs()[0], {b.addi(op.getRow(), token), b.addi(column, b.muli(pair, 2))},
                              b.vec(b.getBF16Type(), 2));
        Value word = vector::ExtractOp::create(b, vector::BitCastOp::create(b, b.vec(b.getI32Type(), 1), two), 0);
        inputs.push_back(splitPairs(b, b.broadcast(word)));
      }
      for (int64_t tile = 0; tile < groups; ++tile) {
        Value at = b.addi(pairsAt(tile, group), b.muli(pair, kTileRows * kPairBytes));
        Value bytes = b.loadVec(op.getWeights(), at, b.vec(b.getI8Type(), kTileRows * kPairBytes));
        std::array<Value, 2> weights = splitPairs(b, vector::BitCastOp::create(b, words, bytes));
        for (size_t odd = 0; odd < 2; ++odd)
          for (int64_t token = 0; token < tokens; ++token) {
            Value &sum = next[odd * before.size() + tile * tokens + token];
            sum = b.fma(weights[odd], inputs[token][odd], sum);
          }
      }
      return next;
    });
    SmallVector<Value> after;
    for (auto [i, sum] : llvm::enumerate(before))
      after.push_back(b.addf(sum, b.addf(chains[i], chains[before.size() + i])));
    return after;
  };
  op.replaceAllUsesWith(b.loop(b.index(0), b.index(op.getColumns() / kPairGroup), 1, begin, addGroup));
  op.erase();
}
