//===- RowReader.h - the rows of a weight, one at a time ------------------===//
//
// A weight is never whole in memory. A RowReader gives row r of a weight in the bytes of its storage format; recipes are
// readers over readers, and those that only move rows (RowMaps.cpp) never look at values. A reader belongs to one
// thread: it has a window into its file. Vectors are one row.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_PACKER_ROWREADER_H
#define TRAFO_PACKER_ROWREADER_H

#include "lib/Packer/RopeAngles.h"
#include "trafo/Formats.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace trafo {

class RowReader {
public:
  virtual ~RowReader() = default;

  Format format() const { return storage; }
  int64_t rows() const { return rowCount; }
  int64_t columns() const { return columnCount; }
  int64_t rowBytes() const { return trafo::rowBytes(storage, columnCount); }

  /// Writes the `rowBytes()` bytes of row `row`, in [0, rows()), to `out`. False on failure; `error` says why.
  virtual bool read(int64_t row, uint8_t *out) = 0;

  /// The row's values, `columns()` of them, through `scratch`.
  bool readValues(int64_t row, double *out);
  bool readValues(int64_t row, float *out);

  const std::string &error() const { return problem; }

protected:
  RowReader(Format format, int64_t rows, int64_t columns) : storage(format), rowCount(rows), columnCount(columns) {}
  /// Reads from an input and takes over its error.
  bool readFrom(RowReader &input, int64_t row, uint8_t *out);

  std::string problem;

private:
  Format storage;
  int64_t rowCount, columnCount;
  std::vector<uint8_t> scratch;
};

using RowReaderPtr = std::unique_ptr<RowReader>;

// Sources.

/// `rows` rows from `offset` on in the regular file at `path`. Null, with a reason in `error`, if the file cannot be
/// opened or does not hold them.
RowReaderPtr readFileRows(const std::string &path, uint64_t offset, Format format, int64_t rows, int64_t columns,
                          std::string &error);
/// Values in (-a, a), a = 1 / sqrt(columns), the same for the same seed, name, format and shape. `vector` rows lie around
/// 1 instead of 0: as norms they keep activations alive. Formats with codes get random codes under constant scales.
RowReaderPtr readRandomRows(uint64_t seed, std::string_view name, Format format, int64_t rows, int64_t columns,
                            bool vector);
/// One value everywhere, rounded to the format (one that `canQuantize` allows).
RowReaderPtr readSplatRows(double value, Format format, int64_t rows, int64_t columns);
/// The table of Trafo_RopeTableOp: `positions` rows of 2 * headSize f32 values.
RowReaderPtr readRopeTable(const RopeAngles &angles, int64_t positions, int64_t headSize);

// Recipes. Shapes and formats of the inputs agree as the ops' verifiers demand.

RowReaderPtr concatRows(std::vector<RowReaderPtr> inputs);
RowReaderPtr interleaveRows(RowReaderPtr a, RowReaderPtr b, int64_t chunk);
RowReaderPtr pairRows(RowReaderPtr input, int64_t headSize, int64_t dims);
/// Rows beyond the input's are bytes of zero, which every format reads as the value 0 (see the test).
RowReaderPtr padRows(RowReaderPtr input, int64_t rows, int64_t parts);
RowReaderPtr scaleRows(RowReaderPtr input, double factor);
RowReaderPtr quantizeRows(RowReaderPtr input, Format format);

/// A vector of a float format as a matrix of one column, and back: row recipes work on its elements.
RowReaderPtr elementsAsRows(RowReaderPtr vector);
RowReaderPtr rowsAsElements(RowReaderPtr column);

} // namespace trafo

#endif // TRAFO_PACKER_ROWREADER_H
