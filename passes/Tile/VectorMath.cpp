//===- VectorMath.cpp - elementary functions and fixed-order sums as IR ---===//
#include "passes/Tile/VectorMath.h"

using namespace mlir;
using trafo::VectorMath;

Value VectorMath::constantLike(Value like, int64_t v) {
  Type type = like.getType();
  if (auto vector = dyn_cast<VectorType>(type)) {
    auto element = cast<IntegerType>(vector.getElementType());
    return arith::ConstantOp::create(*this, DenseElementsAttr::get(vector, APInt(element.getWidth(), v, true, true)));
  }
  return arith::ConstantOp::create(*this, getIntegerAttr(type, v));
}

// Without nnan and nsz each maximum costs a compare and a blend (findings/mlir-x86.md, trap 6).
Value VectorMath::maxf(Value a, Value b) {
  return arith::MaxNumFOp::create(*this, a, b, arith::FastMathFlags::nnan | arith::FastMathFlags::nsz);
}
Value VectorMath::minf(Value a, Value b) {
  return arith::MinNumFOp::create(*this, a, b, arith::FastMathFlags::nnan | arith::FastMathFlags::nsz);
}

/// In integers: targets without the instruction would call a library.
static Value roundToBF16(VectorMath &b, Value x) {
  VectorType words = b.vec(b.getI32Type());
  Value bits = arith::BitcastOp::create(b, words, x);
  auto constant = [&](int64_t v) { return b.constantLike(bits, v); };
  Value odd = arith::AndIOp::create(b, arith::ShRUIOp::create(b, bits, constant(16)), constant(1));
  Value rounded = b.addi(bits, b.addi(odd, 0x7fff));
  Value isNan = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x, x);
  Value quiet = arith::OrIOp::create(b, bits, constant(0x400000));
  Value kept = arith::ShRUIOp::create(b, arith::SelectOp::create(b, isNan, quiet, rounded), constant(16));
  return arith::BitcastOp::create(b, b.vec(b.getBF16Type()), arith::TruncIOp::create(b, b.vec(b.getI16Type()), kept));
}

Value VectorMath::narrow(Value x, Type element) {
  if (element.isF32())
    return x;
  if (element.isBF16())
    return roundToBF16(*this, x);
  return arith::TruncFOp::create(*this, vec(element), x);
}

Value VectorMath::widen(Value x) {
  return x.getType() == vecF32() ? x : arith::ExtFOp::create(*this, vecF32(), x).getResult();
}

Value VectorMath::loadCodes(Value memory, ValueRange at) {
  constexpr int64_t lanes = plan::kTileRows / 2;
  SmallVector<Value> halves, place(at);
  SmallVector<int64_t> words, both;
  for (int64_t lane = 0; lane < lanes; ++lane)
    words.append({lanes, lanes, lanes, lane}); // little-endian
  for (int64_t lane = 0; lane < 2 * lanes; ++lane)
    both.push_back(lane);
  for (int64_t half = 0; half < 2; ++half) {
    Value codes = loadVec(memory, place, vec(getI8Type(), lanes));
    Value bytes = vector::ShuffleOp::create(*this, codes, constantLike(codes, 0), words);
    Value scaled = vector::BitCastOp::create(*this, vec(getI32Type(), lanes), bytes);
    halves.push_back(arith::SIToFPOp::create(*this, vec(getF32Type(), lanes), scaled));
    place.back() = addi(place.back(), lanes);
  }
  return vector::ShuffleOp::create(*this, halves[0], halves[1], both);
}

trafo::plan::RefOp VectorMath::buffer(StringRef name, MemRefType type, bool isPrivate) {
  auto module = getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  if (!module.lookupSymbol(name)) {
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    plan::BufferOp::create(top, getLoc(), name, type, isPrivate);
  }
  return plan::RefOp::create(*this, type, name);
}

Value VectorMath::sumLanes(Value vector) {
  int64_t lanes = cast<VectorType>(vector.getType()).getDimSize(0);
  while (lanes > 1) {
    lanes /= 2;
    SmallVector<int64_t> low, high;
    for (int64_t i = 0; i < lanes; ++i) {
      low.push_back(i);
      high.push_back(i + lanes);
    }
    vector = addf(vector::ShuffleOp::create(*this, vector, vector, low),
                  vector::ShuffleOp::create(*this, vector, vector, high));
  }
  return vector::ExtractOp::create(*this, vector, 0);
}

Value VectorMath::maxLanes(Value vector) {
  return vector::ReductionOp::create(*this, vector::CombiningKind::MAXNUMF, vector,
                                     arith::FastMathFlags::nnan | arith::FastMathFlags::nsz);
}

Value VectorMath::exp(Value x) {
  auto type = cast<VectorType>(x.getType());
  auto ints = VectorType::get(type.getShape(), getI32Type());
  x = minf(maxf(x, splat(-87.3, type)), splat(88.3, type));
  Value n = math::RoundEvenOp::create(*this, mulf(x, splat(1.44269504088896341, type)));
  // ln 2 = 0.693359375 - 2.12194440e-4: the first part has few enough bits for n * part to be exact.
  Value r = fma(n, splat(-0.693359375, type), x);
  r = fma(n, splat(2.12194440e-4, type), r);
  Value p = splat(1.9875691500e-4, type);
  for (double c : {1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1})
    p = fma(p, r, splat(c, type));
  p = addf(fma(p, mulf(r, r), r), splat(1.0, type));
  // n is within [-126, 127]: adding it to the exponent field cannot leave the normal numbers by more than rounding.
  Value exponent = arith::FPToSIOp::create(*this, ints, n);
  Value shift = arith::ShLIOp::create(*this, exponent, constantLike(exponent, 23));
  Value bits = arith::AddIOp::create(*this, arith::BitcastOp::create(*this, ints, p), shift);
  return arith::BitcastOp::create(*this, type, bits);
}

Value VectorMath::exp2OfNegative(Value x) {
  auto type = cast<VectorType>(x.getType());
  auto ints = VectorType::get(type.getShape(), getI32Type());
  x = maxf(x, splat(-64.0, type));
  // Floats from 2^23 on have no fraction: the sum is rounded to an integer, which its last bits hold.
  Value magic = splat(0x1.8p23, type);
  Value rounded = addf(x, magic);
  Value r = subf(x, subf(rounded, magic)); // in [-0.5, 0.5], exactly
  // Minimax in the relative error, 9.1e-8, with 1 as its last coefficient.
  Value p = splat(0.0013264728477224708, type);
  for (double c : {0.009671512991189957, 0.05550733581185341, 0.24022242426872253, 0.6931470036506653, 1.0})
    p = fma(p, r, splat(c, type));
  Value bits = arith::BitcastOp::create(*this, ints, rounded);
  Value shift = arith::ShLIOp::create(*this, bits, constantLike(bits, 23));
  return arith::BitcastOp::create(*this, type, addi(arith::BitcastOp::create(*this, ints, p), shift));
}

// 1 - 2 / (exp(2x) + 1); saturates by exp's clamp.
Value VectorMath::tanh(Value x) {
  auto type = cast<VectorType>(x.getType());
  Value one = splat(1.0, type);
  Value bounded = minf(maxf(x, splat(-40.0, type)), splat(40.0, type));
  return subf(one, divf(splat(2.0, type), addf(exp(addf(bounded, bounded)), one)));
}

Value VectorMath::activation(Function function, Value x) {
  auto type = cast<VectorType>(x.getType());
  switch (function) {
  case Function::Silu:
    return divf(x, addf(splat(1.0, type), exp(subf(splat(0.0, type), x))));
  case Function::Relu:
    return maxf(x, splat(0.0, type));
  case Function::GeluTanh: {
    // Hendrycks and Gimpel 2016: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
    Value inner = mulf(splat(0.7978845608028654, type), fma(mulf(splat(0.044715, type), mulf(x, x)), x, x));
    return mulf(mulf(splat(0.5, type), x), addf(splat(1.0, type), tanh(inner)));
  }
  case Function::Gelu: {
    // erf by Abramowitz and Stegun 7.1.26 (absolute error 1.5e-7): x * Phi(x).
    Value z = mulf(math::AbsFOp::create(*this, x), splat(0.7071067811865476, type));
    Value t = divf(splat(1.0, type), fma(splat(0.3275911, type), z, splat(1.0, type)));
    Value p = splat(1.061405429, type);
    for (double c : {-1.453152027, 1.421413741, -0.284496736, 0.254829592})
      p = fma(p, t, splat(c, type));
    Value tail = mulf(mulf(p, t), exp(subf(splat(0.0, type), mulf(z, z)))); // erfc(z), z >= 0
    Value half = mulf(splat(0.5, type), tail);
    Value positive = arith::CmpFOp::create(*this, arith::CmpFPredicate::OGE, x, splat(0.0, type));
    return mulf(x, arith::SelectOp::create(*this, positive, subf(splat(1.0, type), half), half));
  }
  }
  llvm_unreachable("all functions are handled");
}

SmallVector<Value> VectorMath::loop(Value from, Value to, int64_t step, ValueRange inits,
                                    llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(*this, from, to, index(step), inits);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!inits.empty())
    scf::YieldOp::create(*this, next);
  return llvm::to_vector(ValueRange(loop.getResults()));
}

void VectorMath::loop(Value from, Value to, int64_t step, llvm::function_ref<void(Value)> body) {
  loop(from, to, step, ValueRange{}, [&](Value iv, ValueRange) {
    body(iv);
    return SmallVector<Value>{};
  });
}
