//===- Checked.h - arithmetic that remembers having overflowed ------------===//
#ifndef TRAFO_IMPORT_CHECKED_H
#define TRAFO_IMPORT_CHECKED_H

#include <optional>
#include <type_traits>

namespace trafo {

/// An integer from a file. Every operation checks for overflow; once one has, the value is gone for good and `get()`
/// is empty. Raw arithmetic on numbers from files is not done anywhere in the readers.
template <class T> class Checked {
  static_assert(std::is_unsigned_v<T>, "numbers in files are checked as unsigned");

public:
  constexpr Checked(T value) : value(value) {}

  constexpr bool ok() const { return valid; }
  constexpr std::optional<T> get() const { return valid ? std::optional<T>(value) : std::nullopt; }

  friend constexpr Checked operator+(Checked a, Checked b) {
    return apply(a, b, [](T x, T y, T *out) { return __builtin_add_overflow(x, y, out); });
  }
  friend constexpr Checked operator-(Checked a, Checked b) {
    return apply(a, b, [](T x, T y, T *out) { return __builtin_sub_overflow(x, y, out); });
  }
  friend constexpr Checked operator*(Checked a, Checked b) {
    return apply(a, b, [](T x, T y, T *out) { return __builtin_mul_overflow(x, y, out); });
  }
  /// The next multiple of `alignment`, a power of two.
  constexpr Checked alignTo(T alignment) const {
    Checked sum = *this + Checked(alignment - 1);
    sum.value &= ~(alignment - 1);
    return sum;
  }

private:
  template <class Op> static constexpr Checked apply(Checked a, Checked b, Op op) {
    Checked out(0);
    out.valid = !op(a.value, b.value, &out.value) && a.valid && b.valid;
    return out;
  }
  T value;
  bool valid = true;
};

} // namespace trafo

#endif // TRAFO_IMPORT_CHECKED_H
