//===- PlainElementwise.cpp - norms, rope and activations in double -------===//
#include "lib/Reference/PlainOps.h"

#include <cmath>

using namespace trafo;

#pragma STDC FP_CONTRACT OFF

void trafo::plainRmsNorm(const std::vector<double> &weight, double eps, Rows &x) {
  for (int64_t r = 0; r < x.count; ++r) {
    double *row = x.row(r), squares = 0.0;
    for (int64_t i = 0; i < x.columns; ++i)
      squares += row[i] * row[i];
    double root = std::sqrt(squares / static_cast<double>(x.columns) + eps);
    for (int64_t i = 0; i < x.columns; ++i)
      row[i] = row[i] / root * weight[static_cast<size_t>(i)];
  }
}

void trafo::plainLayerNorm(const std::vector<double> &weight, const std::vector<double> &bias, double eps, Rows &x) {
  double n = static_cast<double>(x.columns);
  for (int64_t r = 0; r < x.count; ++r) {
    double *row = x.row(r), sum = 0.0, squares = 0.0;
    for (int64_t i = 0; i < x.columns; ++i)
      sum += row[i];
    double mean = sum / n;
    for (int64_t i = 0; i < x.columns; ++i)
      squares += (row[i] - mean) * (row[i] - mean);
    double root = std::sqrt(squares / n + eps);
    for (int64_t i = 0; i < x.columns; ++i) {
      size_t c = static_cast<size_t>(i);
      row[i] = (row[i] - mean) / root * weight[c] + (bias.empty() ? 0.0 : bias[c]);
    }
  }
}

void trafo::plainRope(const RopeAngles &angles, bool halves, int64_t heads, int64_t headSize, int64_t first,
                      const std::vector<int32_t> &positions, Rows &x) {
  int64_t pairs = static_cast<int64_t>(angles.frequencies.size());
  for (int64_t r = 0; r < x.count; ++r)
    for (int64_t i = 0; i < pairs; ++i) {
      double angle = positions[static_cast<size_t>(r)] * angles.frequencies[static_cast<size_t>(i)];
      double c = angles.magnitude * std::cos(angle), s = angles.magnitude * std::sin(angle);
      for (int64_t h = 0; h < heads; ++h) {
        double *head = x.row(r) + first + h * headSize;
        double &a = head[halves ? i : 2 * i], &b = head[halves ? i + pairs : 2 * i + 1];
        double turned = a * c - b * s;
        b = b * c + a * s;
        a = turned;
      }
    }
}

bool trafo::plainTableRope(RowReader &table, int64_t heads, int64_t headSize, int64_t first,
                           const std::vector<int32_t> &positions, Rows &x) {
  std::vector<double> turn(static_cast<size_t>(2 * headSize));
  for (int64_t r = 0; r < x.count; ++r) {
    if (!table.readValues(positions[static_cast<size_t>(r)], turn.data()))
      return false;
    const double *c = turn.data(), *s = c + headSize;
    for (int64_t h = 0; h < heads; ++h)
      for (int64_t e = 0; e < headSize; e += 2) {
        double *pair = x.row(r) + first + h * headSize + e;
        double turned = pair[0] * c[e] + pair[1] * s[e];
        pair[1] = pair[1] * c[e + 1] + pair[0] * s[e + 1];
        pair[0] = turned;
      }
  }
  return true;
}

double trafo::silu(double x) { return x / (1.0 + std::exp(-x)); }

double trafo::gelu(double x) { return 0.5 * x * (1.0 + std::erf(x * 0.70710678118654752440)); }

double trafo::geluTanh(double x) {
  return 0.5 * x * (1.0 + std::tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x)));
}
