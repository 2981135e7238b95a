#ifndef TRAFO_RUNTIME_TEXT_UTF8_H
#define TRAFO_RUNTIME_TEXT_UTF8_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace trafo::text {

/// What stands at the start of a byte string.
enum class Utf8Start {
  Character,  ///< a well-formed sequence of `length` bytes
  Incomplete, ///< all `length` bytes of the text are the start of a well-formed sequence
  Invalid     ///< `length` bytes are a maximal ill-formed part (Unicode 15, chapter 3, table 3-7)
};

/// Classifies the start of a non-empty \p text; writes the number of bytes it spans.
Utf8Start classifyUtf8(std::string_view text, size_t *length);

/// The number of bytes at the start of \p text that are well-formed UTF-8.
size_t wellFormedPrefix(std::string_view text);

/// Writes the code point of a well-formed sequence.
uint32_t decodeUtf8(std::string_view sequence);

/// Appends a code point below 0x110000 that is no surrogate.
void appendUtf8(uint32_t codePoint, std::string *out);

/// Unicode's White_Space, and the four separators U+001C to U+001F: what Python's str.strip() removes, which chat
/// templates are written for.
bool isSpace(uint32_t codePoint);

/// \p text without white space at its ends. Ill-formed bytes are not white space.
std::string_view trimSpace(std::string_view text, bool front = true, bool back = true);

} // namespace trafo::text

#endif // TRAFO_RUNTIME_TEXT_UTF8_H
