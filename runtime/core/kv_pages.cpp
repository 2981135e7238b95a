#include "runtime/core/kv_pages.h"

namespace trafo::runtime {

int32_t KvPages::home(int32_t sequence, int32_t index) const {
  // 64-bit: the limits of the manifest allow 2^16 sequences of 2^20 pages.
  int64_t page = static_cast<int64_t>(sequence) * pagesPerSequence + index;
  return static_cast<int32_t>(page % poolPages);
}

bool KvPages::initialize(const Allocator &allocator, const trafo_manifest_t &manifest) {
  pagesPerSequence = static_cast<int32_t>(manifest.max_context / TRAFO_KV_PAGE_TOKENS);
  poolPages = static_cast<int32_t>(manifest.kv_pages);
  freeCount = poolPages;
  if (!pages.allocate(allocator, static_cast<size_t>(manifest.max_sequences) * static_cast<size_t>(pagesPerSequence)) ||
      !lengths.allocate(allocator, manifest.max_sequences) || !used.allocate(allocator, manifest.kv_pages))
    return false;
  for (int32_t sequence = 0; sequence < static_cast<int32_t>(manifest.max_sequences); ++sequence)
    for (int32_t i = 0; i < pagesPerSequence; ++i)
      pages[static_cast<size_t>(sequence) * static_cast<size_t>(pagesPerSequence) + static_cast<size_t>(i)] =
          home(sequence, i);
  return true;
}

bool KvPages::grow(int32_t sequence, int32_t newLength) {
  int32_t have = pagesFor(length(sequence)), want = pagesFor(newLength);
  if (want - have > freeCount)
    return false;
  int32_t *row = pages.data() + static_cast<size_t>(sequence) * static_cast<size_t>(pagesPerSequence);
  for (int32_t i = have; i < want; ++i) {
    int32_t page = home(sequence, i);
    if (used[static_cast<size_t>(page)])
      for (page = 0; used[static_cast<size_t>(page)];)
        ++page;
    used[static_cast<size_t>(page)] = 1;
    row[i] = page;
    --freeCount;
  }
  if (newLength > length(sequence))
    lengths[static_cast<size_t>(sequence)] = newLength;
  return true;
}

void KvPages::truncate(int32_t sequence, int32_t newLength) {
  int32_t have = pagesFor(length(sequence)), keep = pagesFor(newLength);
  int32_t *row = pages.data() + static_cast<size_t>(sequence) * static_cast<size_t>(pagesPerSequence);
  for (int32_t i = keep; i < have; ++i) {
    used[static_cast<size_t>(row[i])] = 0;
    row[i] = home(sequence, i);
    ++freeCount;
  }
  if (newLength < length(sequence))
    lengths[static_cast<size_t>(sequence)] = newLength;
}

} // namespace trafo::runtime
