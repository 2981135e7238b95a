//===- UnpackRule.cpp - the formats' unpack rules as IR -------------------===//
#include "passes/Tile/UnpackRule.h"

#include "dialects/Trafo/IR/Layout.h"

using namespace mlir;
using namespace trafo;

namespace {
Value loadBytesAs(VectorMath &b, Value bytes, Type type, Value at) {
  // Offsets have no alignment; a one-element vector load of bytes keeps that honest.
  int64_t width = type.getIntOrFloatBitWidth() / 8;
  auto raw = vector::LoadOp::create(b, b.vec(b.getI8Type(), width), bytes, ValueRange{at});
  auto cast = vector::BitCastOp::create(b, VectorType::get({1}, type), raw);
  return vector::ExtractOp::create(b, cast, 0);
}
Value widen(VectorMath &b, Value v) { return arith::ExtFOp::create(b, b.getF32Type(), v); }
} // namespace

Value UnpackRule::loadAs(Type type, Int byte) {
  Value at = b.addi(block, arith::IndexCastOp::create(b, b.getIndexType(), byte));
  return loadBytesAs(b, bytes, type, at);
}

Value UnpackRule::loadU8(Int byte) {
  Value at = b.addi(block, arith::IndexCastOp::create(b, b.getIndexType(), byte));
  return arith::ExtUIOp::create(b, b.getI32Type(), b.load(bytes, at));
}
Value UnpackRule::signExtend8(Int v) {
  return arith::ExtSIOp::create(b, b.getI32Type(), arith::TruncIOp::create(b, b.getI8Type(), v));
}
Value UnpackRule::lookup(const int8_t (&table)[16], Int index) {
  auto type = b.vec(b.getI8Type());
  Value values = arith::ConstantOp::create(b, DenseElementsAttr::get(type, ArrayRef<int8_t>(table)));
  Value at = arith::IndexCastOp::create(b, b.getIndexType(), index);
  return arith::ExtSIOp::create(b, b.getI32Type(), vector::ExtractOp::create(b, values, at));
}
Value UnpackRule::f16(Int byte) { return widen(b, loadAs(b.getF16Type(), byte)); }
Value UnpackRule::bf16(Int byte) { return widen(b, loadAs(b.getBF16Type(), byte)); }
Value UnpackRule::f32(Int byte) { return loadAs(b.getF32Type(), byte); }

Value trafo::unpackElementAt(VectorMath &b, Value bytes, Value base, WeightType type, LayoutAttr layout, Value row,
                             Value column) {
  PackedLayout packed = packedLayout(type, layout);
  Format format = type.getFormat();
  const FormatInfo &info = formatInfo(format);
  Value tile = b.divu(row, packed.tileRows), lane = b.remu(row, packed.tileRows);
  Value block = b.addi(b.muli(tile, packed.blocksPerTile()), b.divu(column, packed.blockColumns()));
  Value at = b.addi(base, b.muli(block, packed.blockBytes()));
  Value inBlock = b.remu(column, packed.blockColumns());
  if (layout.getRaw()) {
    UnpackRule rule(b, bytes, at);
    return unpackElement(format, rule, arith::IndexCastOp::create(b, b.getI32Type(), inBlock).getResult());
  }
  if (!info.grouped) {
    FloatType element = floatTypeOf(format, b.getContext());
    Value place = b.addi(b.muli(lane, packed.lane), inBlock);
    Value v = loadBytesAs(b, bytes, element, b.addi(at, b.muli(place, info.blockBytes)));
    return format == Format::F32 ? v : widen(b, v);
  }
  UnpackRule rule(b, bytes, at);
  auto toInt = [&](Value index) { return arith::IndexCastOp::create(b, b.getI32Type(), index).getResult(); };
  return valueOf(format, rule, meaningOf(format, rule, storedInTile(packed, rule, toInt(lane), toInt(inBlock))));
}
