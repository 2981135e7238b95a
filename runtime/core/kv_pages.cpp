#include "runtime/core/kv_pages.h"

#include <algorithm>

namespace trafo::runtime {

bool PagePool::initialize(const Allocator &allocator, const trafo_manifest_t &manifest, uint64_t poolPages,
                          uint64_t window, int32_t *table) {
  this->table = table;
  this->poolPages = static_cast<int32_t>(poolPages);
  freeCount = this->poolPages;
  pagesPerSequence = static_cast<int32_t>(manifest.max_context / TRAFO_KV_PAGE_TOKENS);
  mostPages = pagesPerSequence;
  if (window > 0) {
    this->window = static_cast<int32_t>(std::min<uint64_t>(window, manifest.max_context));
    mostPages = std::min(mostPages, pagesFor(this->window + static_cast<int32_t>(manifest.max_rows)) + 1);
  }
  if (!firsts.allocate(allocator, manifest.max_sequences) || !used.allocate(allocator, poolPages))
    return false;
  for (int32_t sequence = 0; sequence < static_cast<int32_t>(manifest.max_sequences); ++sequence)
    for (int32_t i = 0; i < pagesPerSequence; ++i)
      rowOf(sequence)[i] = home(sequence, i);
  return true;
}

int32_t PagePool::home(int32_t sequence, int32_t index) const {
  // 64-bit: the limits of the manifest allow 2^16 sequences of 2^20 pages.
  int64_t page = static_cast<int64_t>(sequence) * mostPages + index % mostPages;
  return static_cast<int32_t>(page % poolPages);
}

int32_t PagePool::firstOf(int32_t sequence, int32_t newLength) const {
  return std::max(firsts[static_cast<size_t>(sequence)], pagesFor(newLength) - mostPages);
}

bool PagePool::hasRoom(int32_t sequence, int32_t length, int32_t newLength) const {
  int32_t given = firstOf(sequence, newLength) - firsts[static_cast<size_t>(sequence)];
  return pagesFor(newLength) - pagesFor(length) <= freeCount + given;
}

void PagePool::grow(int32_t sequence, int32_t length, int32_t newLength) {
  int32_t &first = firsts[static_cast<size_t>(sequence)], newFirst = firstOf(sequence, newLength);
  giveBack(sequence, first, newFirst);
  first = newFirst;
  for (int32_t i = pagesFor(length), want = pagesFor(newLength); i < want; ++i) {
    int32_t page = home(sequence, i);
    if (used[static_cast<size_t>(page)])
      for (page = 0; used[static_cast<size_t>(page)];)
        ++page;
    used[static_cast<size_t>(page)] = 1;
    rowOf(sequence)[i] = page;
    --freeCount;
  }
}

bool PagePool::reachesBackTo(int32_t sequence, int32_t newLength) const {
  int32_t first = firsts[static_cast<size_t>(sequence)];
  // The next row sees `window` positions, the last of them its own.
  int32_t seen = std::max(0, newLength + 1 - window) / static_cast<int32_t>(TRAFO_KV_PAGE_TOKENS);
  return first == 0 || seen >= first;
}

void PagePool::truncate(int32_t sequence, int32_t length, int32_t newLength) {
  int32_t &first = firsts[static_cast<size_t>(sequence)];
  giveBack(sequence, std::max(first, pagesFor(newLength)), pagesFor(length));
  if (newLength == 0)
    first = 0;
}

void PagePool::giveBack(int32_t sequence, int32_t begin, int32_t end) {
  for (int32_t i = begin; i < end; ++i) {
    int32_t &page = rowOf(sequence)[i];
    used[static_cast<size_t>(page)] = 0;
    page = home(sequence, i);
    ++freeCount;
  }
}

bool KvPages::initialize(const Allocator &allocator, const trafo_manifest_t &manifest) {
  bool isMixed = manifest.window_pages > 0;
  poolCount = isMixed ? 2 : 1;
  size_t entries = static_cast<size_t>(manifest.max_sequences) * (manifest.max_context / TRAFO_KV_PAGE_TOKENS);
  if (!pages.allocate(allocator, static_cast<size_t>(poolCount) * entries) ||
      !lengths.allocate(allocator, manifest.max_sequences))
    return false;
  return pools[0].initialize(allocator, manifest, manifest.kv_pages, isMixed ? 0 : manifest.window, pages.data()) &&
         (!isMixed ||
          pools[1].initialize(allocator, manifest, manifest.window_pages, manifest.window, pages.data() + entries));
}

const PagePool *KvPages::grow(int32_t sequence, int32_t newLength) {
  int32_t &length = lengths[static_cast<size_t>(sequence)];
  for (int32_t i = 0; i < poolCount; ++i)
    if (!pools[i].hasRoom(sequence, length, newLength))
      return &pools[i];
  for (int32_t i = 0; i < poolCount; ++i)
    pools[i].grow(sequence, length, newLength);
  length = std::max(length, newLength);
  return nullptr;
}

int32_t KvPages::truncate(int32_t sequence, int32_t newLength) {
  int32_t &length = lengths[static_cast<size_t>(sequence)];
  if (newLength >= length)
    return length;
  for (int32_t i = 0; i < poolCount; ++i)
    if (!pools[i].reachesBackTo(sequence, newLength))
      newLength = 0;
  for (int32_t i = 0; i < poolCount; ++i)
    pools[i].truncate(sequence, length, newLength);
  length = newLength;
  return newLength;
}

} // namespace trafo::runtime
