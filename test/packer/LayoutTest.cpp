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
         " tile " + std::to_string(l.tileRows) + " lane " + std::to_string(l.lane) + " planes " +
         std::to_string(l.planes[0]) + std::to_string(l.planes[1]) + std::to_string(l.planes[2]) + " bias " +
         std::to_string(l.bias) + (l.raw ? " raw" : "");
}

/// A tiled element by the layout's places and the words of the attribute's description.
StoredCode<BlockNumbers<float>> storedAt(const PackedLayout &l, const uint8_t *block, int64_t r, int64_t c) {
  const FormatInfo &info = l.info();
  StoredCode<BlockNumbers<float>> stored{};
  if (info.isPerRow())
    std::memcpy(&stored.scale, block + l.scaleAt(r), 4);
  else
    stored.scale = f16ToF32(half(block + l.scaleAt(r)));
  if (info.hasMin())
    stored.min = f16ToF32(half(block + l.minAt(r)));
  if (info.isSuper()) {
    int64_t group = c / info.groupElements;
    int scale = block[l.groupScaleAt(r, group)];
    stored.groupScale = l.sharesScaleByte() ? scale & 15 : static_cast<int8_t>(scale);
    if (info.hasMin())
      stored.groupMin = l.sharesScaleByte() ? scale >> 4 : block[l.groupMinAt(r, group)];
  }
  if (!l.isPlanar()) {
    stored.code = static_cast<int8_t>(block[l.codeAt(r, c)] ^ l.bias);
    return stored;
  }
  int from = 0;
  for (int plane = 0; plane < l.planeCount(); from += l.planes[size_t(plane++)])
    stored.code |= (block[l.codeAt(r, c, plane)] >> l.codeShift(c, plane) & ((1 << l.planes[size_t(plane)]) - 1))
                   << from;
  stored.code += info.codebook ? 0 : info.codeMin;
  return stored;
}

void checkGrouped(const Packed &packed) {
  const PackedLayout &l = packed.layout;
  const FormatInfo &info = l.info();
  int64_t rowSize = rowBytes(l.format, l.columns);
  int64_t elements = info.elementsOfBlock(l.columns), bytes = info.bytesOfBlock(l.columns);
  SCOPED_TRACE(name(l));
  for (int64_t r = 0; r < l.tiles() * l.tileRows; ++r)
    for (int64_t c = 0; c < l.columns; ++c) {
      const uint8_t *tile = packed.bytes.data() + l.blockOffset(r, c);
      StoredCode<BlockNumbers<float>> got = storedAt(l, tile, r % l.tileRows, c % l.blockColumns()), want{};
      BlockNumbers<float> inTile(tile);
      auto rule =
          storedInTile(l, inTile, static_cast<int32_t>(r % l.tileRows), static_cast<int32_t>(c % l.blockColumns()));
      if (r < l.rows) {
        BlockNumbers<float> file(packed.rows.data() + r * rowSize + c / elements * bytes);
        want = storedCode(l.format, file, static_cast<int32_t>(c % elements));
      } else if (!info.codebook && l.isPlanar()) {
        want.code = info.codeMin;
      }
      for (const auto &stored : {got, rule}) {
        ASSERT_EQ(stored.code, want.code) << r << ", " << c;
        ASSERT_EQ(stored.scale, want.scale);
        ASSERT_EQ(stored.groupScale, want.groupScale);
        if (info.hasMin()) {
          ASSERT_EQ(stored.min, want.min);
          ASSERT_EQ(stored.groupMin, want.groupMin);
        }
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
  const Planes kCuts[] = {{},     {4},    {2, 2},    {1, 2, 1}, {4, 1}, {1, 4}, {2, 2, 1},   {4, 2},
                          {2, 4}, {2, 1}, {1, 1, 1}, {2},       {1, 1}, {4, 4}, {4, 2, 1, 1}};
  int checked = 0;
  for (const FormatInfo &info : kFormats)
    for (int64_t rows : {16, 33})
      for (int64_t tileRows : {1, 16})
        for (int64_t lane : {1, 4, 16, 32})
          for (const Planes &planes : kCuts)
            for (int bias : {0, 128, 0x88}) {
              int64_t columns = info.isSuper() ? 512 : 96;
              PackedLayout layout{info.format, rows, columns, tileRows, lane, planes, static_cast<uint8_t>(bias),
                                  false};
              if (!info.grouped || !layoutProblem(layout).empty())
                continue;
              ++checked;
              checkGrouped(pack(layout));
              if (HasFatalFailure())
                return;
            }
  EXPECT_EQ(checked, 940);
}

TEST(Layout, TilesOfFloats) {
  for (Format format : {Format::F32, Format::F16, Format::BF16})
    for (int64_t rows : {1, 15, 16, 33})
      for (int64_t tileRows : {1, 16}) {
        checkFloats(pack({format, rows, 37, tileRows}));
        for (int64_t lane : {2, 4})
          checkFloats(pack({format, rows, 36, tileRows, lane}));
      }
}

TEST(Layout, RawKeepsTheFilesBytes) {
  for (const FormatInfo &info : kFormats) {
    PackedLayout layout{info.format, 5, 512};
    layout.raw = true;
    ASSERT_EQ(layoutProblem(layout), "");
    Packed packed = pack(layout);
    EXPECT_EQ(packed.bytes, packed.rows) << info.name;
    EXPECT_EQ(layout.blockOffset(3, info.elementsOfBlock(512)),
              3 * rowBytes(info.format, 512) + (info.grouped ? info.bytesOfBlock(512) : layout.blockBytes()));
  }
}

// The example of the layout's description, worked by hand: q4_1, tiles of 16 rows, lane 4, split.
TEST(Layout, ExampleByHand) {
  PackedLayout layout{Format::Q4_1, 32, 64, 16, 4, {4}};
  EXPECT_EQ(layout.blockBytes(), 16 * 2 + 16 * 2 + 16 * 32 / 2);
  EXPECT_EQ(layout.bytes(), 2 * 2 * 320);
  EXPECT_EQ(layout.blockOffset(17, 40), (1 * 2 + 1) * 320);
  EXPECT_EQ(layout.scaleAt(1), 2);
  EXPECT_EQ(layout.minAt(1), 32 + 2);
  EXPECT_EQ(layout.codeAt(1, 13), 64 + 1 * 16 * 4 + 1 * 4 + 1); // the second lane of the second 8 columns
  EXPECT_EQ(layout.codeShift(13), 4);
  EXPECT_EQ(layout.codeShift(9), 0);
}

// One block is the row: 16 scales of four bytes, then all codes.
TEST(Layout, WholeRowsByHand) {
  PackedLayout layout{Format::I8_ROW, 32, 96, 16, 4, {}, 128};
  EXPECT_EQ(layout.blockBytes(), 16 * 4 + 16 * 96);
  EXPECT_EQ(layout.bytes(), 2 * layout.blockBytes());
  EXPECT_EQ(layout.blockOffset(17, 40), layout.blockBytes());
  EXPECT_EQ(layout.scaleAt(3), 12);
  EXPECT_EQ(layout.codeAt(1, 45), 64 + 11 * 16 * 4 + 1 * 4 + 1); // the twelfth 4 columns
}

// Q6_K: 256 columns, 16 groups with a scale of 8 bits, a plane of nibbles and one of two bits.
TEST(Layout, SuperBlockByHand) {
  PackedLayout layout{Format::Q6_K, 32, 512, 16, 4, {4, 2}};
  EXPECT_EQ(layout.blockBytes(), 16 * 2 + 16 * 16 + 16 * 256 / 2 + 16 * 256 / 4);
  EXPECT_EQ(layout.blockOffset(17, 300), 3 * 3360);
  EXPECT_EQ(layout.groupScaleAt(1, 3), 32 + 3 * 16 + 1);
  EXPECT_EQ(layout.codeAt(1, 45, 0), 288 + 5 * 64 + 4 + 1);        // the sixth 8 columns, their second lane
  EXPECT_EQ(layout.codeAt(1, 45, 1), 288 + 2048 + 2 * 64 + 4 + 1); // the third 16 columns, their fourth lane
  EXPECT_EQ(layout.codeShift(45, 0), 4);
  EXPECT_EQ(layout.codeShift(45, 1), 6);
}

TEST(Layout, SaysWhatItCannotHold) {
  auto says = [](const char *what, const PackedLayout &layout) {
    EXPECT_NE(layoutProblem(layout).find(what), std::string::npos) << layoutProblem(layout);
  };
  says("multiples of 32", {Format::Q4_1, 16, 40, 16, 4, {4}});
  says("multiples of 256", {Format::Q4_K, 16, 288, 16, 4, {4}});
  says("planes of 8 bits", {Format::Q8_0, 16, 64, 16, 4, {4}});
  says("planes of 6 bits", {Format::Q6_K, 16, 256, 16, 4, {4, 1}});
  says("1, 2 or 4 bits", {Format::Q6_K, 16, 256, 16, 4, {3, 3}});
  says("no bias", {Format::Q4_K, 16, 256, 16, 4, {4}, 128});
  says("want planes", {Format::IQ4_NL, 16, 64, 16, 4});
  says("steps of 64", {Format::Q4_0, 16, 64, 16, 32, {4}});
  says("steps of 5", {Format::Q4_0, 16, 64, 16, 5});
  says("no codes", {Format::F16, 16, 64, 16, 1, {4}});
  says("does not divide 63 columns", {Format::BF16, 16, 63, 16, 2});
  says("positive rows", {Format::F16, 16, 64, 0});
  says("raw layout", {Format::Q4_0, 16, 64, 16, 1, {}, 0, true});
  EXPECT_NE(layoutProblem({Format::F32, int64_t(1) << 40, int64_t(1) << 40, 1}), "");
}
} // namespace
