//===- Rows.h - rows of numbers, in double ------------------------------===//
#ifndef TRAFO_REFERENCE_ROWS_H
#define TRAFO_REFERENCE_ROWS_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace trafo {

/// A matrix, row after row.
struct Rows {
  int64_t count = 0;
  int64_t columns = 0;
  std::vector<double> values;

  Rows() = default;
  Rows(int64_t count, int64_t columns)
      : count(count), columns(columns), values(static_cast<size_t>(count * columns), 0.0) {}
  double *row(int64_t r) { return values.data() + r * columns; }
  const double *row(int64_t r) const { return values.data() + r * columns; }
};

/// What a step is told of its rows; `outputs` are indices of the rows whose logits are wanted, ascending. Rows of one
/// sequence ascend in position without gaps, and go on where the sequence's cache ends.
struct StepRows {
  std::vector<int32_t> tokens, positions, sequences, outputs;
};

} // namespace trafo

#endif // TRAFO_REFERENCE_ROWS_H
