#ifndef TRAFO_RUNTIME_CORE_CHECKED_H
#define TRAFO_RUNTIME_CORE_CHECKED_H

#include <cstddef>
#include <cstdint>

namespace trafo::runtime {

/// Arithmetic on numbers that come from files: false instead of wrapping around.
[[nodiscard]] inline bool checkedAdd(uint64_t a, uint64_t b, uint64_t *out) {
  return !__builtin_add_overflow(a, b, out);
}
[[nodiscard]] inline bool checkedMul(uint64_t a, uint64_t b, uint64_t *out) {
  return !__builtin_mul_overflow(a, b, out);
}

/// Whether [offset, offset + size) lies in [0, limit).
[[nodiscard]] inline bool inRange(uint64_t offset, uint64_t size, uint64_t limit) {
  return offset <= limit && size <= limit - offset;
}

inline bool isZero(const uint64_t *words, size_t count) {
  uint64_t any = 0;
  for (size_t i = 0; i < count; ++i)
    any |= words[i];
  return any == 0;
}

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_CORE_CHECKED_H
