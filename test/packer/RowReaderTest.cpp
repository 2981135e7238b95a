//===- RowReaderTest.cpp - sources and recipes without IR -----------------===//
#include "lib/Packer/RowReader.h"
#include "lib/Import/Quantize.h"
#include "gtest/gtest.h"

#include <cmath>
#include <cstdio>
#include <sys/stat.h>
#include <unistd.h>

using namespace trafo;

namespace {
/// Row r, column c holds 1000 r + c.
class Numbered final : public RowReader {
public:
  Numbered(int64_t rows, int64_t columns, float first = 0) : RowReader(Format::F32, rows, columns), first(first) {}
  bool read(int64_t row, uint8_t *out) override {
    for (int64_t c = 0; c < columns(); ++c) {
      float value = first + static_cast<float>(1000 * row + c);
      std::memcpy(out + 4 * c, &value, 4);
    }
    return true;
  }

private:
  float first;
};
RowReaderPtr numbered(int64_t rows, int64_t columns, float first = 0) {
  return std::make_unique<Numbered>(rows, columns, first);
}

/// The first value of each row.
std::vector<double> firsts(RowReader &reader) {
  std::vector<double> out, row(static_cast<size_t>(reader.columns()));
  for (int64_t r = 0; r < reader.rows(); ++r) {
    EXPECT_TRUE(reader.readValues(r, row.data())) << reader.error();
    out.push_back(row[0]);
  }
  return out;
}

struct TemporaryFile {
  std::string path = "/tmp/trafo-rows-XXXXXX";
  int fd;
  TemporaryFile() { fd = ::mkstemp(path.data()); }
  ~TemporaryFile() {
    ::close(fd);
    ::unlink(path.c_str());
  }
};

TEST(RowMaps, Concat) {
  std::vector<RowReaderPtr> inputs;
  inputs.push_back(numbered(2, 3));
  inputs.push_back(numbered(1, 3, 7));
  inputs.push_back(numbered(2, 3, 9));
  EXPECT_EQ(firsts(*concatRows(std::move(inputs))), (std::vector<double>{0, 1000, 7, 9, 1009}));
}

TEST(RowMaps, Interleave) {
  EXPECT_EQ(firsts(*interleaveRows(numbered(4, 1), numbered(4, 1, 5), 2)),
            (std::vector<double>{0, 1000, 5, 1005, 2000, 3000, 2005, 3005}));
}

// Heads of 6 rows of which the first 4 rotate: (0, 2), (1, 3), then 4 and 5 as they were.
TEST(RowMaps, Pair) {
  EXPECT_EQ(firsts(*pairRows(numbered(12, 2), 6, 4)),
            (std::vector<double>{0, 2000, 1000, 3000, 4000, 5000, 6000, 8000, 7000, 9000, 10000, 11000}));
}

TEST(RowMaps, PadReadsAsZeroInEveryFormat) {
  for (const FormatInfo &info : kFormats) {
    RowReaderPtr padded = padRows(readRandomRows(1, "w", info.format, 1, 256, false), 3, 1);
    std::vector<double> row(256);
    ASSERT_TRUE(padded->readValues(2, row.data()));
    for (double value : row)
      ASSERT_EQ(value, 0.0) << info.name;
    ASSERT_TRUE(padded->readValues(0, row.data()));
    EXPECT_NE(row[3], 0.0) << info.name;
  }
}

TEST(RowMaps, PadEachOfSeveralParts) {
  EXPECT_EQ(firsts(*padRows(numbered(4, 1, 7), 6, 2)), (std::vector<double>{7, 1007, 0, 2007, 3007, 0}));
}

TEST(RowMaps, VectorsByElement) {
  RowReaderPtr vector = rowsAsElements(pairRows(elementsAsRows(numbered(1, 8)), 4, 4));
  std::vector<double> values(8);
  ASSERT_TRUE(vector->readValues(0, values.data()));
  EXPECT_EQ(values, (std::vector<double>{0, 2, 1, 3, 4, 6, 5, 7}));
}

TEST(ConvertedRows, ScaleRoundsOnce) {
  RowReaderPtr scaled = scaleRows(numbered(3, 2), 1.0 / 3.0);
  std::vector<double> row(2);
  ASSERT_TRUE(scaled->readValues(1, row.data()));
  EXPECT_EQ(row[1], static_cast<float>(1001.0 / 3.0));
}

TEST(ConvertedRows, QuantizeIsTheQuantiserOfTheRow) {
  RowReaderPtr reader = quantizeRows(readRandomRows(3, "w", Format::BF16, 2, 64, false), Format::Q4_0);
  RowReaderPtr source = readRandomRows(3, "w", Format::BF16, 2, 64, false);
  std::vector<float> values(64);
  std::vector<uint8_t> want(36), got(36);
  ASSERT_TRUE(source->readValues(1, values.data()));
  quantizeRow(Format::Q4_0, values.data(), 64, want.data());
  ASSERT_TRUE(reader->read(1, got.data()));
  EXPECT_EQ(got, want);
}

TEST(GeneratedRows, RandomIsReproducibleAndBounded) {
  for (const FormatInfo &info : kFormats) {
    std::vector<double> a(512), b(512), other(512);
    ASSERT_TRUE(readRandomRows(1, "w", info.format, 4, 512, false)->readValues(3, a.data()));
    ASSERT_TRUE(readRandomRows(1, "w", info.format, 4, 512, false)->readValues(3, b.data()));
    ASSERT_TRUE(readRandomRows(2, "w", info.format, 4, 512, false)->readValues(3, other.data()));
    EXPECT_EQ(a, b) << info.name;
    EXPECT_NE(a, other) << info.name;
    double bound = 1 / std::sqrt(512.0), mean = 0, square = 0;
    for (double value : a) {
      ASSERT_LE(std::fabs(value), 2.01 * bound) << info.name;
      mean += value / 512;
      square += value * value / 512;
    }
    EXPECT_LT(std::fabs(mean), 0.25 * bound) << info.name;
    EXPECT_GT(std::sqrt(square), 0.15 * bound) << info.name;
  }
}

TEST(GeneratedRows, SplatAndRopeTable) {
  std::vector<double> row(64);
  ASSERT_TRUE(readSplatRows(0.5, Format::Q8_0, 2, 64)->readValues(1, row.data()));
  for (double value : row)
    ASSERT_NEAR(value, 0.5, 1e-3);
  RowReaderPtr table = readRopeTable(RopeAngles::unscaled(4, 100.0, {}), 8, 6);
  std::vector<double> turn(12);
  ASSERT_TRUE(table->readValues(5, turn.data()));
  double slow = 5 * std::pow(100.0, -0.5);
  std::vector<double> want = {std::cos(5),  std::cos(5), std::cos(slow),  std::cos(slow), 1, 1,
                              -std::sin(5), std::sin(5), -std::sin(slow), std::sin(slow), 0, 0};
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_EQ(turn[i], static_cast<float>(want[i])) << i;
}

// Peng et al.: fast pairs keep their frequency, slow pairs are stretched by the factor, in between a ramp.
TEST(RopeAngles, Yarn) {
  RopeAngles plain = RopeAngles::unscaled(128, 10000.0, {}), yarn = RopeAngles::yarn(128, 10000.0, 4.0, 4096, {});
  EXPECT_EQ(yarn.frequencies[0], plain.frequencies[0]);
  EXPECT_EQ(yarn.frequencies[63], plain.frequencies[63] / 4.0);
  for (size_t i = 0; i + 1 < 64; ++i)
    EXPECT_GE(yarn.frequencies[i] / plain.frequencies[i], yarn.frequencies[i + 1] / plain.frequencies[i + 1]);
  // Pairs 20.9 and 45.03 turn 32 times and once: the ramp runs from 20 to 46.
  EXPECT_EQ(yarn.frequencies[20], plain.frequencies[20]);
  EXPECT_NEAR(yarn.frequencies[33] / plain.frequencies[33], 0.5 / 4 + 0.5, 1e-12);
  EXPECT_EQ(yarn.frequencies[46], plain.frequencies[46] / 4.0);
  EXPECT_DOUBLE_EQ(yarn.magnitude, 1 + 0.1 * std::log(4.0));
}

TEST(RopeAngles, LinearAndFactors) {
  RopeAngles plain = RopeAngles::unscaled(4, 10000.0, {}), scaled = RopeAngles::linear(4, 10000.0, 8.0, {2.0, 4.0});
  EXPECT_EQ(scaled.frequencies[0], plain.frequencies[0] / 2.0 / 8.0);
  EXPECT_EQ(scaled.frequencies[1], plain.frequencies[1] / 4.0 / 8.0);
}

// Three megabytes in an order that runs forward and back, through a window of 256 KiB.
TEST(FileRows, AnyOrder) {
  TemporaryFile file;
  const int64_t rows = 3000, columns = 256;
  std::vector<float> row(columns);
  ASSERT_EQ(::write(file.fd, "head", 4), 4);
  for (int64_t r = 0; r < rows; ++r) {
    std::fill(row.begin(), row.end(), static_cast<float>(r));
    ASSERT_EQ(::write(file.fd, row.data(), columns * 4), columns * 4);
  }
  std::string error;
  RowReaderPtr reader = readFileRows(file.path, 4, Format::F32, rows, columns, error);
  ASSERT_TRUE(reader) << error;
  std::vector<double> values(columns);
  for (int64_t i = 0; i < 2 * rows; ++i) {
    int64_t r = i < rows ? i / 2 + i % 2 * (rows / 2) : i * 7919 % rows;
    ASSERT_TRUE(reader->readValues(r, values.data()));
    ASSERT_EQ(values[0], r);
    ASSERT_EQ(values[columns - 1], r);
  }
}

TEST(FileRows, SaysWhatIsWrong) {
  std::string error;
  EXPECT_FALSE(readFileRows("/nowhere/at/all", 0, Format::F32, 1, 1, error));
  EXPECT_EQ(error, "cannot open '/nowhere/at/all': No such file or directory");
  EXPECT_FALSE(readFileRows("/tmp", 0, Format::F32, 1, 1, error));
  EXPECT_EQ(error, "'/tmp' is not a regular file");
  TemporaryFile file;
  ASSERT_EQ(::write(file.fd, "0123456789", 10), 10);
  EXPECT_TRUE(readFileRows(file.path, 2, Format::F32, 2, 1, error));
  EXPECT_FALSE(readFileRows(file.path, 3, Format::F32, 2, 1, error));
  EXPECT_EQ(error, "'" + file.path + "' has 10 bytes, too few for 2 rows of 4 bytes at offset 3");
  EXPECT_FALSE(readFileRows(file.path, 0, Format::F32, int64_t(1) << 62, 4, error));
  EXPECT_FALSE(readFileRows(file.path, ~uint64_t(0), Format::F32, 1, 1, error));
}

TEST(FileRows, FileThatShrinks) {
  TemporaryFile file;
  std::vector<uint8_t> bytes(1 << 20);
  ASSERT_EQ(::write(file.fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  std::string error;
  RowReaderPtr reader = readFileRows(file.path, 0, Format::F32, 1 << 18, 1, error);
  ASSERT_TRUE(reader);
  ASSERT_EQ(::ftruncate(file.fd, 1000), 0);
  float value;
  EXPECT_FALSE(reader->readValues(200000, &value));
  EXPECT_NE(reader->error().find("shorter"), std::string::npos);
  EXPECT_NE(reader->error().find("800000"), std::string::npos);
}
} // namespace
