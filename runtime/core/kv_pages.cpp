#include "runtime/core/kv_pages.h"

#include <algorithm>

namespace trafo::runtime {

int32_t KvPages::home(int32_t sequence, int32_t index) const {
  // 64-bit: the limits of the manifest allow 2^16 sequences of 2^20 pages.
  int64_t page = static_cast<int64_t>(sequence) * mostPages + index % mostPages;
  return static_cast<int32_t>(page % poolPages);
}

bool KvPages::initialize(const Allocator &allocator, const trafo_manifest_t &manifest) {
  pagesPerSequence = static_cast<int32_t>(manifest.max_context / TRAFO_KV_PAGE_TOKENS);
  mostPages = pagesPerSequence;
  if (manifest.window > 0) {
    window = static_cast<int32_t>(std::min<uint64_t>(manifest.window, manifest.max_context));
    mostPages = std::min(mostPages, pagesFor(window + static_cast<int32_t>(manifest.max_rows)) + 1);
  }
  poolPages = static_cast<int32_t>(manifest.kv_pages);
  freeCount = poolPages;
  if (!pages.allocate(allocator, static_cast<size_t>(manifest.max_sequences) * static_cast<size_t>(pagesPerSequence)) ||
      !lengths.allocate(allocator, manifest.max_sequences) || !firsts.allocate(allocator, manifest.max_sequences) ||
      !used.allocate(allocator, manifest.kv_pages))
    return false;
  for (int32_t sequence = 0; sequence < static_cast<int32_t>(manifest.max_sequences); ++sequence)
    for (int32_t i = 0; i < pagesPerSequence; ++i)
      rowOf(sequence)[i] = home(sequence, i);
  return true;
}

bool KvPages::grow(int32_t sequence, int32_t newLength) {
  int32_t have = pagesFor(length(sequence)), want = pagesFor(newLength);
  int32_t &first = firsts[static_cast<size_t>(sequence)];
  int32_t newFirst = std::max(first, want - mostPages);
  if (want - have > freeCount + newFirst - first)
    return false;
  giveBack(sequence, first, newFirst);
  first = newFirst;
  for (int32_t i = have; i < want; ++i) {
    int32_t page = home(sequence, i);
    if (used[static_cast<size_t>(page)])
      for (page = 0; used[static_cast<size_t>(page)];)
        ++page;
    used[static_cast<size_t>(page)] = 1;
    rowOf(sequence)[i] = page;
    --freeCount;
  }
  if (newLength > length(sequence))
    lengths[static_cast<size_t>(sequence)] = newLength;
  return true;
}

int32_t KvPages::truncate(int32_t sequence, int32_t newLength) {
  int32_t &first = firsts[static_cast<size_t>(sequence)], have = pagesFor(length(sequence));
  if (newLength >= length(sequence))
    return length(sequence);
  // The next row sees `window` positions, the last of them its own.
  int32_t seen = std::max(0, newLength + 1 - window) / static_cast<int32_t>(TRAFO_KV_PAGE_TOKENS);
  if (first > 0 && seen < first)
    newLength = 0;
  giveBack(sequence, std::max(first, pagesFor(newLength)), have);
  if (newLength == 0)
    first = 0;
  lengths[static_cast<size_t>(sequence)] = newLength;
  return newLength;
}

void KvPages::giveBack(int32_t sequence, int32_t begin, int32_t end) {
  for (int32_t i = begin; i < end; ++i) {
    int32_t &page = rowOf(sequence)[i];
    used[static_cast<size_t>(page)] = 0;
    page = home(sequence, i);
    ++freeCount;
  }
}

} // namespace trafo::runtime
