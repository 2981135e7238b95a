// UTF-8 by the table of well-formed sequences in the Unicode standard: no overlong forms, no surrogates.
#include "runtime/text/utf8.h"

namespace trafo::text {

Utf8Start classifyUtf8(std::string_view text, size_t *length) {
  const auto byte = [&](size_t index) { return static_cast<uint8_t>(text[index]); };
  const uint8_t lead = byte(0);
  *length = 1;
  if (lead < 0x80)
    return Utf8Start::Character;
  if (lead < 0xC2 || lead > 0xF4)
    return Utf8Start::Invalid;
  const size_t need = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // Only the second byte has a range of its own.
  uint8_t low = 0x80, high = 0xBF;
  if (lead == 0xE0)
    low = 0xA0;
  else if (lead == 0xED)
    high = 0x9F;
  else if (lead == 0xF0)
    low = 0x90;
  else if (lead == 0xF4)
    high = 0x8F;
  for (size_t index = 1; index < need; ++index) {
    *length = index;
    if (index == text.size())
      return Utf8Start::Incomplete;
    if (byte(index) < low || byte(index) > high)
      return Utf8Start::Invalid;
    low = 0x80;
    high = 0xBF;
  }
  *length = need;
  return Utf8Start::Character;
}

size_t wellFormedPrefix(std::string_view text) {
  size_t position = 0;
  while (position < text.size()) {
    size_t length;
    if (classifyUtf8(text.substr(position), &length) != Utf8Start::Character)
      break;
    position += length;
  }
  return position;
}

uint32_t decodeUtf8(std::string_view sequence) {
  const auto byte = [&](size_t index) { return static_cast<uint32_t>(static_cast<uint8_t>(sequence[index])); };
  switch (sequence.size()) {
  case 1:
    return byte(0);
  case 2:
    return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
  case 3:
    return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
  default:
    return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
  }
}

void appendUtf8(uint32_t codePoint, std::string *out) {
  const auto put = [&](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  const auto putTail = [&](unsigned shift) { put(0x80 | (codePoint >> shift & 0x3F)); };
  if (codePoint < 0x80) {
    put(codePoint);
  } else if (codePoint < 0x800) {
    put(0xC0 | codePoint >> 6);
    putTail(0);
  } else if (codePoint < 0x10000) {
    put(0xE0 | codePoint >> 12);
    putTail(6);
    putTail(0);
  } else {
    put(0xF0 | codePoint >> 18);
    putTail(12);
    putTail(6);
    putTail(0);
  }
}

bool isSpace(uint32_t codePoint) {
  return (codePoint >= 0x09 && codePoint <= 0x0D) || (codePoint >= 0x1C && codePoint <= 0x20) || codePoint == 0x85 ||
         codePoint == 0xA0 || codePoint == 0x1680 || (codePoint >= 0x2000 && codePoint <= 0x200A) ||
         codePoint == 0x2028 || codePoint == 0x2029 || codePoint == 0x202F || codePoint == 0x205F ||
         codePoint == 0x3000;
}

std::string_view trimSpace(std::string_view text, bool front, bool back) {
  while (front && !text.empty()) {
    size_t length;
    if (classifyUtf8(text, &length) != Utf8Start::Character || !isSpace(decodeUtf8(text.substr(0, length))))
      break;
    text.remove_prefix(length);
  }
  while (back && !text.empty()) {
    // The last character starts at the last byte that is no continuation byte, at most four bytes back.
    size_t length = 1;
    while (length < 4 && length < text.size() && (static_cast<uint8_t>(text[text.size() - length]) & 0xC0) == 0x80)
      ++length;
    const std::string_view last = text.substr(text.size() - length);
    size_t spanned;
    if (classifyUtf8(last, &spanned) != Utf8Start::Character || spanned != length || !isSpace(decodeUtf8(last)))
      break;
    text.remove_suffix(length);
  }
  return text;
}

} // namespace trafo::text
