//===- RoundActivations.h - the rounding points of compiled programs ------===//
//
// Asked to, the interpreter rounds where a compiled program does: every op's result to f32, the input of a linear as its
// numeric class says, keys and values to the cache's format. Between these points it stays in double.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_REFERENCE_ROUNDACTIVATIONS_H
#define TRAFO_REFERENCE_ROUNDACTIVATIONS_H

#include "lib/Reference/Rows.h"
#include "trafo/Formats.h"

namespace trafo {

/// Each value to the nearest f32.
void roundToF32(Rows &x);
/// Each value to the nearest bf16.
void roundToBF16(Rows &x);
/// int8 per group of 32: d = amax / 127 in f32, codes rounded half to even; the values become code * d. Codes of two digits
/// go to 32512.
void roundToI8G32(Rows &x, int64_t digits = 1);
/// int8 in the same way with one d for each row.
void roundToI8Row(Rows &x);
/// `count` values to a float format.
void roundValues(Format format, double *values, int64_t count);
/// `count` values that share a scale become code * scale, as an int8 KV cache keeps them (plan.kv_quantize). Codes go to
/// `codes` where it is not null. Gives the scale.
float roundToCodes(double *values, int64_t count, int8_t *codes = nullptr);

} // namespace trafo

#endif // TRAFO_REFERENCE_ROUNDACTIVATIONS_H
