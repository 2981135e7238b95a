//===- StoreCache.h - where rows of a step lie in the KV cache ------------===//
#ifndef TRAFO_PASSES_TILE_STORECACHE_H
#define TRAFO_PASSES_TILE_STORECACHE_H

#include "passes/Tile/VectorMath.h"

namespace trafo {

/// The arrays that lead from a row to its page.
struct RowArguments {
  mlir::Value positions, sequences, pages;
  RowArguments(VectorMath &b, ConfigAttr config);

  /// A row's place in the pool: its page, and the position there.
  struct Cell {
    mlir::Value page, slot;
  };
  Cell cellOf(VectorMath &b, mlir::Value row) const;
};

/// Replaces the op by loops.
void lowerStore(plan::KVStoreOp op, ConfigAttr config);
void lowerQuantize(plan::KVQuantizeOp op, ConfigAttr config);

} // namespace trafo

#endif
