//===- RowReader.cpp - the rows of a weight, one at a time ----------------===//
#include "lib/Packer/RowReader.h"

using namespace trafo;

bool RowReader::readFrom(RowReader &input, int64_t row, uint8_t *out) {
  if (input.read(row, out))
    return true;
  problem = input.error();
  return false;
}

/// `dequantizeRow` with the format known to the compiler, which folds the rule into a tight loop.
template <class F> static void valuesOf(Format format, const uint8_t *bytes, int64_t elements, F *out) {
  switch (format) {
#define TRAFO_CASE(NAME)                                                                                               \
  case Format::NAME:                                                                                                   \
    return dequantizeRow(Format::NAME, bytes, elements, out);
    TRAFO_CASE(F32)
    TRAFO_CASE(F16)
    TRAFO_CASE(BF16)
    TRAFO_CASE(Q4_0)
    TRAFO_CASE(Q4_1)
    TRAFO_CASE(Q8_0)
    TRAFO_CASE(I8_ROW)
#undef TRAFO_CASE
  default:
    return dequantizeRow(format, bytes, elements, out);
  }
}

bool RowReader::readValues(int64_t row, double *out) {
  scratch.resize(static_cast<size_t>(rowBytes()));
  if (!read(row, scratch.data()))
    return false;
  valuesOf(storage, scratch.data(), columnCount, out);
  return true;
}

bool RowReader::readValues(int64_t row, float *out) {
  scratch.resize(static_cast<size_t>(rowBytes()));
  if (!read(row, scratch.data()))
    return false;
  valuesOf(storage, scratch.data(), columnCount, out);
  return true;
}
