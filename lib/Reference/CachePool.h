//===- CachePool.h - the KV cache of a plan that runs here ----------------===//
#ifndef TRAFO_REFERENCE_CACHEPOOL_H
#define TRAFO_REFERENCE_CACHEPOOL_H

#include "dialects/Plan/IR/PlanOps.h"

namespace trafo {

/// Keys and values as plan.kv_store and plan.kv_quantize lay them: [layer][page][head][k, v]; k is [head size][64], v is
/// [64][head size], behind codes lie scales [groups][64].
class CachePool {
public:
  /// `arena` is the memory that holds the pool.
  CachePool(uint8_t *arena, plan::PoolAttr pool, KVCacheType type);

  /// Whether it holds what `layer` (-1: none) keeps.
  bool holds(int64_t layer) const { return placeOf(layer) != layers.asArrayRef().end(); }
  /// A head's k or v of one position.
  struct Line {
    int64_t layer, page, head;
    bool value;
    int64_t position; ///< in the page
  };
  int64_t headSize() const { return layout.headSize; }
  /// Gives what is stored in a line and stores `values` instead; of each `headSize()`.
  void exchange(const Line &line, const double *values, double *stored) const;

private:
  const int64_t *placeOf(int64_t layer) const { return llvm::find(layers.asArrayRef(), std::max<int64_t>(layer, 0)); }
  uint8_t *at(const Line &line, int64_t index) const;
  uint8_t *elementAt(const Line &line, int64_t element) const;
  void exchangeFloats(const Line &line, const double *values, double *stored) const;
  void exchangeCodes(const Line &line, int64_t group, const double *values, double *stored) const;

  uint8_t *base;
  int64_t pages, heads;
  mlir::DenseI64ArrayAttr layers;
  std::optional<Format> floats; ///< none: codes
  plan::CacheLayout layout;
};

} // namespace trafo

#endif // TRAFO_REFERENCE_CACHEPOOL_H
