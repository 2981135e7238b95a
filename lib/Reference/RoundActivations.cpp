//===- RoundActivations.cpp - the rounding points of compiled programs ----===//
#include "lib/Reference/RoundActivations.h"

#include "dialects/Trafo/IR/TrafoDialect.h"
#include "lib/Packer/RoundToFormat.h"

#include <algorithm>
#include <cmath>

using namespace trafo;

#pragma STDC FP_CONTRACT OFF

void trafo::roundToF32(Rows &x) { roundValues(Format::F32, x.values.data(), static_cast<int64_t>(x.values.size())); }
void trafo::roundToBF16(Rows &x) { roundValues(Format::BF16, x.values.data(), static_cast<int64_t>(x.values.size())); }

void trafo::roundValues(Format format, double *values, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    switch (format) {
    case Format::F16:
      values[i] = f16ToF32(trafo::roundToF16(values[i]));
      break;
    case Format::BF16:
      values[i] = bf16ToF32(trafo::roundToBF16(values[i]));
      break;
    default:
      values[i] = static_cast<float>(values[i]);
    }
}

float trafo::roundToCodes(double *values, int64_t count, int8_t *codes) {
  float amax = 0.0f;
  for (int64_t i = 0; i < count; ++i)
    amax = std::max(amax, std::fabs(static_cast<float>(values[i])));
  float scale = amax / 127.0f, divisor = scale == 0.0f ? 1.0f : scale;
  for (int64_t i = 0; i < count; ++i) {
    float code = std::clamp(std::nearbyint(static_cast<float>(values[i]) / divisor), -127.0f, 127.0f);
    values[i] = static_cast<double>(scale) * code;
    if (codes)
      codes[i] = static_cast<int8_t>(code);
  }
  return scale;
}

/// `size` values become code * d, with codes of at most `greatest`.
static void roundGroup(double *group, int64_t size, int64_t greatest) {
  float amax = 0.0f;
  for (int64_t i = 0; i < size; ++i)
    amax = std::max(amax, std::fabs(static_cast<float>(group[i])));
  float d = amax / static_cast<float>(greatest), inverse = d == 0.0f ? 0.0f : 1.0f / d;
  for (int64_t i = 0; i < size; ++i)
    group[i] = static_cast<double>(d) * std::nearbyint(static_cast<float>(group[i]) * inverse);
}

void trafo::roundToI8Row(Rows &x) {
  for (int64_t r = 0; r < x.count; ++r)
    roundGroup(x.row(r), x.columns, greatestCode(1));
}

void trafo::roundToI8G32(Rows &x, int64_t digits) {
  for (int64_t r = 0; r < x.count; ++r)
    for (int64_t g = 0; g < x.columns; g += 32)
      roundGroup(x.row(r) + g, std::min<int64_t>(32, x.columns - g), greatestCode(digits));
}
