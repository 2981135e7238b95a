//===- RoundActivations.cpp - the rounding points of compiled programs ----===//
#include "lib/Reference/RoundActivations.h"

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

/// `size` values become code * d; `left` is what that left of them, rounded to f32.
static void roundGroup(double *group, int64_t size, float *left) {
  float amax = 0.0f;
  for (int64_t i = 0; i < size; ++i)
    amax = std::max(amax, std::fabs(static_cast<float>(group[i])));
  float d = amax / 127.0f, inverse = d == 0.0f ? 0.0f : 1.0f / d;
  for (int64_t i = 0; i < size; ++i) {
    double rounded = static_cast<double>(d) * std::nearbyint(static_cast<float>(group[i]) * inverse);
    left[i] = static_cast<float>(static_cast<float>(group[i]) - rounded);
    group[i] = rounded;
  }
}

void trafo::roundToI8Row(Rows &x) {
  std::vector<float> left(static_cast<size_t>(x.columns));
  for (int64_t r = 0; r < x.count; ++r)
    roundGroup(x.row(r), x.columns, left.data());
}

void trafo::roundToI8G32(Rows &x, int64_t terms) {
  for (int64_t r = 0; r < x.count; ++r)
    for (int64_t g = 0; g < x.columns; g += 32) {
      int64_t size = std::min<int64_t>(32, x.columns - g);
      double sum[32] = {};
      for (int64_t term = 0; term < terms; ++term) {
        float left[32];
        roundGroup(x.row(r) + g, size, left);
        for (int64_t i = 0; i < size; ++i) {
          sum[i] += x.row(r)[g + i];
          x.row(r)[g + i] = left[i];
        }
      }
      std::copy_n(sum, size, x.row(r) + g);
    }
}
