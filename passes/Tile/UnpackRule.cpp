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
  int64_t blockColumns = packed.blockColumns();
  Value tile = b.divu(row, packed.tileRows), lane = b.remu(row, packed.tileRows);
  Value block = b.addi(b.muli(tile, packed.blocksPerTile()), b.divu(column, blockColumns));
  Value at = b.addi(base, b.muli(block, packed.blockBytes()));
  Value inBlock = b.remu(column, blockColumns);
  if (layout.getRaw()) {
    UnpackRule rule(b, bytes, at);
    return unpackElement(format, rule, arith::IndexCastOp::create(b, b.getI32Type(), inBlock).getResult());
  }
  if (!info.grouped) {
    Type element = format == Format::F32   ? Type(b.getF32Type())
                   : format == Format::F16 ? Type(b.getF16Type())
                                           : Type(b.getBF16Type());
    Value v = loadBytesAs(b, bytes, element, b.addi(at, b.muli(lane, info.blockBytes)));
    return format == Format::F32 ? v : widen(b, v);
  }
  Value scale = widen(b, loadBytesAs(b, bytes, b.getF16Type(), b.addi(at, b.muli(lane, 2))));
  int64_t span = packed.lane * (packed.split ? 2 : 1); // columns that share a step of bytes
  Value step = b.divu(inBlock, span), inLane = b.remu(inBlock, packed.lane);
  Value codeAt =
      b.addi(b.addi(at, b.muli(step, packed.tileRows * packed.lane)), b.addi(b.muli(lane, packed.lane), inLane));
  Value byte = b.load(bytes, b.addi(codeAt, packed.scaleBytes() + packed.minBytes()));
  Value code;
  if (packed.split) {
    Value shift = b.muli(arith::IndexCastOp::create(b, b.getI32Type(), b.remu(b.divu(inBlock, packed.lane), 2)), 4);
    Value wide = arith::ExtUIOp::create(b, b.getI32Type(), byte);
    code = arith::AndIOp::create(b, arith::ShRUIOp::create(b, wide, shift), b.constantLike(wide, 15));
    if (format == Format::Q4_0)
      code = b.addi(code, b.constantLike(code, -8));
  } else {
    Value plain =
        packed.bias ? arith::XOrIOp::create(b, byte, b.constantLike(byte, static_cast<int8_t>(packed.bias))).getResult()
                    : byte;
    code = arith::ExtSIOp::create(b, b.getI32Type(), plain);
  }
  Value value = b.mulf(scale, arith::SIToFPOp::create(b, b.getF32Type(), code));
  if (info.hasMin())
    value = b.addf(value, widen(b, loadBytesAs(b, bytes, b.getF16Type(),
                                               b.addi(b.addi(at, b.muli(lane, 2)), packed.scaleBytes()))));
  return value;
}
