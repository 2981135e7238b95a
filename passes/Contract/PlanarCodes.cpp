//===- PlanarCodes.cpp - codes put together from their planes -------------===//
//
// A plane of w bits keeps 8 / w steps in the same bytes. A step's piece is shifted to its place in the field, down or up,
// in lanes of 16 bits (no machine has shifts of 8); what crosses into a neighbour's byte is masked away with the rest.
//
//===----------------------------------------------------------------------===//
#include "passes/Contract/PlanarCodes.h"

using namespace mlir;
using namespace trafo;

void PlanarCodes::hold(int plane, int64_t step) {
  int64_t stepBytes = plan::kTileRows * 4, steps = 8 / c.layout.planeWidth(plane);
  if (held[plane] && step % steps != 0)
    return;
  int64_t at = c.layout.planeStart(plane) + step / steps * stepBytes + rows.first * 4;
  held[plane] = c.bytesAt(rows.tile, at, rows.count * 4, c.b.muli(group, 8 / steps * stepBytes));
}

Value PlanarCodes::moved(int plane, int64_t from, int64_t to, int64_t mask) {
  VectorMath &b = c.b;
  Value piece = held[plane];
  if (from != to) {
    Value wide = vector::BitCastOp::create(b, b.vec(b.getI16Type(), rows.count * 2), piece);
    Value by = b.constantLike(wide, std::abs(to - from));
    wide = to > from ? arith::ShLIOp::create(b, wide, by).getResult() : arith::ShRUIOp::create(b, wide, by).getResult();
    piece = vector::BitCastOp::create(b, piece.getType(), wide);
  }
  return arith::AndIOp::create(b, piece, b.constantLike(piece, mask));
}

Value PlanarCodes::step(int64_t step) {
  int64_t to = 0;
  Value field;
  for (int plane = 0; plane < c.layout.planeCount(); ++plane) {
    hold(plane, step);
    int64_t width = c.layout.planeWidth(plane), steps = 8 / width;
    Value piece = moved(plane, step % steps * width, to, ((int64_t(1) << width) - 1) << to);
    field = field ? arith::OrIOp::create(c.b, field, piece).getResult() : piece;
    to += width;
  }
  return field;
}

Value PlanarCodes::inPlace(int64_t step) {
  if (!isRaised(step))
    return this->step(step);
  hold(0, step);
  // Moved as the step before was: one shift for both.
  return moved(0, (step - 1) % 4 * 2, 0, 3 << raisedBy());
}
