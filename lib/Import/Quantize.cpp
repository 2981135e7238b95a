#include "lib/Import/Quantize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace trafo;

namespace {

uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

void store16(uint8_t *out, uint16_t bits) {
  out[0] = static_cast<uint8_t>(bits);
  out[1] = static_cast<uint8_t>(bits >> 8);
}

/// `value` without its fraction, clamped to [least, most]; NaN becomes 0 before clamping.
int toCode(float value, int least, int most) {
  if (std::isnan(value))
    value = 0;
  return static_cast<int>(std::min(std::max(value, static_cast<float>(least)), static_cast<float>(most)));
}

float inverse(float d) { return d == 0 ? 0.0f : 1.0f / d; }

constexpr int kBlock = 32;

/// Codes of 4 or 5 bits: nibbles of element i and i + 16 share a byte, fifth bits lie in four bytes before them.
void packCodes(const int (&codes)[kBlock], bool fiveBits, uint8_t *out) {
  if (fiveBits) {
    uint32_t high = 0;
    for (int i = 0; i < kBlock; ++i)
      high |= static_cast<uint32_t>((codes[i] >> 4) & 1) << i;
    for (int i = 0; i < 4; ++i)
      *out++ = static_cast<uint8_t>(high >> (8 * i));
  }
  for (int i = 0; i < kBlock / 2; ++i)
    out[i] = static_cast<uint8_t>((codes[i] & 15) | ((codes[i + kBlock / 2] & 15) << 4));
}

/// Q4_0, Q5_0: the value of greatest magnitude becomes the most negative code exactly.
void quantizeSymmetric(const float *x, int levels, uint8_t *out) {
  const float *extreme = std::max_element(x, x + kBlock, [](float a, float b) { return std::fabs(a) < std::fabs(b); });
  float half = 0.5f * static_cast<float>(levels);
  float d = *extreme / -half;
  float id = inverse(d);
  int codes[kBlock];
  for (int i = 0; i < kBlock; ++i) {
    float scaled = x[i] * id;
    codes[i] = toCode(scaled + (half + 0.5f), 0, levels - 1);
  }
  store16(out, f32ToF16(d));
  packCodes(codes, levels == 32, out + 2);
}

/// Q4_1, Q5_1: codes from the least value to the greatest.
void quantizeWithMinimum(const float *x, int levels, uint8_t *out) {
  auto [least, most] = std::minmax_element(x, x + kBlock);
  float min = *least;
  float d = (*most - min) / static_cast<float>(levels - 1);
  float id = inverse(d);
  int codes[kBlock];
  for (int i = 0; i < kBlock; ++i) {
    float scaled = (x[i] - min) * id;
    codes[i] = toCode(scaled + 0.5f, 0, levels - 1);
  }
  store16(out, f32ToF16(d));
  store16(out + 2, f32ToF16(min));
  packCodes(codes, levels == 32, out + 4);
}

void quantizeQ8(const float *x, uint8_t *out) {
  float most = 0;
  for (int i = 0; i < kBlock; ++i)
    most = std::max(most, std::fabs(x[i]));
  float d = most / 127.0f;
  float id = inverse(d);
  store16(out, f32ToF16(d));
  for (int i = 0; i < kBlock; ++i)
    out[2 + i] = static_cast<uint8_t>(toCode(std::round(x[i] * id), -127, 127));
}

/// The scale of the row's greatest magnitude as f32, then codes rounded half to even.
void quantizeWholeRow(const float *x, int64_t elements, uint8_t *out) {
  float most = 0;
  for (int64_t i = 0; i < elements; ++i)
    most = std::max(most, std::fabs(x[i]));
  float d = most / 127.0f;
  float id = inverse(d);
  std::memcpy(out, &d, 4);
  for (int64_t i = 0; i < elements; ++i)
    out[4 + i] = static_cast<uint8_t>(toCode(std::nearbyint(x[i] * id), -127, 127));
}

void quantizeBlock(Format format, const float *x, uint8_t *out) {
  switch (format) {
  case Format::Q4_0:
    return quantizeSymmetric(x, 16, out);
  case Format::Q5_0:
    return quantizeSymmetric(x, 32, out);
  case Format::Q4_1:
    return quantizeWithMinimum(x, 16, out);
  case Format::Q5_1:
    return quantizeWithMinimum(x, 32, out);
  case Format::Q8_0:
    return quantizeQ8(x, out);
  default:
    return;
  }
}

} // namespace

uint16_t trafo::f32ToF16(float value) {
  uint32_t bits = bitsOf(value);
  auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) { // NaN: keep the payload's top, stay a NaN if that is zero
    uint32_t payload = (magnitude >> 13) & 0x3ffu;
    return static_cast<uint16_t>(sign | 0x7c00u | (payload == 0 ? 1u : payload));
  }
  if (magnitude >= 0x47800000u) // 2^16 and above
    return static_cast<uint16_t>(sign | 0x7c00u);
  if (magnitude < 0x38800000u) { // below 2^-14: a multiple of 2^-24; adding 0.5 aligns the fraction and rounds to even
    float aligned = std::fabs(value) + 0.5f;
    return static_cast<uint16_t>(sign | (bitsOf(aligned) - 0x3f000000u));
  }
  uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1u);
  return static_cast<uint16_t>(sign | ((rounded - 0x38000000u) >> 13)); // a carry may reach infinity, which is right
}

uint16_t trafo::f32ToBF16(float value) {
  uint32_t bits = bitsOf(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return static_cast<uint16_t>((bits >> 16) | 0x40u); // a quiet NaN
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

bool trafo::canQuantize(Format format) {
  switch (format) {
  case Format::F32:
  case Format::F16:
  case Format::BF16:
  case Format::Q4_0:
  case Format::Q4_1:
  case Format::Q5_0:
  case Format::Q5_1:
  case Format::Q8_0:
  case Format::I8_ROW:
    return true;
  default:
    return false;
  }
}

void trafo::quantizeRow(Format format, const float *values, int64_t elements, uint8_t *out) {
  const FormatInfo &info = formatInfo(format);
  if (info.isPerRow())
    return quantizeWholeRow(values, elements, out);
  for (int64_t i = 0; i < elements; i += info.blockElements, out += info.blockBytes) {
    if (format == Format::F32)
      std::memcpy(out, values + i, 4);
    else if (format == Format::F16)
      store16(out, f32ToF16(values[i]));
    else if (format == Format::BF16)
      store16(out, f32ToBF16(values[i]));
    else
      quantizeBlock(format, values + i, out);
  }
}
