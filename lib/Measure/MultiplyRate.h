//===- MultiplyRate.h - how fast this machine multiplies ------------------===//
#ifndef TRAFO_LIB_MEASURE_MULTIPLYRATE_H
#define TRAFO_LIB_MEASURE_MULTIPLYRATE_H

#include <cstdint>

namespace trafo {

/// What is multiplied and added up: f32 by fused multiply-adds, u8 by s8 into i32 by the dot products of the CPU's best
/// tier (AVX-512 VNNI, AVX2). The operands are in registers, so that nothing but the instructions is measured.
enum class Multiplied { F32, Int8 };

/// Multiply-adds a second in 1e9, by `threads` threads together, the best of some short trials; 0 if this CPU has no such
/// instructions.
double measureMultiplyRate(int32_t threads, Multiplied what);

} // namespace trafo

#endif // TRAFO_LIB_MEASURE_MULTIPLYRATE_H
