//===- RopeAngles.h - the angles of rotary position embedding -------------===//
//
// One place for the formulas of Trafo_RopeAttr: the table in a model and the interpreter's rope use it.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_PACKER_ROPEANGLES_H
#define TRAFO_PACKER_ROPEANGLES_H

#include <cstdint>
#include <vector>

namespace trafo {

struct RopeAngles {
  /// Radians per position of pair i, for i < dims / 2.
  std::vector<double> frequencies;
  /// Factor of cosine and sine (yarn's temperature; 1 otherwise).
  double magnitude = 1.0;

  /// `factors` has dims / 2 values or is empty.
  static RopeAngles unscaled(int64_t dims, double base, const std::vector<double> &factors);
  /// All positions divided by `factor` (Chen et al. 2023).
  static RopeAngles linear(int64_t dims, double base, double factor, const std::vector<double> &factors);
  /// Fast pairs keep their frequency, slow ones are divided by `factor`, with a ramp between them (Peng et al. 2023). As in
  /// the authors' program, the ramp runs over pair numbers between those that turn 32 times and once in
  /// `originalContext` positions, and the magnitude is 1 + 0.1 ln(factor).
  static RopeAngles yarn(int64_t dims, double base, double factor, int64_t originalContext,
                         const std::vector<double> &factors);
};

} // namespace trafo

#endif // TRAFO_PACKER_ROPEANGLES_H
