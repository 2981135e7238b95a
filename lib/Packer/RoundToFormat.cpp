//===- RoundToFormat.cpp - doubles to the bytes of a float format ---------===//
#include "lib/Packer/RoundToFormat.h"

#include "lib/Import/Quantize.h"

#include <cmath>

using namespace trafo;

/// `value` as a float that rounds to f16 or bf16 as `value` does: cut towards zero, with the last bit set if anything was
/// cut off (rounding to odd, Boldo and Melquiond 2008).
static float roundToOdd(double value) {
  float near = static_cast<float>(value);
  if (!std::isfinite(near) || static_cast<double>(near) == value)
    return near;
  if (std::fabs(static_cast<double>(near)) > std::fabs(value))
    near = std::nextafterf(near, 0.0f);
  uint32_t bits;
  std::memcpy(&bits, &near, 4);
  bits |= 1u;
  std::memcpy(&near, &bits, 4);
  return near;
}

uint16_t trafo::roundToF16(double value) { return f32ToF16(roundToOdd(value)); }
uint16_t trafo::roundToBF16(double value) { return f32ToBF16(roundToOdd(value)); }

void trafo::roundRow(Format format, const double *values, int64_t elements, uint8_t *out) {
  for (int64_t i = 0; i < elements; ++i) {
    if (format == Format::F32) {
      float value = static_cast<float>(values[i]);
      std::memcpy(out + 4 * i, &value, 4);
    } else {
      uint16_t bits = format == Format::F16 ? roundToF16(values[i]) : roundToBF16(values[i]);
      std::memcpy(out + 2 * i, &bits, 2);
    }
  }
}
