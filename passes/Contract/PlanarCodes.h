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

private:
  BlockContract &c;
  TileRows rows;
  mlir::Value group;
  mlir::Value held[4]; // each plane's bytes that the last step lay in
};

/// The greatest value of a field.
inline int64_t greatestField(const FormatInfo &info) { return (int64_t(1) << info.fieldBits()) - 1; }

} // namespace trafo

#endif
