//===- TilePacker.cpp - rows of a storage format into a packed tile -------===//
//
// A tile is written block by block: each row's block is unpacked into one byte a code, then the bytes are laid down plane
// by plane in steps of columns. What the formats keep, and lanes of 4, are known to the compiler; other lanes take the same
// path more slowly.
//
//===----------------------------------------------------------------------===//
#include "lib/Packer/TilePacker.h"

#include <cstring>

using namespace trafo;

namespace {
/// Where a block keeps its f16 scale; the minimum follows it.
constexpr int64_t fileScaleAt(Format format) {
  switch (format) {
  case Format::Q2_K:
    return 80;
  case Format::Q3_K:
    return 108;
  case Format::Q6_K:
    return 208;
  default:
    return 0;
  }
}

/// The codes of `info.blockElements` columns of a block from column `first` on, a byte each: unsigned fields for planes,
/// int8 otherwise.
template <Format F> void unpackCodes(const uint8_t *block, int64_t first, bool fields, uint8_t *codes) {
  constexpr const FormatInfo &info = formatInfo(F);
  BlockNumbers<float> numbers(block);
  if (F == Format::Q8_0 && !fields) {
    std::memcpy(codes, block + 2, info.blockElements);
  } else {
    int32_t least = fields && !info.codebook ? info.codeMin : 0;
    for (int64_t i = 0; i < info.blockElements; ++i)
      codes[i] = static_cast<uint8_t>(storedCode(F, numbers, static_cast<int32_t>(first + i)).code - least);
  }
}

/// Lays down the piece of `Width` bits from bit `from` on of a row's codes: `out` is its first step, steps lie `stride`
/// bytes apart. Lane is 0 where it is known only at run time.
template <Format F, int Width, int64_t Lane>
void placePlane(const uint8_t *codes, int from, int64_t lane, int64_t stride, uint8_t bias, uint8_t *out) {
  if constexpr (Lane != 0)
    lane = Lane;
  constexpr int64_t pieces = 8 / Width, columns = formatInfo(F).blockElements;
  for (int64_t c = 0; c < columns; c += pieces * lane, out += stride)
    for (int64_t i = 0; i < lane; ++i) {
      int byte = 0;
      for (int64_t piece = 0; piece < pieces; ++piece)
        byte |= (codes[c + piece * lane + i] >> from & ((1 << Width) - 1)) << Width * piece;
      out[i] = static_cast<uint8_t>(byte ^ bias);
    }
}

/// Those codes of row `row` to their places in the tile's block.
template <Format F, int64_t Lane>
void placeCodes(const PackedLayout &layout, const uint8_t *codes, int64_t row, int64_t first, uint8_t *block) {
  int64_t stride = layout.tileRows * layout.lane;
  int from = 0;
  for (int plane = 0; plane < layout.planeCount(); ++plane) {
    uint8_t *out = block + layout.codeAt(row, first, plane);
    switch (layout.planeWidth(plane)) {
    case 1:
      placePlane<F, 1, Lane>(codes, from, layout.lane, stride, layout.bias, out);
      break;
    case 2:
      placePlane<F, 2, Lane>(codes, from, layout.lane, stride, layout.bias, out);
      break;
    case 4:
      placePlane<F, 4, Lane>(codes, from, layout.lane, stride, layout.bias, out);
      break;
    default:
      placePlane<F, 8, Lane>(codes, from, layout.lane, stride, layout.bias, out);
    }
    from += static_cast<int>(layout.planeWidth(plane));
  }
}

/// The integer scales and minima of a super-block.
template <Format F> void placeGroupScales(const PackedLayout &layout, const uint8_t *block, int64_t row, uint8_t *out) {
  constexpr const FormatInfo &info = formatInfo(F);
  BlockNumbers<float> numbers(block);
  for (int64_t group = 0; group < layout.groups(); ++group) {
    auto stored = storedCode(F, numbers, static_cast<int32_t>(group * info.groupElements));
    if (layout.sharesScaleByte()) {
      out[layout.groupScaleAt(row, group)] = static_cast<uint8_t>(stored.groupScale | stored.groupMin << 4);
      continue;
    }
    out[layout.groupScaleAt(row, group)] = static_cast<uint8_t>(stored.groupScale);
    if (info.hasMin())
      out[layout.groupMinAt(row, group)] = static_cast<uint8_t>(stored.groupMin);
  }
}

template <Format F, int64_t Lane>
void packBlocks(const PackedLayout &layout, const uint8_t *rows, int64_t count, uint8_t *out) {
  constexpr const FormatInfo &info = formatInfo(F);
  int64_t rowSize = rowBytes(F, layout.columns), fileBlockBytes = info.bytesOfBlock(layout.columns);
  uint8_t codes[info.blockElements];
  for (int64_t b = 0; b < layout.blocksPerTile(); ++b, out += layout.blockBytes()) {
    if (count < layout.tileRows)
      std::memset(out, 0, static_cast<size_t>(layout.headBytes()));
    for (int64_t r = 0; r < count; ++r) {
      const uint8_t *block = rows + r * rowSize + b * fileBlockBytes;
      std::memcpy(out + layout.scaleAt(r), block + fileScaleAt(F), info.isPerRow() ? info.headBytes : 2);
      if (info.hasMin())
        std::memcpy(out + layout.minAt(r), block + fileScaleAt(F) + 2, 2);
      if constexpr (info.isSuper())
        placeGroupScales<F>(layout, block, r, out);
      for (int64_t first = 0; first < layout.blockColumns(); first += info.blockElements) {
        unpackCodes<F>(block, first, layout.isPlanar(), codes);
        placeCodes<F, Lane>(layout, codes, r, first, out);
      }
    }
    std::memset(codes, 0, sizeof(codes));
    for (int64_t r = count; r < layout.tileRows; ++r)
      for (int64_t first = 0; first < layout.blockColumns(); first += info.blockElements)
        placeCodes<F, Lane>(layout, codes, r, first, out);
  }
}

template <Format F> void packGrouped(const PackedLayout &layout, const uint8_t *rows, int64_t count, uint8_t *out) {
  layout.lane == 4 ? packBlocks<F, 4>(layout, rows, count, out) : packBlocks<F, 0>(layout, rows, count, out);
}

/// Float formats: `lane` columns of `tileRows` elements, a row's elements side by side. Those of a row take `chunk` bytes;
/// Chunk is 0 where that is known only at run time.
template <int64_t Chunk>
void packFloats(const PackedLayout &layout, int64_t chunk, const uint8_t *rows, int64_t count, uint8_t *out) {
  if constexpr (Chunk != 0)
    chunk = Chunk;
  int64_t chunks = layout.columns / layout.lane;
  for (int64_t c = 0; c < chunks; ++c, out += layout.tileRows * chunk) {
    for (int64_t r = 0; r < count; ++r)
      std::memcpy(out + r * chunk, rows + (r * chunks + c) * chunk, static_cast<size_t>(chunk));
    std::memset(out + count * chunk, 0, static_cast<size_t>((layout.tileRows - count) * chunk));
  }
}

void packFloats(const PackedLayout &layout, const uint8_t *rows, int64_t count, uint8_t *out) {
  int64_t chunk = layout.lane * formatInfo(layout.format).blockBytes;
  return chunk == 2   ? packFloats<2>(layout, chunk, rows, count, out)
         : chunk == 4 ? packFloats<4>(layout, chunk, rows, count, out)
                      : packFloats<0>(layout, chunk, rows, count, out);
}
} // namespace

void trafo::packTile(const PackedLayout &layout, const uint8_t *rows, int64_t count, uint8_t *out) {
  if (layout.tileRows == 1 && (layout.raw || !formatInfo(layout.format).grouped)) {
    std::memcpy(out, rows, static_cast<size_t>(rowBytes(layout.format, layout.columns)));
    return;
  }
  switch (layout.format) {
  case Format::F32:
  case Format::F16:
  case Format::BF16:
    return packFloats(layout, rows, count, out);
#define TRAFO_CASE(NAME)                                                                                               \
  case Format::NAME:                                                                                                   \
    return packGrouped<Format::NAME>(layout, rows, count, out);
    TRAFO_CASE(Q4_0)
    TRAFO_CASE(Q4_1)
    TRAFO_CASE(Q5_0)
    TRAFO_CASE(Q5_1)
    TRAFO_CASE(Q8_0)
    TRAFO_CASE(Q2_K)
    TRAFO_CASE(Q3_K)
    TRAFO_CASE(Q4_K)
    TRAFO_CASE(Q5_K)
    TRAFO_CASE(Q6_K)
    TRAFO_CASE(IQ4_NL)
    TRAFO_CASE(IQ4_XS)
    TRAFO_CASE(I8_ROW)
#undef TRAFO_CASE
  }
}
