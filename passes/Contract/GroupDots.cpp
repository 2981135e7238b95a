//===- GroupDots.cpp - contractions by exact dots of groups of 32 ---------===//
//
// A super-block is a loop over its groups, so that its code stays in the first cache. Several tokens are taken for one
// vector of rows at a time, which keeps their sums in registers; a single one takes all rows, so that their chains of
// additions run beside each other.
//
//===----------------------------------------------------------------------===//
#include "passes/Contract/GroupDots.h"

using namespace mlir;
using namespace trafo;
using plan::kTileRows;

Value trafo::groupScaleBytes(BlockContract &c, TileRows rows, Value group, int64_t half, ScaleKind kind) {
  const PackedLayout &layout = c.layout;
  int64_t perGroup = 32 / c.info().groupElements;
  int64_t first =
      kind == ScaleKind::Minimum ? layout.groupMinAt(rows.first, half) : layout.groupScaleAt(rows.first, half);
  return c.bytesAt(rows.tile, first, rows.count, c.b.muli(group, perGroup * kTileRows));
}

Value trafo::scalesIn(BlockContract &c, Value bytes, ScaleKind kind) {
  if (!c.layout.sharesScaleByte())
    return bytes;
  if (kind == ScaleKind::Minimum)
    return arith::ShRUIOp::create(c.b, bytes, c.b.constantLike(bytes, 4));
  return arith::AndIOp::create(c.b, bytes, c.b.constantLike(bytes, 15));
}

Value trafo::groupScales(BlockContract &c, TileRows rows, Value group, int64_t half, ScaleKind kind) {
  return scalesIn(c, groupScaleBytes(c, rows, group, half, kind), kind);
}

static Value minimaOf(BlockContract &c, TileRows rows, Value group, int64_t half) {
  return arith::ExtUIOp::create(c.b, c.b.vec(c.b.getI32Type(), rows.count),
                                groupScales(c, rows, group, half, ScaleKind::Minimum));
}

SmallVector<Value> GroupDots::minima(TileRows rows, Value group) {
  Value first = minimaOf(c, rows, group, 0), second = minimaOf(c, rows, group, 1);
  auto ints = cast<VectorType>(first.getType());
  SmallVector<Value> sums;
  for (int64_t token = 0; token < c.tokens; ++token)
    sums.push_back(b.addi(b.muli(first, b.broadcast(c.sumOf16(token, 0, group), ints)),
                          b.muli(second, b.broadcast(c.sumOf16(token, 1, group), ints))));
  return sums;
}

namespace {
class SuperBlock {
public:
  SuperBlock(BlockContract &c, GroupDots &unit, ArrayRef<TileRows> rows)
      : c(c), b(c.b), unit(unit), rows(rows), type(b.vec(b.getF32Type(), rows[0].count)) {}

  /// The rows' sums after the block, rows by tokens.
  SmallVector<Value> contract(SmallVector<Value> sums) {
    SmallVector<Value> products = overGroups([&](TileRows part, Value group, MutableArrayRef<Value> carried) {
      if (part.first == 0)
        c.prefetchShare(part.tile, group);
      addExact(unit.dots(part, group), group, carried);
    });
    // After the products: their loop would push the minima's factors, loaded before it, onto the stack.
    if (c.info().hasMin()) {
      SmallVector<Value> minima = overGroups(
          [&](TileRows part, Value group, MutableArrayRef<Value> carried) { addMinima(part, group, carried); });
      scaleBy(sums, minima, [&](TileRows part) {
        return arith::NegFOp::create(b, c.minima(part.tile, part.first, part.count)).getResult();
      });
    }
    scaleBy(sums, products, [&](TileRows part) { return c.scales(part.tile, part.first, part.count); });
    return sums;
  }

private:
  /// P or N of the op's description: from zero over the groups in ascending order; `add` is given a part's tokens.
  SmallVector<Value> overGroups(llvm::function_ref<void(TileRows, Value, MutableArrayRef<Value>)> add) {
    SmallVector<Value> zeros(rows.size() * c.results, b.splat(0.0, type));
    return b.loop(b.index(0), b.index(c.layout.blockColumns() / 32), 1, zeros, [&](Value group, ValueRange carried) {
      SmallVector<Value> next(carried);
      for (auto [part, its] : llvm::enumerate(rows))
        add(its, group, MutableArrayRef<Value>(next).slice(part * c.results, c.results));
      return next;
    });
  }

  /// `exact` sums of each row of the panel, times the activations' scales.
  void addExact(ArrayRef<Value> exact, Value group, MutableArrayRef<Value> carried) {
    for (auto [i, sum] : llvm::enumerate(carried)) {
      int64_t token = static_cast<int64_t>(i) * c.terms;
      Value scale = b.broadcast(c.activationScale(token, group), type);
      sum = b.fma(c.asFloat(exact.slice(token, c.terms), type), scale, sum);
    }
  }

  void addMinima(TileRows part, Value group, MutableArrayRef<Value> carried) {
    if (c.info().groupElements == 32) {
      Value factor = arith::SIToFPOp::create(b, type, minimaOf(c, part, group, 0));
      for (auto [i, sum] : llvm::enumerate(carried))
        sum = b.fma(factor, b.broadcast(c.scaledSum(static_cast<int64_t>(i) * c.terms, group), type), sum);
      return;
    }
    addExact(unit.minima(part, group), group, carried);
  }

  void scaleBy(SmallVector<Value> &sums, ArrayRef<Value> by, llvm::function_ref<Value(TileRows)> factorOf) {
    for (auto [part, its] : llvm::enumerate(rows)) {
      Value factor = factorOf(its);
      for (int64_t at = part * c.results, end = at + c.results; at < end; ++at)
        sums[at] = b.fma(factor, by[at], sums[at]);
    }
  }

  BlockContract &c;
  VectorMath &b;
  GroupDots &unit;
  ArrayRef<TileRows> rows;
  VectorType type;
};

/// I of a block without integer scales, for every token.
SmallVector<Value> exactDots(BlockContract &c, GroupDots &unit, TileRows rows) {
  VectorMath &b = c.b;
  auto type = b.vec(b.getI32Type(), rows.count);
  SmallVector<Value> zeros(c.tokens, arith::ConstantOp::create(b, b.getZeroAttr(type)));
  return c.overGroups(zeros, [&](Value group, ValueRange carried) {
    if (!group)
      return unit.dots(rows, b.index(0));
    if (rows.first == 0)
      c.prefetchShare(rows.tile, group);
    SmallVector<Value> sums = unit.dots(rows, group);
    for (auto [sum, before] : llvm::zip(sums, carried))
      sum = b.addi(before, sum);
    return sums;
  });
}

/// Lanes [first, first + count) of a vector of 16.
Value lanesOf(VectorMath &b, Value vector, int64_t first, int64_t count) {
  if (count == kTileRows)
    return vector;
  return vector::ExtractStridedSliceOp::create(b, vector, first, count, 1);
}
} // namespace

void trafo::contractGroups(BlockContract &c, GroupDots &unit) {
  VectorMath &b = c.b;
  int64_t count = unit.rowsAtOnce(), parts = kTileRows / count;
  SmallVector<Value> results(c.op.getSums());
  if (!c.info().isSuper())
    c.prefetchBlocks();
  for (int64_t tile = 0; tile < c.groups; ++tile) {
    SmallVector<TileRows> all;
    for (int64_t part = 0; part < parts; ++part)
      all.push_back({tile, part * count, count});
    // What `rows` add to the results.
    auto contract = [&](ArrayRef<TileRows> rows) {
      SmallVector<Value> sums;
      for (TileRows part : rows)
        for (int64_t token = 0; token < c.results; ++token)
          sums.push_back(lanesOf(b, results[tile * c.results + token], part.first, count));
      if (c.info().isSuper()) {
        sums = SuperBlock(c, unit, rows).contract(sums);
      } else {
        for (auto [part, its] : llvm::enumerate(rows)) {
          SmallVector<Value> dots = exactDots(c, unit, its);
          for (int64_t token = 0; token < c.tokens; token += c.terms) {
            Value &sum = sums[part * c.results + token / c.terms];
            sum = c.finishRows(sum, ArrayRef(dots).slice(token, c.terms), tile, token, its.first, count);
          }
        }
      }
      unit.settle(sums);
      for (auto [part, its] : llvm::enumerate(rows))
        for (int64_t token = 0; token < c.results; ++token) {
          Value &result = results[tile * c.results + token];
          Value sum = sums[part * c.results + token];
          result = count == kTileRows
                       ? sum
                       : vector::InsertStridedSliceOp::create(b, sum, result, its.first, /*strides=*/1).getResult();
        }
    };
    if (c.tokens == 1)
      contract(all);
    else
      for (TileRows part : all)
        contract(part);
  }
  c.op.replaceAllUsesWith(results);
  c.op.erase();
}
