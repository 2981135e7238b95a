//===- GroupDots.h - contractions by exact dots of groups of 32 -----------===//
//
// One shape of loops for every format of planes: machines differ in how many weight rows a vector serves and in how the
// integer part I of plan.block_contract's description is made.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_PASSES_CONTRACT_GROUPDOTS_H
#define TRAFO_PASSES_CONTRACT_GROUPDOTS_H

#include "passes/Contract/BlockContract.h"

namespace trafo {

/// A vector's rows of a tile.
struct TileRows {
  int64_t tile, first, count;
};

/// The integer part on one machine.
class GroupDots {
public:
  explicit GroupDots(BlockContract &c) : c(c), b(c.b) {}
  virtual ~GroupDots() = default;

  /// Weight rows of one vector.
  virtual int64_t rowsAtOnce() const = 0;
  /// I of the rows for every token of the step: vectors of i32. `group` counts the block's groups of 32 columns.
  virtual mlir::SmallVector<mlir::Value> dots(TileRows rows, mlir::Value group) = 0;
  /// Called with the new sums of some rows before the next rows are begun: a place for a fence.
  virtual void settle(llvm::MutableArrayRef<mlir::Value> sums) {}

protected:
  /// Scale groups of 32 columns: 1, or 2 of 16.
  int64_t halves() const { return 32 / c.info().groupElements; }
  /// Steps of four columns of one of them.
  int64_t stepsPerHalf() const { return 8 / halves(); }

  BlockContract &c;
  VectorMath &b;
};

/// Integer scales of the rows as i8, of scale group `half` of `group`; of minima if `minima`.
mlir::Value groupScales(BlockContract &c, TileRows rows, mlir::Value group, int64_t half, bool minima = false);

/// Lowers an i8_g32 contraction and erases it.
void contractGroups(BlockContract &c, GroupDots &unit);

} // namespace trafo

#endif
