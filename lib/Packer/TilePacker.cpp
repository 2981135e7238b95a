//===- TilePacker.cpp - rows of a storage format into a packed tile -------===//
//
// A tile is written block by block: each row's block is unpacked into one byte a code, then the bytes are laid down in
// steps of `lane` columns. The formats users hold and lanes of 4 are compiled for themselves; the rest take the general
// path, which follows from the format's rule in trafo/Formats.h.
//
//===----------------------------------------------------------------------===//
#include "lib/Packer/TilePacker.h"

#include <cstring>

using namespace trafo;

namespace {
constexpr int64_t kGroup = 32; // of every format that `canTile`

/// Where a block keeps its codes; scale and minimum are the f16 values at 0 and 2.
constexpr int64_t fieldsAt(Format format) {
  const FormatInfo &info = formatInfo(format);
  return info.hasMin() ? 4 : 2;
}

/// The codes of one block, a byte each: the 4-bit fields for split layouts, int8 otherwise.
template <Format F, bool Split> void unpackBlock(const uint8_t *block, uint8_t *codes) {
  if constexpr (Split) {
    const uint8_t *fields = block + fieldsAt(F);
    for (int64_t i = 0; i < kGroup / 2; ++i) {
      codes[i] = fields[i] & 15;
      codes[i + kGroup / 2] = static_cast<uint8_t>(fields[i] >> 4);
    }
  } else if constexpr (F == Format::Q8_0) {
    std::memcpy(codes, block + 2, kGroup);
  } else {
    BlockNumbers<float> numbers(block);
    for (int32_t i = 0; i < kGroup; ++i)
      codes[i] = static_cast<uint8_t>(unpackCode(F, numbers, i).code);
  }
}

/// Lays a row's codes down: `codes` is its first step in the block, steps lie `stride` bytes apart. Lane is 0 where it is
/// known only at run time.
template <bool Split, int64_t Lane>
void placeCodes(const uint8_t *codes, int64_t lane, int64_t stride, uint8_t bias, uint8_t *out) {
  if constexpr (Lane != 0)
    lane = Lane;
  int64_t step = Split ? 2 * lane : lane;
  for (int64_t c = 0; c < kGroup; c += step, out += stride)
    for (int64_t i = 0; i < lane; ++i)
      out[i] = static_cast<uint8_t>((Split ? codes[c + i] | codes[c + lane + i] << 4 : codes[c + i]) ^ bias);
}

template <Format F, bool Split, int64_t Lane>
void packBlocks(const PackedLayout &layout, const uint8_t *rows, int64_t count, uint8_t *out) {
  const FormatInfo &info = formatInfo(F);
  int64_t rowSize = rowBytes(F, layout.columns), stride = layout.tileRows * layout.lane;
  int64_t scaleBytes = layout.scaleBytes(), headBytes = scaleBytes + layout.minBytes();
  for (int64_t b = 0; b < layout.blocksPerTile(); ++b, out += layout.blockBytes()) {
    for (int64_t r = 0; r < count; ++r) {
      const uint8_t *block = rows + r * rowSize + b * info.blockBytes;
      std::memcpy(out + 2 * r, block, 2);
      if (info.hasMin())
        std::memcpy(out + scaleBytes + 2 * r, block + 2, 2);
      uint8_t codes[kGroup];
      unpackBlock<F, Split>(block, codes);
      placeCodes<Split, Lane>(codes, layout.lane, stride, layout.bias, out + headBytes + r * layout.lane);
    }
    if (count == layout.tileRows)
      continue;
    const uint8_t noCodes[kGroup] = {};
    std::memset(out + 2 * count, 0, static_cast<size_t>(2 * (layout.tileRows - count)));
    if (info.hasMin())
      std::memset(out + scaleBytes + 2 * count, 0, static_cast<size_t>(2 * (layout.tileRows - count)));
    for (int64_t r = count; r < layout.tileRows; ++r)
      placeCodes<Split, Lane>(noCodes, layout.lane, stride, layout.bias, out + headBytes + r * layout.lane);
  }
}

template <Format F> void packGrouped(const PackedLayout &layout, const uint8_t *rows, int64_t count, uint8_t *out) {
  static_assert(formatInfo(F).groupElements == kGroup && formatInfo(F).blockElements == kGroup, "one group a block");
  if (layout.split) {
    if constexpr (formatInfo(F).blockBytes - fieldsAt(F) == kGroup / 2)
      layout.lane == 4 ? packBlocks<F, true, 4>(layout, rows, count, out)
                       : packBlocks<F, true, 0>(layout, rows, count, out);
  } else {
    layout.lane == 4 ? packBlocks<F, false, 4>(layout, rows, count, out)
                     : packBlocks<F, false, 0>(layout, rows, count, out);
  }
}

/// Float formats: columns of `tileRows` elements.
template <class Bits> void packFloats(const PackedLayout &layout, const uint8_t *rows, int64_t count, uint8_t *out) {
  const int64_t size = sizeof(Bits);
  for (int64_t c = 0; c < layout.columns; ++c, out += layout.tileRows * size) {
    for (int64_t r = 0; r < count; ++r)
      std::memcpy(out + r * size, rows + (r * layout.columns + c) * size, sizeof(Bits));
    std::memset(out + count * size, 0, static_cast<size_t>((layout.tileRows - count) * size));
  }
}
} // namespace

void trafo::packTile(const PackedLayout &layout, const uint8_t *rows, int64_t count, uint8_t *out) {
  if (layout.tileRows == 1 && (layout.raw || !formatInfo(layout.format).grouped)) {
    std::memcpy(out, rows, static_cast<size_t>(rowBytes(layout.format, layout.columns)));
    return;
  }
  switch (layout.format) {
  case Format::F32:
    return packFloats<uint32_t>(layout, rows, count, out);
  case Format::F16:
  case Format::BF16:
    return packFloats<uint16_t>(layout, rows, count, out);
  case Format::Q4_0:
    return packGrouped<Format::Q4_0>(layout, rows, count, out);
  case Format::Q4_1:
    return packGrouped<Format::Q4_1>(layout, rows, count, out);
  case Format::Q5_0:
    return packGrouped<Format::Q5_0>(layout, rows, count, out);
  case Format::Q5_1:
    return packGrouped<Format::Q5_1>(layout, rows, count, out);
  case Format::Q8_0:
    return packGrouped<Format::Q8_0>(layout, rows, count, out);
  case Format::IQ4_NL:
    return packGrouped<Format::IQ4_NL>(layout, rows, count, out);
  default: // no other format `canTile`
    return;
  }
}
