//===- GeneratedRows.cpp - sources without a file -------------------------===//
#include "lib/Import/Quantize.h"
#include "lib/Packer/RoundToFormat.h"
#include "lib/Packer/RowReader.h"

#include <cmath>
#include <cstring>

using namespace trafo;

namespace {
/// One step of splitmix64 (Steele, Lea and Flood 2014): a bijection that scatters its argument's bits.
uint64_t scatter(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

class RandomRows final : public RowReader {
public:
  RandomRows(uint64_t seed, std::string_view name, Format format, int64_t rows, int64_t columns, bool vector)
      : RowReader(format, rows, columns), key(scatter(seed)), bound(1.0 / std::sqrt(static_cast<double>(columns))),
        centre(vector ? 1.0 : 0.0) {
    for (char c : name)
      key = scatter(key ^ static_cast<uint8_t>(c));
  }

  bool read(int64_t row, uint8_t *out) override {
    if (formatInfo(format()).isPerRow()) {
      double scale = bound / 127;
      roundRow(Format::F32, &scale, 1, out);
      for (int64_t i = 0; i < columns(); ++i)
        out[formatInfo(format()).headBytes + i] = static_cast<uint8_t>(number(row, i) % 255 - 127);
    } else if (formatInfo(format()).grouped) {
      blocks(row, out);
    } else {
      floats(row, out);
    }
    return true;
  }

private:
  uint64_t number(int64_t row, int64_t index) const {
    return scatter(key ^ scatter(static_cast<uint64_t>(row)) ^ static_cast<uint64_t>(index) * 0xd1342543de82ef95u);
  }

  void floats(int64_t row, uint8_t *out) const {
    for (int64_t i = 0; i < columns(); ++i) {
      double unit = static_cast<double>(number(row, i) >> 11) * 0x1p-52 - 1.0; // [-1, 1)
      double value = centre + bound * unit;
      roundRow(format(), &value, 1, out + i * formatInfo(format()).blockBytes);
    }
  }

  /// Every byte random, then the f16 fields of the block: scales so that the values span about (-bound, bound).
  void blocks(int64_t row, uint8_t *out) const {
    const FormatInfo &info = formatInfo(format());
    for (int64_t block = 0; block < columns() / info.blockElements; ++block, out += info.blockBytes) {
      for (uint32_t i = 0; i < info.blockBytes; i += 8) {
        uint64_t bits = number(row, block * 256 + i);
        std::memcpy(out + i, &bits, std::min(8u, info.blockBytes - i));
      }
      switch (format()) {
      case Format::Q4_0:
        put(out, bound / 8);
        break;
      case Format::Q4_1:
        put(out, 2 * bound / 15), put(out + 2, -bound);
        break;
      case Format::Q5_0:
        put(out, bound / 16);
        break;
      case Format::Q5_1:
        put(out, 2 * bound / 31), put(out + 2, -bound);
        break;
      case Format::Q8_0:
      case Format::IQ4_NL:
        put(out, bound / 128);
        break;
      case Format::IQ4_XS: // six-bit scales of -32..31
        put(out, bound / (128 * 32));
        break;
      case Format::Q2_K: // codes 0..3, scales and minima 0..15: the means cancel at dmin = 1.5 d
        put(out + 80, bound / 45), put(out + 82, 1.5 * bound / 45);
        break;
      case Format::Q3_K:
        put(out + 108, bound / (4 * 32));
        break;
      case Format::Q4_K: // codes 0..15, scales and minima 0..63
        put(out, bound / 945), put(out + 2, 7.5 * bound / 945);
        break;
      case Format::Q5_K:
        put(out, bound / 1953), put(out + 2, 15.5 * bound / 1953);
        break;
      case Format::Q6_K: // eight-bit scales
        put(out + 208, bound / (32 * 128));
        break;
      default:
        break;
      }
    }
  }

  static void put(uint8_t *out, double value) {
    uint16_t bits = roundToF16(value);
    std::memcpy(out, &bits, 2);
  }

  uint64_t key;
  double bound, centre;
};

class SplatRows final : public RowReader {
public:
  SplatRows(double value, Format format, int64_t rows, int64_t columns)
      : RowReader(format, rows, columns), bytes(static_cast<size_t>(rowBytes())) {
    if (!formatInfo(format).grouped)
      roundRow(format, std::vector<double>(static_cast<size_t>(columns), value).data(), columns, bytes.data());
    else
      quantizeRow(format, std::vector<float>(static_cast<size_t>(columns), static_cast<float>(value)).data(), columns,
                  bytes.data());
  }
  bool read(int64_t, uint8_t *out) override {
    std::memcpy(out, bytes.data(), bytes.size());
    return true;
  }

private:
  std::vector<uint8_t> bytes;
};

class RopeTable final : public RowReader {
public:
  RopeTable(const RopeAngles &angles, int64_t positions, int64_t headSize)
      : RowReader(Format::F32, positions, 2 * headSize), angles(angles), headSize(headSize) {}
  bool read(int64_t position, uint8_t *out) override {
    for (int64_t e = 0; e < headSize; ++e) {
      double c = 1.0, s = 0.0;
      if (e / 2 < static_cast<int64_t>(angles.frequencies.size())) {
        double angle = static_cast<double>(position) * angles.frequencies[static_cast<size_t>(e / 2)];
        c = angles.magnitude * std::cos(angle);
        s = angles.magnitude * (e % 2 ? std::sin(angle) : -std::sin(angle));
      }
      roundRow(Format::F32, &c, 1, out + 4 * e);
      roundRow(Format::F32, &s, 1, out + 4 * (headSize + e));
    }
    return true;
  }

private:
  RopeAngles angles;
  int64_t headSize;
};
} // namespace

RowReaderPtr trafo::readRandomRows(uint64_t seed, std::string_view name, Format format, int64_t rows, int64_t columns,
                                   bool vector) {
  return std::make_unique<RandomRows>(seed, name, format, rows, columns, vector);
}
RowReaderPtr trafo::readSplatRows(double value, Format format, int64_t rows, int64_t columns) {
  return std::make_unique<SplatRows>(value, format, rows, columns);
}
RowReaderPtr trafo::readRopeTable(const RopeAngles &angles, int64_t positions, int64_t headSize) {
  return std::make_unique<RopeTable>(angles, positions, headSize);
}
