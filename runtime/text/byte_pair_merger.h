#ifndef TRAFO_RUNTIME_TEXT_BYTE_PAIR_MERGER_H
#define TRAFO_RUNTIME_TEXT_BYTE_PAIR_MERGER_H

#include "runtime/text/section_view.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace trafo::text {

/// Byte-pair encoding of one word at a time: of all neighbours that merge, those of lowest rank do, the leftmost first,
/// until none is left (Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units"). A linked
/// list of symbols and a heap of candidates: O(n log n) for a word of n bytes. Keeps its buffers from word to word.
class BytePairMerger {
public:
  explicit BytePairMerger(const SectionView &section) : section(section) {}

  /// Appends the tokens of \p word (at most 2^31 bytes) to \p out. Bytes without a token are left out and counted.
  void encode(std::string_view word, std::vector<int32_t> *out, size_t *dropped);

private:
  struct Symbol {
    int32_t token; ///< -1: merged into its left neighbour
    uint32_t previous;
    uint32_t next;
  };
  void consider(uint32_t left);

  const SectionView &section;
  std::vector<Symbol> symbols;
  /// (rank << 32 | position of the left symbol), least first. An entry whose pair has changed since is stale: its rank
  /// no longer is that of the pair.
  std::vector<uint64_t> heap;
};

} // namespace trafo::text

#endif // TRAFO_RUNTIME_TEXT_BYTE_PAIR_MERGER_H
