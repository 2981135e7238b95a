#ifndef TRAFO_RUNTIME_TEXT_SECTION_VIEW_H
#define TRAFO_RUNTIME_TEXT_SECTION_VIEW_H

#include "runtime/text/status.h"
#include "trafo/text_section.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace trafo::text {

/// A checked TEXT section. After `open` has said yes, every accessor stays inside the section for every argument it
/// allows; what the section says may still be nonsense (the loader's hash guards that), but never a wild read.
class SectionView {
public:
  /// Checks sizes, offsets, ids and the order of every table that is walked by offset. Order that only decides what a
  /// binary search finds is left to the section's hash. Error: TRAFO-TEXT-0001, naming table, value and limit.
  static Status open(const uint8_t *section, size_t size, SectionView *out);

  trafo_text_header_t header{};
  trafo_text_chat_t chat{}; ///< all zero without a template

  bool hasChat() const { return header.chat.size != 0; }
  uint32_t tokenCount() const { return header.token_count; }
  bool isToken(int64_t id) const { return id >= 0 && id < static_cast<int64_t>(header.token_count); }

  /// \p id is a token.
  std::string_view tokenBytes(uint32_t id) const {
    const uint32_t begin = word(header.token_offsets, id);
    return {reinterpret_cast<const char *>(base) + header.token_bytes.offset + begin,
            word(header.token_offsets, id + 1) - begin};
  }
  /// \p id is a token.
  uint8_t tokenType(uint32_t id) const { return base[header.token_types.offset + id]; }
  /// -1: the vocabulary has no token for this byte.
  int32_t byteToken(uint8_t byte) const { return static_cast<int32_t>(word(header.byte_tokens, byte)); }
  uint32_t endTokenCount() const { return header.end_tokens.size / 4; }
  uint32_t endToken(uint32_t index) const { return word(header.end_tokens, index); }
  uint32_t specialCount() const { return header.specials.size / 4; }
  uint32_t special(uint32_t index) const { return word(header.specials, index); }

  /// The merge of two tokens. False: these two do not merge.
  bool findMerge(uint32_t left, uint32_t right, trafo_text_merge_t *out) const;
  /// The normal token spelled exactly so, or -1. Always -1 without TRAFO_TEXT_WHOLE_WORDS.
  int32_t findWord(std::string_view bytes) const;
  /// The bytes of a checked span.
  std::string_view text(trafo_text_span_t span) const {
    return {reinterpret_cast<const char *>(base) + span.offset, span.size};
  }

private:
  uint32_t word(trafo_text_span_t table, uint32_t index) const {
    uint32_t value;
    std::memcpy(&value, base + table.offset + size_t{4} * index, 4);
    return value;
  }
  trafo_text_merge_t merge(uint32_t index) const {
    trafo_text_merge_t value;
    std::memcpy(&value, base + header.merges.offset + sizeof(value) * index, sizeof(value));
    return value;
  }
  Status checkSpans() const;
  Status checkTokens() const;
  Status checkMerges() const;
  Status checkIds() const;
  Status checkChat();

  const uint8_t *base = nullptr;
};

} // namespace trafo::text

#endif // TRAFO_RUNTIME_TEXT_SECTION_VIEW_H
