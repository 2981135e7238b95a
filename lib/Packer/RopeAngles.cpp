//===- RopeAngles.cpp - the angles of rotary position embedding -----------===//
#include "lib/Packer/RopeAngles.h"

#include <algorithm>
#include <cmath>

using namespace trafo;

RopeAngles RopeAngles::unscaled(int64_t dims, double base, const std::vector<double> &factors) {
  RopeAngles angles;
  for (int64_t i = 0; i < dims / 2; ++i) {
    double frequency = std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(dims));
    angles.frequencies.push_back(factors.empty() ? frequency : frequency / factors[static_cast<size_t>(i)]);
  }
  return angles;
}

RopeAngles RopeAngles::linear(int64_t dims, double base, double factor, const std::vector<double> &factors) {
  RopeAngles angles = unscaled(dims, base, factors);
  for (double &frequency : angles.frequencies)
    frequency /= factor;
  return angles;
}

/// The (fractional) number of the pair that turns `turns` times in `context` positions.
static double pairThatTurns(double turns, int64_t dims, double base, int64_t context) {
  const double twoPi = 6.283185307179586476925286766559;
  return static_cast<double>(dims) * std::log(static_cast<double>(context) / (turns * twoPi)) / (2.0 * std::log(base));
}

RopeAngles RopeAngles::yarn(int64_t dims, double base, double factor, int64_t originalContext,
                            const std::vector<double> &factors) {
  RopeAngles angles = unscaled(dims, base, factors);
  double low = std::max(0.0, std::floor(pairThatTurns(32.0, dims, base, originalContext)));
  double high = std::min(static_cast<double>(dims - 1), std::ceil(pairThatTurns(1.0, dims, base, originalContext)));
  for (size_t i = 0; i < angles.frequencies.size(); ++i) {
    double ramp = (static_cast<double>(i) - low) / std::max(0.001, high - low);
    double slow = std::min(1.0, std::max(0.0, ramp));
    angles.frequencies[i] *= slow / factor + (1.0 - slow);
  }
  angles.magnitude = 1.0 + 0.1 * std::log(factor);
  return angles;
}
