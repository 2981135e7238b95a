//===- RowMaps.cpp - recipes that only move rows --------------------------===//
#include "lib/Packer/RowReader.h"

#include <cstring>

using namespace trafo;

namespace {
class ConcatRows final : public RowReader {
public:
  ConcatRows(std::vector<RowReaderPtr> inputs, int64_t rows)
      : RowReader(inputs.front()->format(), rows, inputs.front()->columns()), inputs(std::move(inputs)) {}
  bool read(int64_t row, uint8_t *out) override {
    size_t i = 0;
    for (; row >= inputs[i]->rows(); ++i)
      row -= inputs[i]->rows();
    return readFrom(*inputs[i], row, out);
  }

private:
  std::vector<RowReaderPtr> inputs;
};

class InterleaveRows final : public RowReader {
public:
  InterleaveRows(RowReaderPtr a, RowReaderPtr b, int64_t chunk)
      : RowReader(a->format(), 2 * a->rows(), a->columns()), a(std::move(a)), b(std::move(b)), chunk(chunk) {}
  bool read(int64_t row, uint8_t *out) override {
    int64_t turn = row / chunk;
    return readFrom(turn % 2 ? *b : *a, turn / 2 * chunk + row % chunk, out);
  }

private:
  RowReaderPtr a, b;
  int64_t chunk;
};

class PairRows final : public RowReader {
public:
  PairRows(RowReaderPtr input, int64_t headSize, int64_t dims)
      : RowReader(input->format(), input->rows(), input->columns()), input(std::move(input)), headSize(headSize),
        dims(dims) {}
  bool read(int64_t row, uint8_t *out) override {
    int64_t inHead = row % headSize;
    int64_t from = inHead < dims ? inHead / 2 + inHead % 2 * (dims / 2) : inHead;
    return readFrom(*input, row - inHead + from, out);
  }

private:
  RowReaderPtr input;
  int64_t headSize, dims;
};

class PadRows final : public RowReader {
public:
  PadRows(RowReaderPtr input, int64_t rows, int64_t parts)
      : RowReader(input->format(), rows, input->columns()), input(std::move(input)), parts(parts) {}
  bool read(int64_t row, uint8_t *out) override {
    int64_t padded = rows() / parts, held = input->rows() / parts;
    if (row % padded < held)
      return readFrom(*input, row / padded * held + row % padded, out);
    std::memset(out, 0, static_cast<size_t>(rowBytes()));
    return true;
  }

private:
  RowReaderPtr input;
  int64_t parts;
};

class ElementsAsRows final : public RowReader {
public:
  explicit ElementsAsRows(RowReaderPtr vector)
      : RowReader(vector->format(), vector->columns(), 1), vector(std::move(vector)) {}
  bool read(int64_t row, uint8_t *out) override {
    if (elements.empty()) {
      elements.resize(static_cast<size_t>(vector->rowBytes()));
      if (!readFrom(*vector, 0, elements.data())) {
        elements.clear();
        return false;
      }
    }
    std::memcpy(out, elements.data() + row * rowBytes(), static_cast<size_t>(rowBytes()));
    return true;
  }

private:
  RowReaderPtr vector;
  std::vector<uint8_t> elements;
};

class RowsAsElements final : public RowReader {
public:
  explicit RowsAsElements(RowReaderPtr column)
      : RowReader(column->format(), 1, column->rows()), column(std::move(column)) {}
  bool read(int64_t, uint8_t *out) override {
    for (int64_t i = 0; i < column->rows(); ++i)
      if (!readFrom(*column, i, out + i * column->rowBytes()))
        return false;
    return true;
  }

private:
  RowReaderPtr column;
};
} // namespace

RowReaderPtr trafo::concatRows(std::vector<RowReaderPtr> inputs) {
  int64_t rows = 0;
  for (const RowReaderPtr &input : inputs)
    rows += input->rows();
  return std::make_unique<ConcatRows>(std::move(inputs), rows);
}
RowReaderPtr trafo::interleaveRows(RowReaderPtr a, RowReaderPtr b, int64_t chunk) {
  return std::make_unique<InterleaveRows>(std::move(a), std::move(b), chunk);
}
RowReaderPtr trafo::pairRows(RowReaderPtr input, int64_t headSize, int64_t dims) {
  return std::make_unique<PairRows>(std::move(input), headSize, dims);
}
RowReaderPtr trafo::padRows(RowReaderPtr input, int64_t rows, int64_t parts) {
  return std::make_unique<PadRows>(std::move(input), rows, parts);
}
RowReaderPtr trafo::elementsAsRows(RowReaderPtr vector) { return std::make_unique<ElementsAsRows>(std::move(vector)); }
RowReaderPtr trafo::rowsAsElements(RowReaderPtr column) { return std::make_unique<RowsAsElements>(std::move(column)); }
