#include "runtime/text/byte_pair_merger.h"

#include <algorithm>
#include <functional>

namespace trafo::text {
namespace {
constexpr uint32_t kNone = 0xffffffffu;
}

void BytePairMerger::consider(uint32_t left) {
  const uint32_t right = symbols[left].next;
  trafo_text_merge_t merge;
  if (right == kNone || !section.findMerge(static_cast<uint32_t>(symbols[left].token),
                                           static_cast<uint32_t>(symbols[right].token), &merge))
    return;
  heap.push_back(uint64_t{merge.rank} << 32 | left);
}

void BytePairMerger::encode(std::string_view word, std::vector<int32_t> *out, size_t *dropped) {
  symbols.clear();
  for (char byte : word) {
    const int32_t token = section.byteToken(static_cast<uint8_t>(byte));
    if (token < 0) {
      ++*dropped;
      continue;
    }
    const auto index = static_cast<uint32_t>(symbols.size());
    symbols.push_back({token, index == 0 ? kNone : index - 1, index + 1});
  }
  if (symbols.empty())
    return;
  symbols.back().next = kNone;

  heap.clear();
  for (uint32_t left = 0; left + 1 < symbols.size(); ++left)
    consider(left);
  std::make_heap(heap.begin(), heap.end(), std::greater<>());
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    const auto left = static_cast<uint32_t>(heap.back());
    const auto rank = static_cast<uint32_t>(heap.back() >> 32);
    heap.pop_back();
    Symbol &symbol = symbols[left];
    if (symbol.token < 0 || symbol.next == kNone)
      continue;
    const uint32_t right = symbol.next;
    trafo_text_merge_t merge;
    if (!section.findMerge(static_cast<uint32_t>(symbol.token), static_cast<uint32_t>(symbols[right].token), &merge) ||
        merge.rank != rank)
      continue;
    symbol.token = static_cast<int32_t>(merge.result);
    symbol.next = symbols[right].next;
    symbols[right].token = -1;
    if (symbol.next != kNone)
      symbols[symbol.next].previous = left;
    for (uint32_t changed : {symbol.previous, left})
      if (changed != kNone) {
        const size_t before = heap.size();
        consider(changed);
        if (heap.size() != before)
          std::push_heap(heap.begin(), heap.end(), std::greater<>());
      }
  }
  for (uint32_t index = 0; index != kNone; index = symbols[index].next)
    out->push_back(symbols[index].token);
}

} // namespace trafo::text
