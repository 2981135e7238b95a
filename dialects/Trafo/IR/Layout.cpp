//===- Layout.cpp - where an element of a packed weight lies --------------===//
#include "dialects/Trafo/IR/Layout.h"

#include "dialects/Trafo/IR/TrafoDialect.h"

using namespace trafo;

int64_t PackedLayout::blockBytes() const {
  const FormatInfo &info = formatInfo(format);
  if (raw)
    return info.blockBytes;
  return info.grouped ? scaleBytes() + minBytes() + codeBytes() : tileRows * info.blockBytes;
}

int64_t PackedLayout::codeOffset(int64_t row, int64_t column) const {
  int64_t c = column % blockColumns(), r = row % tileRows;
  int64_t step = split ? c / (2 * lane) : c / lane;
  return blockOffset(row, column) + scaleBytes() + minBytes() + step * tileRows * lane + r * lane + c % lane;
}

int64_t PackedLayout::elementOffset(int64_t row, int64_t column) const {
  return blockOffset(row, column) + row % tileRows * formatInfo(format).blockBytes;
}

bool trafo::canTile(Format format) {
  switch (format) {
  case Format::Q4_0:
  case Format::Q4_1:
  case Format::Q5_0:
  case Format::Q5_1:
  case Format::Q8_0:
  case Format::IQ4_NL:
    return true;
  default:
    return !formatInfo(format).grouped;
  }
}

bool trafo::canSplit(Format format) {
  return format == Format::Q4_0 || format == Format::Q4_1 || format == Format::IQ4_NL;
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
  bool plain = layout.lane == 1 && !layout.split && layout.bias == 0;
  if (layout.raw && (layout.tileRows != 1 || !plain))
    return "a raw layout has rows = 1 and nothing else";
  if (!layout.raw && !canTile(layout.format))
    return name + " cannot be cut into tiles, only kept raw";
  if (!layout.raw && !info.grouped && !plain)
    return name + " has no codes, so lane, split and bias do not apply";
  if (layout.split && !canSplit(layout.format))
    return name + " has no codes of 4 bits to split";
  if (!layout.raw && info.grouped && info.groupElements % (layout.split ? 2 * layout.lane : layout.lane) != 0)
    return "lane " + std::to_string(layout.lane) + " does not divide the group of " +
           std::to_string(info.groupElements) + (layout.split ? " split in two" : "");
  int64_t tiles = layout.rows / layout.tileRows + 1, perTile, all;
  if (__builtin_mul_overflow(layout.blocksPerTile(), tiles, &perTile) ||
      __builtin_mul_overflow(perTile, layout.blockBytes(), &all))
    return "the packed weight would exceed 2^63 bytes";
  return "";
}

PackedLayout trafo::packedLayout(WeightType type, LayoutAttr layout) {
  PackedLayout result;
  result.format = type.getFormat();
  result.rows = type.getRows();
  result.columns = type.getCols();
  result.tileRows = layout.getRows();
  result.lane = layout.getLane();
  result.split = layout.getSplit();
  result.bias = static_cast<uint8_t>(layout.getBias());
  result.raw = layout.getRaw();
  return result;
}

int64_t trafo::packedBytes(WeightType type, LayoutAttr layout) {
  PackedLayout packed = packedLayout(type, layout);
  return layoutProblem(packed).empty() ? packed.bytes() : -1;
}
