//===- GroupDots.h - contractions by exact dots of groups of 32 -----------===//
//
// One shape of loops for every format: machines differ in how many weight rows a vector serves and in how the
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
  /// Of formats with scale groups of 16: the sum over both of `group` of the rows' integer minima times the sums of the
  /// activations, for every token: vectors of i32.
  virtual mlir::SmallVector<mlir::Value> minima(TileRows rows, mlir::Value group);
  /// Called with the new sums of some rows before the next rows are begun: a place for a fence.
  virtual void settle(llvm::MutableArrayRef<mlir::Value> sums) {}

protected:
  /// Scale groups of 32 columns: 1, or 2 of 16.
  int64_t halves() const { return c.info().isSuper() ? 32 / c.info().groupElements : 1; }
  /// Steps of four columns of one of them.
  int64_t stepsPerHalf() const { return 8 / halves(); }

  BlockContract &c;
  VectorMath &b;
};

/// What integer scales are read for.
enum class ScaleKind { Scale, Minimum };

/// Integer scales (or minima) of the rows as i8, of scale group `half` of `group`.
mlir::Value groupScales(BlockContract &c, TileRows rows, mlir::Value group, int64_t half,
                        ScaleKind kind = ScaleKind::Scale);
/// Its two steps: the bytes as they are stored, and the scales in such bytes, whatever their order.
mlir::Value groupScaleBytes(BlockContract &c, TileRows rows, mlir::Value group, int64_t half, ScaleKind kind);
mlir::Value scalesIn(BlockContract &c, mlir::Value bytes, ScaleKind kind);

/// Lowers an int8 contraction and erases it.
void contractGroups(BlockContract &c, GroupDots &unit);

} // namespace trafo

#endif
