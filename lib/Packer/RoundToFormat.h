//===- RoundToFormat.h - doubles to the bytes of a float format -----------===//
//
// lib/Import/Quantize.h rounds floats. From double it must be one rounding, not two: through float, a value just beside a
// tie of f16 would land on the tie.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_PACKER_ROUNDTOFORMAT_H
#define TRAFO_PACKER_ROUNDTOFORMAT_H

#include "trafo/Formats.h"

namespace trafo {

uint16_t roundToF16(double value);
uint16_t roundToBF16(double value);

/// Writes `elements` values as bytes of a float format (f32, f16, bf16), each to the nearest, ties to even.
void roundRow(Format format, const double *values, int64_t elements, uint8_t *out);

} // namespace trafo

#endif // TRAFO_PACKER_ROUNDTOFORMAT_H
