//===- TilePrepare.cpp - rows normalised and brought to a panel's format --===//
//
// Legal everywhere; the panel's buffers are private, so workers do not meet. Rows are independent: a row's codes depend
// on nothing but the row.
//
//===----------------------------------------------------------------------===//
#include "passes/Tile/PanelBuffers.h"
#include "passes/Tile/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace trafo {
#define GEN_PASS_DEF_TILEPREPAREPASS
#include "passes/Tile/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;
using plan::kTileRows;

namespace {

/// What turns a stored value into a prepared one: y = (x - shift) * scale * weight + bias, absent parts left out.
struct RowTransform {
  Value shift, scale; // vectors
  Value weight, bias; // plan weights
};

/// The scale of codes up to `greatest` for values of at most `amax`.
struct CodeScale {
  Value d, inverse; // scalars

  CodeScale(VectorMath &b, Value amax, int64_t greatest) : d(b.divf(amax, b.scalar(static_cast<double>(greatest)))) {
    Value isZero = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, amax, b.scalar(0.0));
    inverse = arith::SelectOp::create(b, isZero, b.scalar(0.0), b.divf(b.scalar(1.0), d));
  }
};

/// The int8 codes of a panel's rows.
class CodeWriter {
public:
  CodeWriter(VectorMath &b, const PanelBuffers &buffers) : b(b), buffers(buffers) {}

  /// Row `row` of the buffers by one scale; `valuesOf` gives the values of a group of 32, two vectors.
  void writeRow(Value row, int64_t columns, llvm::function_ref<std::array<Value, 2>(Value group)> valuesOf) {
    Value zero = b.index(0), groups = b.index(columns / 32);
    Value largest = b.loop(zero, groups, 1, {b.splat(0.0)}, [&](Value group, ValueRange carried) {
      return SmallVector<Value>{b.maxf(carried[0], magnitude(valuesOf(group)))};
    })[0];
    CodeScale scale(b, b.maxLanes(largest), greatestCode(1));
    Value none = arith::ConstantOp::create(b, b.getI32IntegerAttr(0));
    Value total = b.loop(zero, groups, 1, {none}, [&](Value group, ValueRange carried) {
      std::array<Value, 2> values = valuesOf(group);
      return SmallVector<Value>{b.addi(carried[0], writeCodes(rounded(values, scale), placeOf(row, group)))};
    })[0];
    writeScale(scale.d, total, placeOf(row, zero));
  }

  /// One group of row `row` of the step by a scale of its own.
  void writeGroup(ArrayRef<Value> values, Value row, Value group) {
    CodeScale scale(b, b.maxLanes(magnitude(values)), greatestCode(buffers.terms));
    Codes codes = rounded(values, scale);
    SmallVector<Value> at = placeOf(b.muli(row, buffers.terms), group);
    Value total = buffers.terms == 1 ? writeCodes(codes, at) : writeDigits(codes, row, group);
    writeScale(scale.d, b.mulf(scale.d, arith::SIToFPOp::create(b, b.getF32Type(), total)), at);
  }

private:
  using Codes = std::array<Value, 2>; // of a group, as f32

  Codes rounded(ArrayRef<Value> values, const CodeScale &scale) {
    Value inverses = b.broadcast(scale.inverse);
    Codes codes;
    for (int half = 0; half < 2; ++half)
      codes[half] = math::RoundEvenOp::create(b, b.mulf(values[half], inverses));
    return codes;
  }
  Value asInts(Value codes) { return arith::FPToSIOp::create(b, b.vec(b.getI32Type()), codes); }

  SmallVector<Value> placeOf(Value row, Value group) {
    return {b.divu(row, buffers.tileRows), group, b.remu(row, buffers.tileRows)};
  }
  Value magnitude(ArrayRef<Value> values) {
    return b.maxf(math::AbsFOp::create(b, values[0]), math::AbsFOp::create(b, values[1]));
  }
  void writeScale(Value d, Value sum, ArrayRef<Value> at) {
    b.store(d, buffers.scales, at);
    b.store(sum, buffers.scaledSums, at);
  }

  /// Returns the sum of the group's codes, i32.
  Value writeCodes(const Codes &rounded, ArrayRef<Value> at) {
    Value total;
    for (int half = 0; half < 2; ++half) {
      Value codes = asInts(rounded[half]);
      Value sum = vector::ReductionOp::create(b, vector::CombiningKind::ADD, codes);
      SmallVector<Value> sumsAt(at), codesAt(at);
      sumsAt.push_back(b.index(half));
      b.store(arith::TruncIOp::create(b, b.getI16Type(), sum), buffers.sums, sumsAt);
      total = half == 0 ? sum : b.addi(total, sum);
      codesAt.push_back(b.index(half * kTileRows));
      b.storeVec(arith::TruncIOp::create(b, b.vec(b.getI8Type()), codes), buffers.codes, codesAt);
    }
    return total;
  }

  /// The same of codes of two digits, the digits and the codes themselves.
  Value writeDigits(const Codes &codes, Value row, Value group) {
    Codes firsts, seconds;
    int64_t tileTokens = buffers.tileRows / buffers.terms;
    SmallVector<Value> at{b.divu(row, tileTokens), group, b.remu(row, tileTokens)};
    SmallVector<int64_t> order; // even columns of four, then odd ones
    for (int64_t four = 0; four < kTileRows; four += 4)
      order.append({four, four + 2, four + 1, four + 3});
    for (int half = 0; half < 2; ++half) {
      // No quotient is halfway between integers, so an error of its last bits changes none.
      Value quotients = b.mulf(codes[half], b.splat(1.0 / kDigitBase));
      firsts[half] = math::RoundEvenOp::create(b, quotients);
      seconds[half] = b.fma(firsts[half], b.splat(-kDigitBase), codes[half]);
      Value words = arith::TruncIOp::create(b, b.vec(b.getI16Type()), asInts(codes[half]));
      SmallVector<Value> wordsAt(at);
      wordsAt.push_back(b.index(half * kTileRows));
      b.storeVec(vector::ShuffleOp::create(b, words, words, order), buffers.words, wordsAt);
    }
    Value firstRow = b.muli(row, buffers.terms);
    Value total = b.muli(writeCodes(firsts, placeOf(firstRow, group)), kDigitBase);
    total = b.addi(total, writeCodes(seconds, placeOf(b.addi(firstRow, 1), group)));
    b.store(total, buffers.wordSums, at);
    return total;
  }

  VectorMath &b;
  const PanelBuffers &buffers;
};

void lower(plan::PrepareOp op, plan::TargetAttr target) {
  VectorMath b(op.getLoc(), OpBuilder(op));
  auto panel = cast<plan::PanelType>(op.getPanel().getType());
  int64_t cols = panel.getCols(), lanesTotal = llvm::alignTo(cols, kTileRows);
  PanelBuffers buffers(b, panel, target);
  Value source = op.getSource(), zero = b.index(0);

  b.loop(zero, op.getCount(), 1, [&](Value row) {
    Value from = b.addi(op.getFirst(), row);
    if (op.getMap())
      from = b.loadIndex(op.getMap(), from);
    RowTransform transform{{}, {}, op.getWeight(), op.getBias()};
    if (op.getNorm() != plan::NormKind::None) {
      bool centred = op.getNorm() == plan::NormKind::Layer;
      SmallVector<Value> sums = b.loop(zero, b.index(lanesTotal), kTileRows, {b.splat(0.0), b.splat(0.0)},
                                       [&](Value col, ValueRange carried) {
                                         Value x = b.loadVec(source, {from, col});
                                         Value first = centred ? b.addf(carried[1], x) : Value(carried[1]);
                                         return SmallVector<Value>{b.fma(x, x, carried[0]), first};
                                       });
      Value perColumn = b.scalar(1.0 / static_cast<double>(cols));
      Value eps = b.scalar(op.getEps().convertToDouble());
      Value variance = b.mulf(b.sumLanes(sums[0]), perColumn);
      if (centred) {
        // Two passes: squares of differences lose nothing where the mean is large.
        Value mean = b.mulf(b.sumLanes(sums[1]), perColumn);
        transform.shift = b.broadcast(mean);
        variance = b.mulf(b.sumLanes(b.loop(zero, b.index(lanesTotal), kTileRows, {b.splat(0.0)},
                                            [&](Value col, ValueRange carried) {
                                              Value x = b.subf(b.loadVec(source, {from, col}), transform.shift);
                                              return SmallVector<Value>{b.fma(x, x, carried[0])};
                                            })[0]),
                          perColumn);
      }
      transform.scale = b.broadcast(b.divf(b.scalar(1.0), math::SqrtOp::create(b, b.addf(variance, eps))));
    }
    auto value = [&](Value col) {
      Value x = b.loadVec(source, {from, col});
      if (transform.shift)
        x = b.subf(x, transform.shift);
      if (transform.scale)
        x = b.mulf(x, transform.scale);
      if (transform.weight)
        x = b.mulf(x, plan::LoadOp::create(b, b.vecF32(), transform.weight, col));
      if (transform.bias)
        x = b.addf(x, plan::LoadOp::create(b, b.vecF32(), transform.bias, col));
      return x;
    };
    auto valuesOf = [&](Value group) -> std::array<Value, 2> {
      Value col = b.muli(group, 32);
      Value first = value(col);
      return {first, value(b.addi(col, kTileRows))};
    };
    CodeWriter writer(b, buffers);
    if (panel.getFormat() == ActivationFormat::I8Row) {
      writer.writeRow(row, cols, valuesOf);
    } else if (int8Terms(panel.getFormat()) > 0) {
      b.loop(zero, b.index(cols / 32), 1, [&](Value group) {
        std::array<Value, 2> values = valuesOf(group);
        writer.writeGroup(values, row, group);
      });
    } else {
      bool narrow = isBF16(panel.getFormat());
      b.loop(zero, b.index(lanesTotal), kTileRows, [&](Value col) {
        Value x = value(col);
        b.storeVec(narrow ? b.narrow(x, b.getBF16Type()) : x, buffers.values, {row, col});
      });
    }
  });
  op.erase();
}

struct TilePreparePass : trafo::impl::TilePreparePassBase<TilePreparePass> {
  void runOnOperation() override {
    SmallVector<plan::PrepareOp> ops;
    getOperation().walk([&](plan::PrepareOp op) { ops.push_back(op); });
    if (ops.empty())
      return;
    FailureOr<plan::TargetAttr> target = plan::targetOf(ops.front());
    if (failed(target))
      return signalPassFailure();
    for (plan::PrepareOp op : ops) {
      if (!op.getPanel().use_empty()) {
        op.emitOpError("is still read as a panel; run trafo-tile-contract first");
        return signalPassFailure();
      }
      auto panel = cast<plan::PanelType>(op.getPanel().getType());
      if (op.getNorm() == plan::NormKind::Layer && panel.getCols() % kTileRows != 0) {
        op.emitOpError("expects a multiple of 16 columns for a layer norm, got ") << panel.getCols();
        return signalPassFailure();
      }
      lower(op, *target);
    }
  }
};
} // namespace
