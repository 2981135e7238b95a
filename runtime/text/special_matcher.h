#ifndef TRAFO_RUNTIME_TEXT_SPECIAL_MATCHER_H
#define TRAFO_RUNTIME_TEXT_SPECIAL_MATCHER_H

#include "runtime/text/section_view.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace trafo::text {

/// Finds control and user-defined tokens in text: the leftmost, and of those the longest. Works on the section's sorted
/// list as on a suffix array, so that a family of tokens sharing long prefixes costs no table.
class SpecialMatcher {
public:
  SpecialMatcher() = default;
  explicit SpecialMatcher(const SectionView &section);

  /// The first special token of \p text at or after \p from: writes its id and where it begins and ends.
  bool find(const SectionView &section, std::string_view text, size_t from, int32_t *id, size_t *begin,
            size_t *end) const;

private:
  bool firstBytes[256] = {};
};

} // namespace trafo::text

#endif // TRAFO_RUNTIME_TEXT_SPECIAL_MATCHER_H
