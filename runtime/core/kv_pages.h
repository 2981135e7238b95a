#ifndef TRAFO_RUNTIME_CORE_KV_PAGES_H
#define TRAFO_RUNTIME_CORE_KV_PAGES_H

#include "runtime/core/memory.h"
#include "trafo/artifact.h"

namespace trafo::runtime {

/// Which pages of the KV pool hold which positions. A sequence has a home in the pool for all the pages it may hold, and
/// its page i lies there where that is free, so that a lone sequence lies contiguously and its table is the identity;
/// else in the lowest free page. Where every row sees a window only (manifest), a sequence that holds all the pages it
/// may gives its oldest back for each new one, so it goes round in its home. Entries of positions that hold nothing still
/// name a page of the pool.
class KvPages {
public:
  /// False when out of memory.
  [[nodiscard]] bool initialize(const Allocator &allocator, const trafo_manifest_t &manifest);

  /// [max_sequences][pagesPerSequence] page numbers.
  const int32_t *table() const { return pages.data(); }
  int32_t length(int32_t sequence) const { return lengths[static_cast<size_t>(sequence)]; }
  int32_t freePages() const { return freeCount; }

  /// Makes room for positions up to `newLength` - 1, at most max_rows more (and max_context in all). False, with nothing
  /// changed, when the pool has too few pages.
  [[nodiscard]] bool grow(int32_t sequence, int32_t newLength);
  /// Forgets positions from `newLength` on and gives their pages back. Where some that the next row would see are no
  /// longer held, forgets all: that is never so for the last max_rows positions. Returns the new length.
  int32_t truncate(int32_t sequence, int32_t newLength);

private:
  static int32_t pagesFor(int32_t positions) {
    return (positions + static_cast<int32_t>(TRAFO_KV_PAGE_TOKENS) - 1) / static_cast<int32_t>(TRAFO_KV_PAGE_TOKENS);
  }
  int32_t home(int32_t sequence, int32_t index) const;
  int32_t *rowOf(int32_t sequence) {
    return pages.data() + static_cast<size_t>(sequence) * static_cast<size_t>(pagesPerSequence);
  }
  void giveBack(int32_t sequence, int32_t begin, int32_t end);

  Array<int32_t> pages;
  Array<int32_t> lengths;
  Array<int32_t> firsts;        ///< [max_sequences] the first page that is held
  Array<uint8_t> used;          ///< [kv_pages]
  int32_t pagesPerSequence = 0; ///< entries of a sequence
  int32_t mostPages = 0;        ///< that a sequence holds at once
  int32_t window = 0;           ///< positions a row sees at most; 0: all
  int32_t poolPages = 0;
  int32_t freeCount = 0;
};

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_CORE_KV_PAGES_H
