//===- PackedLayout.cpp - where an element of a packed weight lies --------===//
#include "dialects/Trafo/IR/PackedLayout.h"

using namespace trafo;

int PackedLayout::planeCount() const {
  int count = 0;
  while (count < 4 && planes[static_cast<size_t>(count)] != 0)
    ++count;
  return isPlanar() ? count : 1;
}

int64_t PackedLayout::planeStart(int plane) const {
  int64_t at = headBytes();
  for (int before = 0; before < plane; ++before)
    at += planeBytes(before);
  return at;
}

int64_t PackedLayout::blockBytes() const {
  if (raw)
    return info().bytesOfBlock(columns);
  return info().grouped ? planeStart(planeCount()) : tileRows * lane * info().blockBytes;
}

std::string trafo::layoutProblem(const PackedLayout &layout) {
  const FormatInfo &info = formatInfo(layout.format);
  std::string name = info.name;
  if (layout.rows < 1 || layout.columns < 1 || layout.columns % info.blockElements != 0)
    return "expects columns in multiples of " + std::to_string(info.blockElements) + " for " + name + ", got " +
           std::to_string(layout.columns);
  if (layout.tileRows < 1 || layout.lane < 1)
    return "expects positive rows and lane, got " + std::to_string(layout.tileRows) + " and " +
           std::to_string(layout.lane);
  bool plain = !layout.isPlanar() && layout.bias == 0;
  if (layout.raw && (layout.tileRows != 1 || layout.lane != 1 || !plain))
    return "a raw layout has rows = 1 and nothing else";
  if (!layout.raw && !info.grouped && !plain)
    return name + " has no codes, so planes and bias do not apply";
  if (!layout.raw && !info.grouped && layout.columns % layout.lane != 0)
    return "lane " + std::to_string(layout.lane) + " does not divide " + std::to_string(layout.columns) + " columns";
  if (layout.isTiled() && info.codebook && !layout.isPlanar())
    return name + " keeps indices into a codebook, which want planes";
  if (layout.isPlanar()) {
    uint32_t bits = 0;
    for (int plane = 0; plane < layout.planeCount(); ++plane) {
      int64_t width = layout.planeWidth(plane);
      if (width != 1 && width != 2 && width != 4)
        return "a plane has 1, 2 or 4 bits, got " + std::to_string(width);
      bits += static_cast<uint32_t>(width);
    }
    if (bits != info.fieldBits() || layout.bias != 0)
      return name + " expects planes of " + std::to_string(info.fieldBits()) + " bits together and no bias, got " +
             std::to_string(bits) + " bits and bias " + std::to_string(layout.bias);
  }
  for (int plane = 0; layout.isTiled() && plane < layout.planeCount(); ++plane) {
    int64_t step = 8 / layout.planeWidth(plane) * layout.lane;
    if (info.blockElements % step != 0)
      return "lane " + std::to_string(layout.lane) + " asks for steps of " + std::to_string(step) +
             " columns, which do not divide the block of " + std::to_string(info.blockElements);
  }
  int64_t tiles = layout.rows / layout.tileRows + 1, perTile, all;
  if (__builtin_mul_overflow(layout.blocksPerTile(), tiles, &perTile) ||
      __builtin_mul_overflow(perTile, layout.blockBytes(), &all))
    return "the packed weight would exceed 2^63 bytes";
  return "";
}
