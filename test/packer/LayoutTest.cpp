//===- LayoutTest.cpp - pack, then unpack by the formulas -----------------===//
//
// Every format is packed in every kind of layout and read back element by element through the formulas of Layout.h, which
// are those that generated loads use; codes, scales and minima must be those of the file's rows.
//
//===----------------------------------------------------------------------===//
#include "lib/Packer/RowReader.h"
#include "lib/Packer/TilePacker.h"
#include "gtest/gtest.h"

using namespace trafo;

namespace {
struct Packed {
  PackedLayout layout;
  std::vector<uint8_t> rows; // in the storage format
  std::vector<uint8_t> bytes;
};

Packed pack(PackedLayout layout) {
  Packed result{layout, {}, std::vector<uint8_t>(static_cast<size_t>(layout.bytes()), 0xcd)};
  RowReaderPtr random =
      readRandomRows(7, formatInfo(layout.format).name, layout.format, layout.rows, layout.columns, false);
  int64_t rowBytes = random->rowBytes(), tileBytes = layout.blocksPerTile() * layout.blockBytes();
  result.rows.resize(static_cast<size_t>(layout.rows * rowBytes));
  for (int64_t r = 0; r < layout.rows; ++r)
    EXPECT_TRUE(random->read(r, result.rows.data() + r * rowBytes));
  for (int64_t t = 0; t < layout.tiles(); ++t)
    packTile(layout, result.rows.data() + t * layout.tileRows * rowBytes,
             std::min(layout.tileRows, layout.rows - t * layout.tileRows), result.bytes.data() + t * tileBytes);
  return result;
}

uint16_t half(const uint8_t *bytes) { return static_cast<uint16_t>(bytes[0] | bytes[1] << 8); }

std::string name(const PackedLayout &l) {
  return std::string(formatInfo(l.format).name) + " " + std::to_string(l.rows) + "x" + std::to_string(l.columns) +
         " tile " + std::to_string(l.tileRows) + " lane " + std::to_string(l.lane) + (l.split ? " split" : "") +
         " bias " + std::to_string(l.bias) + (l.raw ? " raw" : "");
}

/// The 4-bit field of element `i` of a block, as the file has it.
int fieldOf(Format format, const uint8_t *block, int64_t i) {
  int64_t first = formatInfo(format).hasMin() ? 4 : 2;
  return block[first + i % 16] >> (i < 16 ? 0 : 4) & 15;
}

void checkGrouped(const Packed &packed) {
  const PackedLayout &l = packed.layout;
  const FormatInfo &info = formatInfo(l.format);
  int64_t rowSize = rowBytes(l.format, l.columns);
  SCOPED_TRACE(name(l));
  for (int64_t r = 0; r < l.tiles() * l.tileRows; ++r)
    for (int64_t c = 0; c < l.columns; ++c) {
      const uint8_t *block = packed.rows.data() + r * rowSize + c / info.blockElements * info.blockBytes;
      int byte = packed.bytes[static_cast<size_t>(l.codeOffset(r, c))] ^ l.bias;
      int code = l.split ? byte >> l.codeShift(c) & 15 : static_cast<int8_t>(byte);
      if (r >= l.rows) {
        ASSERT_EQ(code, 0) << r << ", " << c;
        ASSERT_EQ(half(&packed.bytes[static_cast<size_t>(l.scaleOffset(r, c))]), 0);
        continue;
      }
      BlockNumbers<float> numbers(block);
      int64_t i = c % info.blockElements;
      UnpackedCode<BlockNumbers<float>> want = unpackCode(l.format, numbers, static_cast<int32_t>(i));
      ASSERT_EQ(code, l.split ? fieldOf(l.format, block, i) : want.code) << r << ", " << c;
      ASSERT_EQ(f16ToF32(half(&packed.bytes[static_cast<size_t>(l.scaleOffset(r, c))])), want.scale);
      if (info.hasMin()) {
        ASSERT_EQ(f16ToF32(half(&packed.bytes[static_cast<size_t>(l.minOffset(r, c))])), want.offset);
      }
    }
}

void checkFloats(const Packed &packed) {
  const PackedLayout &l = packed.layout;
  size_t size = formatInfo(l.format).blockBytes;
  SCOPED_TRACE(name(l));
  for (int64_t r = 0; r < l.tiles() * l.tileRows; ++r)
    for (int64_t c = 0; c < l.columns; ++c) {
      const uint8_t zeros[4] = {},
                    *want = r < l.rows ? packed.rows.data() + (r * l.columns + c) * static_cast<int64_t>(size) : zeros;
      ASSERT_EQ(std::memcmp(&packed.bytes[static_cast<size_t>(l.elementOffset(r, c))], want, size), 0);
    }
}

TEST(Layout, TilesOfCodes) {
  for (const FormatInfo &info : kFormats)
    for (int64_t rows : {1, 15, 16, 33})
      for (int64_t tileRows : {1, 8, 16})
        for (int64_t lane : {1, 2, 4, 8, 16, 32})
          for (bool split : {false, true})
            for (int bias : {0, 128, 0x88}) {
              PackedLayout layout{info.format, rows, 96, tileRows, lane, split, static_cast<uint8_t>(bias), false};
              if (!info.grouped || !canTile(info.format) || (split && (lane == 32 || !canSplit(info.format))))
                continue;
              ASSERT_EQ(layoutProblem(layout), "") << name(layout);
              checkGrouped(pack(layout));
              if (HasFatalFailure())
                return;
            }
}

TEST(Layout, TilesOfFloats) {
  for (Format format : {Format::F32, Format::F16, Format::BF16})
    for (int64_t rows : {1, 15, 16, 33})
      for (int64_t tileRows : {1, 16})
        checkFloats(pack({format, rows, 37, tileRows}));
}

TEST(Layout, RawKeepsTheFilesBytes) {
  for (const FormatInfo &info : kFormats) {
    PackedLayout layout{info.format, 5, 512};
    layout.raw = true;
    ASSERT_EQ(layoutProblem(layout), "");
    Packed packed = pack(layout);
    EXPECT_EQ(packed.bytes, packed.rows) << info.name;
    EXPECT_EQ(layout.blockOffset(3, info.blockElements),
              3 * rowBytes(info.format, 512) + (info.grouped ? info.blockBytes : layout.blockBytes()));
  }
}

// The example of the layout's description, worked by hand: q4_1, tiles of 16 rows, lane 4, split.
TEST(Layout, ExampleByHand) {
  PackedLayout layout{Format::Q4_1, 32, 64, 16, 4, true};
  EXPECT_EQ(layout.blockBytes(), 16 * 2 + 16 * 2 + 16 * 32 / 2);
  EXPECT_EQ(layout.bytes(), 2 * 2 * 320);
  EXPECT_EQ(layout.blockOffset(17, 40), (1 * 2 + 1) * 320);
  EXPECT_EQ(layout.scaleOffset(17, 40), 960 + 2);
  EXPECT_EQ(layout.minOffset(17, 40), 960 + 32 + 2);
  EXPECT_EQ(layout.codeOffset(17, 32 + 13),
            960 + 64 + 1 * 16 * 4 + 1 * 4 + 1); // the second lane of the second 8 columns
  EXPECT_EQ(layout.codeShift(32 + 13), 4);
  EXPECT_EQ(layout.codeShift(32 + 9), 0);
}

TEST(Layout, SaysWhatItCannotHold) {
  EXPECT_NE(layoutProblem({Format::Q4_1, 16, 40, 16, 4, true}), "");           // half a block of columns
  EXPECT_NE(layoutProblem({Format::Q4_K, 16, 256, 16, 4}), "");                // scales are products
  EXPECT_NE(layoutProblem({Format::Q8_0, 16, 64, 16, 4, true}), "");           // no 4-bit codes
  EXPECT_NE(layoutProblem({Format::Q4_0, 16, 64, 16, 32, true}), "");          // two lanes exceed the group
  EXPECT_NE(layoutProblem({Format::Q4_0, 16, 64, 16, 5}), "");                 // lane does not divide the group
  EXPECT_NE(layoutProblem({Format::F16, 16, 64, 16, 4}), "");                  // no codes at all
  EXPECT_NE(layoutProblem({Format::F16, 16, 64, 0}), "");                      // no rows
  EXPECT_NE(layoutProblem({Format::Q4_0, 16, 64, 16, 1, false, 0, true}), ""); // raw has one row
  EXPECT_NE(layoutProblem({Format::F32, int64_t(1) << 40, int64_t(1) << 40, 1}), "");
}
} // namespace
