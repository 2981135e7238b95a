//===- Layout.cpp - the packed layout a weight's attribute means ----------===//
#include "dialects/Trafo/IR/Layout.h"

#include "dialects/Trafo/IR/TrafoDialect.h"

#include <algorithm>

using namespace trafo;

PackedLayout trafo::packedLayout(WeightType type, LayoutAttr layout) {
  return packedLayout(type.getFormat(), type.getRows(), type.getCols(), layout);
}

PackedLayout trafo::packedLayout(Format format, int64_t rows, int64_t columns, LayoutAttr layout) {
  PackedLayout result;
  result.format = format;
  result.rows = rows;
  result.columns = columns;
  result.tileRows = layout.getRows();
  result.lane = layout.getLane();
  if (layout.getPlanes())
    for (auto [to, from] : llvm::zip(result.planes, layout.getPlanes().asArrayRef()))
      to = static_cast<uint8_t>(std::clamp<int64_t>(from, 0, 255));
  result.bias = static_cast<uint8_t>(layout.getBias());
  result.raw = layout.getRaw();
  return result;
}

int64_t trafo::packedBytes(WeightType type, LayoutAttr layout) {
  PackedLayout packed = packedLayout(type, layout);
  return layoutProblem(packed).empty() ? packed.bytes() : -1;
}
