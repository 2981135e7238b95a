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

/// The greatest difference within a row over the row's greatest magnitude, over all rows; 0 for equal rows, infinity where
/// one has a NaN and the other has not.
double relativeDifference(const Rows &before, const Rows &after, bool anyOrder);

} // namespace trafo

#endif // TRAFO_REFERENCE_BOUNDS_H
