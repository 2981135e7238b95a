//===- NeonDots.cpp - exact dots of groups by Arm's dot products ----------===//
//
// A register holds 4 columns of 4 rows as they are packed, which is what sdot wants: one a register and token. smmla
// multiplies 8 columns of 2 rows by 8 columns of 2 tokens; zip1 and zip2 of two such registers make its operands, paid
// once for all tokens. 8 rows at a time: by 4 tokens their 8 integer sums and the tile's 16 float sums leave 8 of the 32
// registers for codes and activations.
//
//===----------------------------------------------------------------------===//
#include "passes/AArch64/NeonDots.h"

#include "passes/Contract/DotProducts.h"

using namespace mlir;
using namespace trafo;

static constexpr int64_t kRegisterRows = 4;
static constexpr char kVectorRegisters = 'w'; // LLVM's constraint letter for them

static SmallVector<int64_t> range(int64_t first, int64_t count) {
  return llvm::to_vector(llvm::seq(first, first + count));
}

NeonDots::NeonDots(BlockContract &c, bool hasMatrix)
    : GroupDots(c), hasMatrix(hasMatrix), pairs(hasMatrix ? c.tokens / 2 : 0), bytes(b.vec(b.getI8Type(), 16)),
      ints(b.vec(b.getI32Type(), kRegisterRows)) {}

SmallVector<Value> NeonDots::dots(TileRows rows, Value group) {
  int64_t registers = rows.count / kRegisterRows;
  PlanarCodes planes(c, rows, group);
  SmallVector<Value> results(c.tokens);
  for (int64_t half = 0; half < halves(); ++half) {
    // A register of rows has as many sums as there are tokens, whether they go in pairs or alone.
    SmallVector<Value> sums(registers * c.tokens, arith::ConstantOp::create(b, b.getZeroAttr(ints)));
    for (int64_t step = half * stepsPerHalf(); step < (half + 1) * stepsPerHalf(); step += 2) {
      SmallVector<Value> first = columns(planes, rows, step, group), second = columns(planes, rows, step + 1, group);
      for (int64_t i = 0; i < registers; ++i) {
        MutableArrayRef<Value> its = MutableArrayRef(sums).slice(i * c.tokens, c.tokens);
        for (int64_t pair = 0; pair < pairs; ++pair)
          addPair(its.slice(pair * 2, 2), {first[i], second[i]}, pair, step * 4, group);
        for (int64_t token = pairs * 2; token < c.tokens; ++token)
          addToken(its[token], {first[i], second[i]}, token, step * 4, group);
      }
      if (c.tokens > 1)
        fence(b, sums, kVectorRegisters);
    }
    Value scales;
    if (c.info().isSuper())
      scales = arith::ExtSIOp::create(b, b.vec(b.getI32Type(), rows.count), groupScales(c, rows, group, half));
    for (int64_t token = 0; token < c.tokens; ++token) {
      Value sum = exactRows(sums, token, half, group);
      sum = scales ? b.muli(scales, sum) : sum;
      results[token] = results[token] ? b.addi(results[token], sum) : sum;
    }
  }
  return results;
}

void NeonDots::settle(MutableArrayRef<Value> sums) {
  if (c.tokens == 1)
    return;
  // A register each, for the fence.
  SmallVector<Value> registers;
  for (Value sum : sums)
    for (int64_t at = 0; at < rowsAtOnce(); at += kRegisterRows)
      registers.push_back(vector::ShuffleOp::create(b, sum, sum, range(at, kRegisterRows)));
  fence(b, registers, kVectorRegisters);
  for (auto [i, sum] : llvm::enumerate(sums))
    sum = vector::ShuffleOp::create(b, registers[2 * i], registers[2 * i + 1], range(0, 2 * kRegisterRows));
}

int64_t NeonDots::excess() const {
  if (c.isBiased())
    return isUnsigned() ? 128 : 0;
  return c.info().codebook ? 0 : -c.info().codeMin;
}

SmallVector<Value> NeonDots::columns(PlanarCodes &planes, TileRows rows, int64_t step, Value group) {
  Value all;
  if (c.isBiased()) {
    all = c.codes(rows.tile, step * plan::kTileRows * 4 + rows.first * 4, rows.count * 4, group);
    if (!isUnsigned())
      all = arith::XOrIOp::create(b, all, b.constantLike(all, -128));
  } else {
    all = planes.step(step);
  }
  SmallVector<Value> registers;
  for (int64_t at = 0; at < rows.count * 4; at += 16) {
    Value codes = vector::ShuffleOp::create(b, all, all, range(at, 16));
    registers.push_back(c.info().codebook ? lookedUp(codes) : codes);
  }
  return registers;
}

Value NeonDots::lookedUp(Value indices) {
  Value table = arith::ConstantOp::create(b, DenseElementsAttr::get(bytes, ArrayRef<int8_t>(*c.info().codebook)));
  return intrinsic(b, "llvm.aarch64.neon.tbl1.v16i8", bytes, {table, indices});
}

Value NeonDots::dot(StringRef name, Value sum, Value codes, Value activations) {
  return intrinsic(b, ("llvm.aarch64.neon." + name + ".v4i32.v16i8").str(), ints, {sum, codes, activations});
}

void NeonDots::addToken(Value &sum, Codes codes, int64_t token, int64_t column, Value group) {
  StringRef name = isUnsigned() ? "usdot" : "sdot";
  sum = dot(name, sum, codes.first, spread(b, c.fourActivations(token, column, group), bytes));
  sum = dot(name, sum, codes.second, spread(b, c.fourActivations(token, column + 4, group), bytes));
}

void NeonDots::addPair(MutableArrayRef<Value> sums, Codes codes, int64_t pair, int64_t column, Value group) {
  StringRef name = isUnsigned() ? "usmmla" : "smmla";
  Value even = c.activations(pair * 2, column, 8, group), odd = c.activations(pair * 2 + 1, column, 8, group);
  Value both = vector::ShuffleOp::create(b, even, odd, range(0, 16));
  sums[0] = dot(name, sums[0], zip(codes, {0, 4, 1, 5}), both);
  sums[1] = dot(name, sums[1], zip(codes, {2, 6, 3, 7}), both);
}

Value NeonDots::zip(Codes codes, ArrayRef<int64_t> words) {
  Value zipped = vector::ShuffleOp::create(b, vector::BitCastOp::create(b, ints, codes.first),
                                           vector::BitCastOp::create(b, ints, codes.second), words);
  return vector::BitCastOp::create(b, bytes, zipped);
}

Value NeonDots::exactRows(ArrayRef<Value> sums, int64_t token, int64_t half, Value group) {
  Value rows;
  for (ArrayRef<Value> its = sums; !its.empty(); its = its.drop_front(c.tokens)) {
    Value four = its[token];
    if (token < pairs * 2) {
      int64_t even = token / 2 * 2, lane = token % 2;
      four =
          vector::ShuffleOp::create(b, its[even], its[even + 1], ArrayRef<int64_t>{lane, lane + 2, lane + 4, lane + 6});
    }
    rows = rows ? vector::ShuffleOp::create(b, rows, four, range(0, 2 * kRegisterRows)).getResult() : four;
  }
  if (excess() == 0)
    return rows;
  Value sum = halves() == 1 ? c.sumOfActivations(token, group) : c.sumOf16(token, half, group);
  return b.subi(rows, b.broadcast(b.muli(sum, excess()), cast<VectorType>(rows.getType())));
}
