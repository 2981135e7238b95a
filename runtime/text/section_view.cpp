// Checks a TEXT section once, so that everything after it may read the tables without looking back.
#include "runtime/text/section_view.h"

#include <string>

namespace trafo::text {
namespace {

static_assert(sizeof(trafo_text_merge_t) == 12, "layout of trafo_text_merge_t");
static_assert(sizeof(trafo_text_chat_t) == 160, "layout of trafo_text_chat_t");
static_assert(sizeof(trafo_text_header_t) == 160, "layout of trafo_text_header_t");

Status bad(const std::string &where, uint64_t value, uint64_t limit) {
  return Status::badSection("TEXT section: " + where + " is " + std::to_string(value) + ", limit " +
                            std::to_string(limit) + "; the file is damaged, compile the model again");
}

Status bad(const std::string &what) {
  return Status::badSection("TEXT section: " + what + "; the file is damaged, compile the model again");
}

} // namespace

Status SectionView::open(const uint8_t *section, size_t size, SectionView *out) {
  SectionView view;
  if (size < sizeof(view.header))
    return bad("size in bytes", size, sizeof(view.header));
  if (size > TRAFO_TEXT_MAX_SECTION_BYTES)
    return bad("size in bytes", size, TRAFO_TEXT_MAX_SECTION_BYTES);
  view.base = section;
  std::memcpy(&view.header, section, sizeof(view.header));
  if (std::memcmp(view.header.magic, TRAFO_TEXT_MAGIC, sizeof(view.header.magic)) != 0)
    return bad("the magic number is not '" TRAFO_TEXT_MAGIC "'");
  if (view.header.version != TRAFO_TEXT_VERSION)
    return Status::badSection("TEXT section: version is " + std::to_string(view.header.version) +
                              ", this program reads " + std::to_string(TRAFO_TEXT_VERSION) +
                              "; compile the model again");
  if (view.header.size != size)
    return bad("size in the header", view.header.size, size);
  for (uint32_t word : view.header.reserved)
    if (word != 0)
      return bad("a reserved field", word, 0);
  for (auto check :
       {&SectionView::checkSpans, &SectionView::checkTokens, &SectionView::checkMerges, &SectionView::checkIds})
    if (Status status = (view.*check)(); !status.ok())
      return status;
  if (Status status = view.checkChat(); !status.ok())
    return status;
  *out = view;
  return Status::success();
}

Status SectionView::checkSpans() const {
  const uint64_t tokens = header.token_count;
  if (tokens == 0 || tokens > TRAFO_TEXT_MAX_TOKENS)
    return bad("token_count", tokens, TRAFO_TEXT_MAX_TOKENS);
  constexpr uint64_t kAnySize = ~uint64_t{0};
  const struct {
    const char *name;
    trafo_text_span_t span;
    uint64_t size; ///< what it must be
    uint32_t element;
  } spans[] = {{"pre_tokenizer", header.pre_tokenizer, kAnySize, 1},
               {"token_offsets", header.token_offsets, 4 * (tokens + 1), 4},
               {"token_bytes", header.token_bytes, kAnySize, 1},
               {"token_types", header.token_types, tokens, 1},
               {"byte_tokens", header.byte_tokens, 4 * 256, 4},
               {"merge_rows", header.merge_rows, 4 * (tokens + 1), 4},
               {"merges", header.merges, kAnySize, sizeof(trafo_text_merge_t)},
               {"words", header.words, kAnySize, 4},
               {"specials", header.specials, kAnySize, 4},
               {"end_tokens", header.end_tokens, kAnySize, 4},
               {"chat", header.chat, kAnySize, sizeof(trafo_text_chat_t)}};
  for (const auto &entry : spans) {
    if (entry.span.offset > header.size)
      return bad(std::string("offset of ") + entry.name, entry.span.offset, header.size);
    if (entry.span.size > header.size - entry.span.offset)
      return bad(std::string("size of ") + entry.name, entry.span.size, header.size - entry.span.offset);
    if (entry.size != kAnySize && entry.span.size != entry.size)
      return bad(std::string("size of ") + entry.name, entry.span.size, entry.size);
    if (entry.span.size % entry.element != 0)
      return bad(std::string("size of ") + entry.name + " (not a multiple of its element)", entry.span.size,
                 entry.element);
  }
  if (header.merges.size / sizeof(trafo_text_merge_t) > TRAFO_TEXT_MAX_MERGES)
    return bad("number of merges", header.merges.size / sizeof(trafo_text_merge_t), TRAFO_TEXT_MAX_MERGES);
  if (specialCount() > TRAFO_TEXT_MAX_SPECIALS)
    return bad("number of special tokens", specialCount(), TRAFO_TEXT_MAX_SPECIALS);
  if (header.chat.size > sizeof(trafo_text_chat_t))
    return bad("size of chat", header.chat.size, sizeof(trafo_text_chat_t));
  return Status::success();
}

Status SectionView::checkTokens() const {
  uint32_t end = 0;
  for (uint32_t id = 0; id < header.token_count; ++id) {
    const uint32_t begin = word(header.token_offsets, id);
    const uint32_t next = word(header.token_offsets, id + 1);
    if (begin != end || next < begin)
      return bad("offset of token " + std::to_string(id), begin, end);
    if (next - begin > TRAFO_TEXT_MAX_TOKEN_BYTES)
      return bad("length of token " + std::to_string(id), next - begin, TRAFO_TEXT_MAX_TOKEN_BYTES);
    end = next;
    const uint8_t type = tokenType(id);
    if (type < 1 || type > 6)
      return bad("type of token " + std::to_string(id), type, 6);
  }
  if (end != header.token_bytes.size)
    return bad("end of the last token", end, header.token_bytes.size);
  return Status::success();
}

Status SectionView::checkMerges() const {
  const uint32_t count = header.merges.size / static_cast<uint32_t>(sizeof(trafo_text_merge_t));
  uint32_t end = 0;
  for (uint32_t id = 0; id <= header.token_count; ++id) {
    const uint32_t row = word(header.merge_rows, id);
    if (row < end || row > count || (id == 0 && row != 0))
      return bad("merge row of token " + std::to_string(id), row, count);
    end = row;
  }
  if (end != count)
    return bad("end of the merge rows", end, count);
  for (uint32_t index = 0; index < count; ++index) {
    const trafo_text_merge_t entry = merge(index);
    if (entry.right >= header.token_count || entry.result >= header.token_count)
      return bad("token id in merge " + std::to_string(index), entry.right > entry.result ? entry.right : entry.result,
                 header.token_count - 1);
  }
  return Status::success();
}

Status SectionView::checkIds() const {
  const struct {
    const char *name;
    trafo_text_span_t table;
  } tables[] = {{"words", header.words}, {"specials", header.specials}, {"end_tokens", header.end_tokens}};
  for (const auto &entry : tables)
    for (uint32_t index = 0; index < entry.table.size / 4; ++index)
      if (uint32_t id = word(entry.table, index); id >= header.token_count)
        return bad(std::string("token id in ") + entry.name, id, header.token_count - 1);
  for (uint32_t byte = 0; byte < 256; ++byte)
    if (int32_t id = byteToken(static_cast<uint8_t>(byte)); id != -1 && !isToken(id))
      return bad("token of byte " + std::to_string(byte), static_cast<uint32_t>(id), header.token_count - 1);
  for (int32_t id : {header.bos, header.eos, header.unknown, header.padding})
    if (id != -1 && !isToken(id))
      return bad("id of a special token", static_cast<uint32_t>(id), header.token_count - 1);
  // The matcher skips what it matches: an empty special token would stand still.
  for (uint32_t index = 0; index < specialCount(); ++index)
    if (tokenBytes(special(index)).empty())
      return bad("special token " + std::to_string(special(index)) + " is empty");
  return Status::success();
}

Status SectionView::checkChat() {
  if (!hasChat())
    return Status::success();
  std::memcpy(&chat, base + header.chat.offset, sizeof(chat));
  // The spans fill the structure from its start up to `trims`.
  constexpr size_t kSpans = offsetof(trafo_text_chat_t, trims) / sizeof(trafo_text_span_t);
  trafo_text_span_t spans[kSpans];
  std::memcpy(spans, &chat, sizeof(spans));
  for (const trafo_text_span_t &span : spans) {
    if (span.offset == TRAFO_TEXT_REFUSED)
      continue;
    if (span.offset > header.size || span.size > header.size - span.offset)
      return bad("end of a text of the chat template", uint64_t{span.offset} + span.size, header.size);
  }
  for (uint32_t trims : chat.trims)
    if (trims >= TRAFO_TRIM_CHOICES)
      return bad("a trim flag of the chat template", trims, TRAFO_TRIM_CHOICES - 1);
  if (chat.reserved != 0)
    return bad("a reserved field of the chat template", chat.reserved, 0);
  return Status::success();
}

bool SectionView::findMerge(uint32_t left, uint32_t right, trafo_text_merge_t *out) const {
  uint32_t low = word(header.merge_rows, left);
  uint32_t high = word(header.merge_rows, left + 1);
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    const trafo_text_merge_t entry = merge(middle);
    if (entry.right == right) {
      *out = entry;
      return true;
    }
    if (entry.right < right)
      low = middle + 1;
    else
      high = middle;
  }
  return false;
}

int32_t SectionView::findWord(std::string_view bytes) const {
  uint32_t low = 0;
  uint32_t high = header.words.size / 4;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    const uint32_t id = word(header.words, middle);
    const int order = tokenBytes(id).compare(bytes);
    if (order == 0)
      return static_cast<int32_t>(id);
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return -1;
}

} // namespace trafo::text
