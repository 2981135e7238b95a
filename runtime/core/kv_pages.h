#ifndef TRAFO_RUNTIME_CORE_KV_PAGES_H
#define TRAFO_RUNTIME_CORE_KV_PAGES_H

#include "runtime/core/memory.h"
#include "trafo/artifact.h"

namespace trafo::runtime {

/// Which pages of the KV pool hold which positions. A sequence's page i is its home page (sequence * pages per sequence
/// + i) where that is free, so that a lone sequence lies contiguously and its table is the identity; else the lowest
/// free page. Entries of positions that hold nothing still name a page of the pool.
class KvPages {
public:
  /// False when out of memory.
  [[nodiscard]] bool initialize(const Allocator &allocator, const trafo_manifest_t &manifest);

  /// [max_sequences][pagesPerSequence] page numbers.
  const int32_t *table() const { return pages.data(); }
  int32_t length(int32_t sequence) const { return lengths[static_cast<size_t>(sequence)]; }
  int32_t freePages() const { return freeCount; }

  /// Makes room for positions up to `newLength` - 1 (at most max_context). False, with nothing changed, when the pool has
  /// too few pages.
  [[nodiscard]] bool grow(int32_t sequence, int32_t newLength);
  /// Forgets positions from `newLength` on and gives their pages back.
  void truncate(int32_t sequence, int32_t newLength);

private:
  static int32_t pagesFor(int32_t positions) {
    return (positions + static_cast<int32_t>(TRAFO_KV_PAGE_TOKENS) - 1) / static_cast<int32_t>(TRAFO_KV_PAGE_TOKENS);
  }
  int32_t home(int32_t sequence, int32_t index) const;

  Array<int32_t> pages;
  Array<int32_t> lengths;
  Array<uint8_t> used; ///< [kv_pages]
  int32_t pagesPerSequence = 0;
  int32_t poolPages = 0;
  int32_t freeCount = 0;
};

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_CORE_KV_PAGES_H
