//===- Bounds.h - how far a pass may move what ops compute ----------------===//
#ifndef TRAFO_REFERENCE_BOUNDS_H
#define TRAFO_REFERENCE_BOUNDS_H

#include "lib/Reference/Rows.h"
#include "llvm/ADT/StringRef.h"

namespace trafo {

/// What the results of an op must be after a pass, given what they were before it.
struct Bound {
  /// Greatest difference within a row, over the row's greatest magnitude. 0 asks for equal bits.
  double relative = 0.0;
  /// Columns may change places within a row.
  bool anyOrder = false;
};

/// The bound of ops called `op` ("trafo.linear"; "layer" for what a layer gives) under the pass with this argument
/// ("trafo-fuse-qkv"). Passes that state nothing must preserve every bit.
Bound boundOf(llvm::StringRef pass, llvm::StringRef op);

/// What a stage of a plan, run in single precision, may differ by from the interpreter with the same rounding points.
struct StageBound {
  /// Of most rows: sums in f32 in their own order.
  double usual = 0.0;
  /// Of a few: where single precision falls on the other side of a rounding to int8, one code differs by one.
  double relative = 0.0;
};
/// By the op that the stage was made of; `int8`: it sees its input as int8. `cached`: what it wrote to the KV cache.
StageBound stageBoundOf(llvm::StringRef op, bool int8, bool cached);

struct RowsVerdict {
  bool broken = false;
  double worst = 0.0; ///< greatest relative difference
  double bound = 0.0; ///< that it had to keep
};
/// Every row within `relative`, and all but a third of them (at least two) within `usual`.
RowsVerdict compareStage(const Rows &want, const Rows &got, const StageBound &bound);

/// The greatest difference within a row over the row's greatest magnitude, over all rows; 0 for equal rows, infinity where
/// one has a NaN and the other has not.
double relativeDifference(const Rows &before, const Rows &after, bool anyOrder);

} // namespace trafo

#endif // TRAFO_REFERENCE_BOUNDS_H
