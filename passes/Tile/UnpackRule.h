//===- UnpackRule.h - the formats' unpack rules as IR ---------------------===//
#ifndef TRAFO_PASSES_TILE_UNPACKRULE_H
#define TRAFO_PASSES_TILE_UNPACKRULE_H

#include "passes/Tile/VectorMath.h"
#include "trafo/Formats.h"

namespace trafo {

/// The algebra of include/trafo/Formats.h over SSA values: one block of a weight's own bytes at `bytes[block ...]`.
/// Int is i32, Bool i1, Float f32; every operation rounds by itself.
class UnpackRule {
public:
  using Int = mlir::Value;
  using Bool = mlir::Value;
  using Float = mlir::Value;

  UnpackRule(VectorMath &b, mlir::Value bytes, mlir::Value block) : b(b), bytes(bytes), block(block) {}

  Int constant(int64_t v) { return mlir::arith::ConstantOp::create(b, b.getI32IntegerAttr(static_cast<int32_t>(v))); }
  Int loadU8(Int byte);
  Int signExtend8(Int v);
  Int add(Int x, Int y) { return mlir::arith::AddIOp::create(b, x, y); }
  Int sub(Int x, Int y) { return mlir::arith::SubIOp::create(b, x, y); }
  Int mul(Int x, Int y) { return mlir::arith::MulIOp::create(b, x, y); }
  Int and_(Int x, Int y) { return mlir::arith::AndIOp::create(b, x, y); }
  Int or_(Int x, Int y) { return mlir::arith::OrIOp::create(b, x, y); }
  Int shl(Int x, Int y) { return mlir::arith::ShLIOp::create(b, x, y); }
  Int shr(Int x, Int y) { return mlir::arith::ShRUIOp::create(b, x, y); }
  Bool lessThan(Int x, Int y) { return mlir::arith::CmpIOp::create(b, mlir::arith::CmpIPredicate::slt, x, y); }
  Int select(Bool c, Int x, Int y) { return mlir::arith::SelectOp::create(b, c, x, y); }
  Int lookup(const int8_t (&table)[16], Int index);
  Float f16(Int byte);
  Float bf16(Int byte);
  Float f32(Int byte);
  Float intToFloat(Int v) { return mlir::arith::SIToFPOp::create(b, b.getF32Type(), v); }
  Float fmul(Float x, Float y) { return mlir::arith::MulFOp::create(b, x, y); }
  Float fadd(Float x, Float y) { return mlir::arith::AddFOp::create(b, x, y); }
  Float fsub(Float x, Float y) { return mlir::arith::SubFOp::create(b, x, y); }

private:
  /// A value of `type` at byte `byte` of the block.
  mlir::Value loadAs(mlir::Type type, Int byte);

  VectorMath &b;
  mlir::Value bytes, block;
};

/// Element `column` of row `row` of the packed weight at byte `base` of `bytes`, as f32, by the weight's layout.
mlir::Value unpackElementAt(VectorMath &b, mlir::Value bytes, mlir::Value base, WeightType type, LayoutAttr layout,
                            mlir::Value row, mlir::Value column);

} // namespace trafo

#endif
