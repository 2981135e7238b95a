//===- Quantize.h - floats to storage formats -----------------------------===//
//
// The other direction of trafo/Formats.h, for tools and recipes that write weights: plain rounding, the same as the
// `gguf` Python package's quantisers bit for bit where it has the format. Formats that need a search have none here.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_IMPORT_QUANTIZE_H
#define TRAFO_IMPORT_QUANTIZE_H

#include "trafo/Formats.h"

#include <cstdint>

namespace trafo {

/// Round to nearest, ties to even; overflow gives infinity, NaN stays NaN.
uint16_t f32ToF16(float value);
uint16_t f32ToBF16(float value);

/// True for F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 and I8_ROW.
bool canQuantize(Format format);

/// Stores a row of `elements` values (a multiple of the format's block) in a format that canQuantize into
/// rowBytes(format, elements) bytes at `out`. A value that is not finite makes its block's codes 0 or the block's
/// scale infinite; it never is undefined.
void quantizeRow(Format format, const float *values, int64_t elements, uint8_t *out);

} // namespace trafo

#endif // TRAFO_IMPORT_QUANTIZE_H
