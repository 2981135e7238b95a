//===- ConvertedRows.cpp - recipes that change values ---------------------===//
#include "lib/Import/Quantize.h"
#include "lib/Packer/RoundToFormat.h"
#include "lib/Packer/RowReader.h"

using namespace trafo;

namespace {
class ScaleRows final : public RowReader {
public:
  ScaleRows(RowReaderPtr input, double factor)
      : RowReader(input->format(), input->rows(), input->columns()), input(std::move(input)), factor(factor),
        values(static_cast<size_t>(columns())) {}
  bool read(int64_t row, uint8_t *out) override {
    if (!input->readValues(row, values.data())) {
      problem = input->error();
      return false;
    }
    for (double &value : values)
      value *= factor;
    roundRow(format(), values.data(), columns(), out);
    return true;
  }

private:
  RowReaderPtr input;
  double factor;
  std::vector<double> values;
};

class QuantizeRows final : public RowReader {
public:
  QuantizeRows(RowReaderPtr input, Format format)
      : RowReader(format, input->rows(), input->columns()), input(std::move(input)),
        values(static_cast<size_t>(columns())) {}
  bool read(int64_t row, uint8_t *out) override {
    if (!input->readValues(row, values.data())) {
      problem = input->error();
      return false;
    }
    quantizeRow(format(), values.data(), columns(), out);
    return true;
  }

private:
  RowReaderPtr input;
  std::vector<float> values; // float, as GGUF's quantiser takes them
};
} // namespace

RowReaderPtr trafo::scaleRows(RowReaderPtr input, double factor) {
  return std::make_unique<ScaleRows>(std::move(input), factor);
}
RowReaderPtr trafo::quantizeRows(RowReaderPtr input, Format format) {
  return std::make_unique<QuantizeRows>(std::move(input), format);
}
