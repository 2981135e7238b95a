//===- VectorMath.h - elementary functions and fixed-order sums as IR -----===//
//
// What every lowering of Tile emits alike, so that a result has the same bits wherever it is computed: sums run in 16
// lanes that are added in halves, exp is the project's own.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_PASSES_TILE_VECTORMATH_H
#define TRAFO_PASSES_TILE_VECTORMATH_H

#include "dialects/Plan/IR/PlanOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace trafo {

/// Builds index, scalar and vector<16xf32> arithmetic at one location.
class VectorMath : public mlir::ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;
  using Value = mlir::Value;

  mlir::VectorType vec(mlir::Type element, int64_t lanes = plan::kTileRows) {
    return mlir::VectorType::get({lanes}, element);
  }
  mlir::VectorType vecF32() { return vec(getF32Type()); }

  Value index(int64_t v) { return mlir::arith::ConstantIndexOp::create(*this, v); }
  Value addi(Value a, Value b) { return mlir::arith::AddIOp::create(*this, a, b); }
  Value addi(Value a, int64_t b) { return b == 0 ? a : addi(a, constantLike(a, b)); }
  Value subi(Value a, Value b) { return mlir::arith::SubIOp::create(*this, a, b); }
  Value muli(Value a, Value b) { return mlir::arith::MulIOp::create(*this, a, b); }
  Value muli(Value a, int64_t b) { return b == 1 ? a : muli(a, constantLike(a, b)); }
  Value divu(Value a, int64_t b) {
    return b == 1 ? a : mlir::arith::DivUIOp::create(*this, a, constantLike(a, b)).getResult();
  }
  Value remu(Value a, int64_t b) { return mlir::arith::RemUIOp::create(*this, a, constantLike(a, b)); }
  Value minu(Value a, Value b) { return mlir::arith::MinUIOp::create(*this, a, b); }
  /// An integer constant of the type (index, integer or vector of integers) of `like`.
  Value constantLike(Value like, int64_t v);
  /// A floating-point constant of f32 or vector<16xf32>.
  Value scalar(double v) { return mlir::arith::ConstantOp::create(*this, getF32FloatAttr(static_cast<float>(v))); }
  Value splat(double v) { return splat(v, vecF32()); }
  Value splat(double v, mlir::VectorType type) {
    return mlir::arith::ConstantOp::create(*this, mlir::DenseElementsAttr::get(type, static_cast<float>(v)));
  }
  Value broadcast(Value v) { return broadcast(v, vec(v.getType())); }
  Value broadcast(Value v, mlir::VectorType type) { return mlir::vector::BroadcastOp::create(*this, type, v); }

  Value addf(Value a, Value b) { return mlir::arith::AddFOp::create(*this, a, b); }
  Value subf(Value a, Value b) { return mlir::arith::SubFOp::create(*this, a, b); }
  Value mulf(Value a, Value b) { return mlir::arith::MulFOp::create(*this, a, b); }
  Value divf(Value a, Value b) { return mlir::arith::DivFOp::create(*this, a, b); }
  Value fma(Value a, Value b, Value c) { return mlir::math::FmaOp::create(*this, a, b, c); }
  /// What the int8 classes make of sums of codes, f32: fma(sums, d_w * d_a, before). `scale` is d_a.
  Value addScaled(Value before, Value sums, Value scales, Value scale) {
    return fma(sums, mulf(scales, broadcast(scale, mlir::cast<mlir::VectorType>(before.getType()))), before);
  }
  /// Maximum of values known not to be NaN.
  Value maxf(Value a, Value b);
  Value minf(Value a, Value b);

  Value load(Value memory, mlir::ValueRange at) { return mlir::memref::LoadOp::create(*this, memory, at); }
  void store(Value value, Value memory, mlir::ValueRange at) {
    mlir::memref::StoreOp::create(*this, value, memory, at);
  }
  Value loadVec(Value memory, mlir::ValueRange at, mlir::VectorType type) {
    return mlir::vector::LoadOp::create(*this, type, memory, at);
  }
  Value loadVec(Value memory, mlir::ValueRange at) {
    return loadVec(memory, at, vec(mlir::cast<mlir::MemRefType>(memory.getType()).getElementType()));
  }
  void storeVec(Value value, Value memory, mlir::ValueRange at) {
    mlir::vector::StoreOp::create(*this, value, memory, at);
  }
  /// i32 loaded from memory, as an index.
  Value loadIndex(Value memory, mlir::ValueRange at) {
    return mlir::arith::IndexCastOp::create(*this, getIndexType(), load(memory, at));
  }
  /// The memory at byte `offset` of a byte memref, as `type` (static shape).
  Value view(Value bytes, Value offset, mlir::MemRefType type) {
    return mlir::memref::ViewOp::create(*this, type, bytes, offset, mlir::ValueRange{});
  }
  mlir::MemRefType memref(llvm::ArrayRef<int64_t> shape, mlir::Type element) {
    return mlir::MemRefType::get(shape, element);
  }
  /// The buffer called `name`, made where there is none: a worker's own, or one that all share.
  plan::RefOp scratch(llvm::StringRef name, mlir::MemRefType type) { return buffer(name, type, /*isPrivate=*/true); }
  plan::RefOp shared(llvm::StringRef name, mlir::MemRefType type) { return buffer(name, type, /*isPrivate=*/false); }

  /// vector<16xf32> rounded to f32 (itself), f16 or bf16, to nearest with ties to even; NaN stays NaN.
  Value narrow(Value x, mlir::Type element);
  /// A float vector as vector<16xf32>, exactly.
  Value widen(Value x);
  /// 16 codes (i8) from `at` on times 2^24 as vector<16xf32>, exactly: a byte shuffle puts each on top of a word, which costs
  /// machines half of what widening with the sign does. Halves take the same shuffle, so one register holds its indices.
  Value loadCodes(Value memory, mlir::ValueRange at);
  static constexpr double kCodeUnit = 1.0 / (1 << 24);

  /// lanes 0..7 + lanes 8..15, then 4, 2, 1: the project's order for sums over lanes. f32.
  Value sumLanes(Value vector);
  /// Greatest lane, scalar f32; exact, so in any order.
  Value maxLanes(Value vector);

  /// exp(x) for x <= 88.3, 0.86 ULP over [-87, 0] (findings/mlir-x86.md section 3; Cephes expf, Moshier 1989):
  /// two-part reduction by ln 2, polynomial of degree 5, scaling through the exponent field. Below -87.3 it stays at
  /// exp(-87.3) = 1.2e-38. Any float vector type.
  Value exp(Value x);
  /// 2^x for x <= 0, and for x that rounding has moved little above: within 1.7e-7 of it, 2^0 exactly. What lies below -64
  /// gives 2^-64, far less than a last bit of a sum with 1 in it, so products with it stay normal numbers. Half of exp's
  /// instructions: nothing overflows and one multiplication (the caller's, to the base 2) brings x into the range.
  Value exp2OfNegative(Value x);
  Value tanh(Value x);
  Value activation(Function function, Value x);

  /// for (iv = from; iv < to; iv += step) with `inits` carried; body returns the next values.
  mlir::SmallVector<Value> loop(Value from, Value to, int64_t step, mlir::ValueRange inits,
                                llvm::function_ref<mlir::SmallVector<Value>(Value iv, mlir::ValueRange carried)> body);
  void loop(Value from, Value to, int64_t step, llvm::function_ref<void(Value iv)> body);

private:
  plan::RefOp buffer(llvm::StringRef name, mlir::MemRefType type, bool isPrivate);
};

} // namespace trafo

#endif
