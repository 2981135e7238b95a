//===- PlanarCodes.cpp - codes put together from their planes -------------===//
//
// A plane of w bits keeps 8 / w steps in the same bytes. A step's piece is shifted to its place in the field, down or up,
// in lanes of 16 bits (no machine has shifts of 8); what crosses into a neighbour's byte is masked away with the rest.
//
//===----------------------------------------------------------------------===//
#include "passes/Contract/PlanarCodes.h"

using namespace mlir;
using namespace trafo;

Value PlanarCodes::step(int64_t step) {
  VectorMath &b = c.b;
  int64_t bytes = rows.count * 4, stepBytes = plan::kTileRows * 4, from = 0;
  Value field;
  for (int plane = 0; plane < c.layout.planeCount(); ++plane) {
    int64_t width = c.layout.planeWidth(plane), steps = 8 / width;
    if (!held[plane] || step % steps == 0) {
      int64_t at = c.layout.planeStart(plane) + step / steps * stepBytes + rows.first * 4;
      held[plane] = c.bytesAt(rows.tile, at, bytes, b.muli(group, 8 / steps * stepBytes));
    }
    Value piece = held[plane];
    int64_t up = from - step % steps * width;
    if (up != 0) {
      auto halves = b.vec(b.getI16Type(), bytes / 2);
      Value wide = vector::BitCastOp::create(b, halves, piece);
      Value by = b.constantLike(wide, std::abs(up));
      wide = up > 0 ? arith::ShLIOp::create(b, wide, by).getResult() : arith::ShRUIOp::create(b, wide, by).getResult();
      piece = vector::BitCastOp::create(b, b.vec(b.getI8Type(), bytes), wide);
    }
    piece = arith::AndIOp::create(b, piece, b.constantLike(piece, ((int64_t(1) << width) - 1) << from));
    field = field ? arith::OrIOp::create(b, field, piece).getResult() : piece;
    from += width;
  }
  return field;
}
