//===- StoreCache.h - where rows of a step lie in the KV cache ------------===//
#ifndef TRAFO_PASSES_TILE_STORECACHE_H
#define TRAFO_PASSES_TILE_STORECACHE_H

#include "passes/Tile/VectorMath.h"

namespace trafo {

/// The arrays that lead from a row to its page in a pool of the KV cache.
struct RowArguments {
  mlir::Value positions, sequences;
  /// `cache` is the pool.
  RowArguments(VectorMath &b, ConfigAttr config, mlir::Value cache);

  /// The page of a sequence's positions [64 number, 64 number + 64).
  mlir::Value pageOf(VectorMath &b, mlir::Value sequence, mlir::Value number) const;
  /// A row's place in the pool: its page, and the position there.
  struct Cell {
    mlir::Value page, slot;
  };
  Cell cellOf(VectorMath &b, mlir::Value row) const;

private:
  mlir::Value pages;    // of each pool in turn a row a sequence
  int64_t firstRow = 0; // of this pool's
};

/// Replaces the op by loops.
void lowerStore(plan::KVStoreOp op, ConfigAttr config);
void lowerQuantize(plan::KVQuantizeOp op, ConfigAttr config);

} // namespace trafo

#endif
