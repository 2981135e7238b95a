//===- PlanarCodes.h - codes put together from their planes ---------------===//
#ifndef TRAFO_PASSES_CONTRACT_PLANARCODES_H
#define TRAFO_PASSES_CONTRACT_PLANARCODES_H

#include "passes/Contract/GroupDots.h"

namespace trafo {

/// The stored fields of a vector's rows in one group of 32 columns, four columns a step: unsigned bytes, row after row.
class PlanarCodes {
public:
  PlanarCodes(BlockContract &c, TileRows rows, mlir::Value group) : c(c), rows(rows), group(group) {}

  /// Step `step` of 8; steps are asked for in ascending order.
  mlir::Value step(int64_t step);

  /// The same, but fields of 2 bits of odd steps may be left 2 bits up, which spares half the shifts. Products with them
  /// are 2^raisedBy() too large; shifting those back pays for one token only.
  mlir::Value inPlace(int64_t step);
  bool isRaised(int64_t step) const { return raisedBy() != 0 && step % 2 == 1; }
  int64_t raisedBy() const { return c.tokens == 1 && c.layout.planes[0] == 2 && c.layout.planeCount() == 1 ? 2 : 0; }

private:
  /// Loads the plane's bytes of a step, where the step before lay in others.
  void hold(int plane, int64_t step);
  /// A plane's bytes with bit `from` moved to bit `to` of each byte, and what is not in `mask` taken off.
  mlir::Value moved(int plane, int64_t from, int64_t to, int64_t mask);

  BlockContract &c;
  TileRows rows;
  mlir::Value group;
  mlir::Value held[4]; // each plane's bytes that the last step lay in
};

/// The greatest value of a field.
inline int64_t greatestField(const FormatInfo &info) { return (int64_t(1) << info.fieldBits()) - 1; }

} // namespace trafo

#endif
