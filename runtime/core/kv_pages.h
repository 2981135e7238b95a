#ifndef TRAFO_RUNTIME_CORE_KV_PAGES_H
#define TRAFO_RUNTIME_CORE_KV_PAGES_H

#include "runtime/core/memory.h"
#include "trafo/artifact.h"

namespace trafo::runtime {

/// Which pages of a pool of the KV cache hold which positions. A sequence has a home in the pool for all the pages it may
/// hold, and its page i lies there where that is free, so that a lone sequence lies contiguously and its table is the
/// identity; else in the lowest free page. Where every row sees a window only, a sequence that holds all the pages it may
/// gives its oldest back for each new one, so it goes round in its home. Entries of positions that hold nothing still name
/// a page of the pool.
class PagePool {
public:
  /// Of `poolPages` pages, whose rows see `window` positions (0: all). `table` is [max_sequences][max_context / 64] page
  /// numbers, the caller's. False when out of memory.
  [[nodiscard]] bool initialize(const Allocator &allocator, const trafo_manifest_t &manifest, uint64_t poolPages,
                                uint64_t window, int32_t *table);

  int32_t size() const { return poolPages; }
  int32_t freePages() const { return freeCount; }

  /// Whether there are pages for a sequence to grow from `length` to `newLength` positions, and taking them.
  bool hasRoom(int32_t sequence, int32_t length, int32_t newLength) const;
  void grow(int32_t sequence, int32_t length, int32_t newLength);
  /// Whether all positions are held that the next row after `newLength` would see, of a sequence that is longer.
  bool reachesBackTo(int32_t sequence, int32_t newLength) const;
  /// Gives the pages of positions from `newLength` on back.
  void truncate(int32_t sequence, int32_t length, int32_t newLength);

private:
  static int32_t pagesFor(int32_t positions) {
    return (positions + static_cast<int32_t>(TRAFO_KV_PAGE_TOKENS) - 1) / static_cast<int32_t>(TRAFO_KV_PAGE_TOKENS);
  }
  int32_t home(int32_t sequence, int32_t index) const;
  /// The first page that is held once positions up to `newLength` - 1 are.
  int32_t firstOf(int32_t sequence, int32_t newLength) const;
  int32_t *rowOf(int32_t sequence) {
    return table + static_cast<size_t>(sequence) * static_cast<size_t>(pagesPerSequence);
  }
  void giveBack(int32_t sequence, int32_t begin, int32_t end);

  int32_t *table = nullptr;
  Array<int32_t> firsts;        ///< [max_sequences] the first page that is held
  Array<uint8_t> used;          ///< [poolPages]
  int32_t pagesPerSequence = 0; ///< entries of a sequence
  int32_t mostPages = 0;        ///< that a sequence holds at once
  int32_t window = 0;           ///< positions a row sees at most; 0: all
  int32_t poolPages = 0;
  int32_t freeCount = 0;
};

/// The sequences' lengths and their pages in the pools of a model (manifest), which grow and shrink together.
class KvPages {
public:
  /// False when out of memory.
  [[nodiscard]] bool initialize(const Allocator &allocator, const trafo_manifest_t &manifest);

  /// [pools][max_sequences][max_context / 64] page numbers.
  const int32_t *table() const { return pages.data(); }
  int32_t length(int32_t sequence) const { return lengths[static_cast<size_t>(sequence)]; }
  const PagePool &pool(int32_t number) const { return pools[number]; }

  /// Makes room for positions up to `newLength` - 1, at most max_rows more (and max_context in all). Returns null; or,
  /// with nothing changed, a pool that has too few pages.
  [[nodiscard]] const PagePool *grow(int32_t sequence, int32_t newLength);
  /// Forgets positions from `newLength` on and gives their pages back. Where some that the next row would see are no
  /// longer held, forgets all: that is never so for the last max_rows positions. Returns the new length.
  int32_t truncate(int32_t sequence, int32_t newLength);

private:
  Array<int32_t> pages;
  Array<int32_t> lengths;
  PagePool pools[2];
  int32_t poolCount = 1;
};

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_CORE_KV_PAGES_H
