//===- TileProducts.cpp - bf16 by pairs of columns in AMX tiles -----------===//
//
// tdpbf16ps is a group of 32 columns of bf16_g32: 16 rows of the step, as the panel lies, by 16 weight rows, read where they
// are packed, a pair of columns a row of the tile. Sums stay in tiles for some groups and then lie on the stack, since a
// loop cannot carry a tile as far as the llvm dialect: cf.br has no lowering for one.
//
// A single row is a tile of one row: it is multiplied as it would be beside others, denormal values included, which tiles
// take for zero and vectors do not. The tile registers of a function have one shape each, so tokens come in few numbers.
//
//===----------------------------------------------------------------------===//
#include "passes/X86/DotProducts.h"

#include "mlir/Dialect/AMX/AMXDialect.h"

using namespace mlir;
using namespace trafo;
using plan::kTileRows;

/// How many of the groups are multiplied before their sums leave the tiles.
static int64_t groupsTogether(int64_t groups) {
  int64_t together = std::min<int64_t>(groups, 8);
  while (groups % together != 0)
    --together;
  return together;
}

void trafo::tileProducts(BlockContract &c) {
  VectorMath &b = c.b;
  auto sumType = amx::TileType::get({c.tokens, kTileRows}, b.getF32Type());
  auto rowsType = amx::TileType::get({c.tokens, kPairGroup}, b.getBF16Type());
  auto weightType = amx::TileType::get({kPairGroup / 2, 2 * kTileRows}, b.getBF16Type());
  MemRefType group = b.memref(weightType.getShape(), b.getBF16Type());
  Value zero = b.index(0), sums = onStack(c, {c.groups, c.tokens, kTileRows}, b.getF32Type());
  auto placeOf = [&](int64_t at) { return SmallVector<Value>{b.index(at / c.tokens), b.index(at % c.tokens), zero}; };

  for (auto [at, sum] : llvm::enumerate(c.op.getSums()))
    b.storeVec(sum, sums, placeOf(static_cast<int64_t>(at)));
  int64_t groups = static_cast<int64_t>(c.op.getColumns()) / kPairGroup, together = groupsTogether(groups);
  b.loop(b.index(0), b.index(groups), together, [&](Value first) {
    SmallVector<Value> products;
    for (int64_t tile = 0; tile < c.groups; ++tile)
      products.push_back(amx::TileLoadOp::create(b, sumType, sums, placeOf(tile * c.tokens)));
    for (int64_t next = 0; next < together; ++next) {
      Value number = b.addi(first, next), column = b.addi(c.op.getColumn(), b.muli(number, kPairGroup));
      Value rows = amx::TileLoadOp::create(b, rowsType, c.op.getActs()[0], ValueRange{c.op.getRow(), column});
      for (int64_t tile = 0; tile < c.groups; ++tile) {
        c.prefetchShare(tile, number);
        Value place = b.view(c.op.getWeights(), c.pairsAt(tile, number), group);
        Value weights = amx::TileLoadOp::create(b, weightType, place, ValueRange{zero, zero});
        products[tile] = amx::TileMulFOp::create(b, sumType, rows, weights, products[tile]);
      }
    }
    for (int64_t tile = 0; tile < c.groups; ++tile)
      amx::TileStoreOp::create(b, sums, placeOf(tile * c.tokens), products[tile]);
  });
  SmallVector<Value> results;
  for (size_t at = 0; at < c.op.getSums().size(); ++at)
    results.push_back(b.loadVec(sums, placeOf(static_cast<int64_t>(at)), b.vecF32()));
  c.op.replaceAllUsesWith(results);
  c.op.erase();
}
