#include "runtime/text/special_matcher.h"

namespace trafo::text {
namespace {

/// The byte of a special token at \p depth, -1 past its end: shorter strings sort first.
int byteAt(const SectionView &section, uint32_t index, size_t depth) {
  const std::string_view bytes = section.tokenBytes(section.special(index));
  return depth < bytes.size() ? static_cast<uint8_t>(bytes[depth]) : -1;
}

/// The first index in [low, high), whose entries agree up to \p depth, with a byte at \p depth of at least \p byte.
uint32_t lowerBound(const SectionView &section, uint32_t low, uint32_t high, size_t depth, int byte) {
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (byteAt(section, middle, depth) < byte)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

} // namespace

SpecialMatcher::SpecialMatcher(const SectionView &section) {
  for (uint32_t index = 0; index < section.specialCount(); ++index)
    firstBytes[byteAt(section, index, 0)] = true;
}

bool SpecialMatcher::find(const SectionView &section, std::string_view text, size_t from, int32_t *id, size_t *begin,
                          size_t *end) const {
  for (size_t start = from; start < text.size(); ++start) {
    if (!firstBytes[static_cast<uint8_t>(text[start])])
      continue;
    uint32_t low = 0;
    uint32_t high = section.specialCount();
    bool found = false;
    for (size_t depth = 0; low < high; ++depth) {
      if (depth > 0 && byteAt(section, low, depth) == -1) {
        found = true;
        *id = static_cast<int32_t>(section.special(low));
        *end = start + depth;
      }
      if (start + depth == text.size())
        break;
      const int byte = static_cast<uint8_t>(text[start + depth]);
      low = lowerBound(section, low, high, depth, byte);
      high = lowerBound(section, low, high, depth, byte + 1);
    }
    if (found) {
      *begin = start;
      return true;
    }
  }
  return false;
}

} // namespace trafo::text
