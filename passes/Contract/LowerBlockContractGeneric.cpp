//===- LowerBlockContractGeneric.cpp - block contractions on any machine --===//
//
// The op's definition spelled in vector arithmetic: codes are picked out column by column and multiplied by a scalar.
// Slow, and right everywhere; targets with a dot product of their own run before it, `trafo check` and machines without
// one run it alone.
//
//===----------------------------------------------------------------------===//
#include "passes/Contract/Passes.h"
#include "passes/Contract/PlanarCodes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace trafo {
#define GEN_PASS_DEF_LOWERBLOCKCONTRACTGENERICPASS
#include "passes/Contract/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;
using plan::kTileRows;

namespace {

/// i32 codes are multiplied by i32 activations, column by column.
class PortableDots final : public GroupDots {
public:
  explicit PortableDots(BlockContract &c) : GroupDots(c), ints(b.vec(b.getI32Type())) {}

  int64_t rowsAtOnce() const override { return kTileRows; }

  SmallVector<Value> dots(TileRows rows, Value group) override {
    PlanarCodes planes(c, rows, group);
    SmallVector<Value> results(c.tokens, arith::ConstantOp::create(b, b.getZeroAttr(ints)));
    for (int64_t step = 0; step < 8; ++step) {
      Value scales;
      if (c.info().isSuper())
        scales = arith::ExtSIOp::create(b, ints, groupScales(c, rows, group, step / stepsPerHalf()));
      Value stored = c.layout.isPlanar() ? planes.step(step) : c.codes(rows.tile, step * 64, 64, group);
      for (int64_t column = 0; column < 4; ++column) {
        SmallVector<int64_t> picked;
        for (int64_t row = 0; row < kTileRows; ++row)
          picked.push_back(row * 4 + column);
        Value codes = codesOf(vector::ShuffleOp::create(b, stored, stored, picked));
        if (scales)
          codes = b.muli(codes, scales);
        for (int64_t token = 0; token < c.tokens; ++token) {
          Value activation = c.activation(token, step * 4 + column, group);
          Value factor = b.broadcast(arith::ExtSIOp::create(b, b.getI32Type(), activation).getResult());
          results[token] = b.addi(results[token], b.muli(codes, factor));
        }
      }
    }
    return results;
  }

private:
  /// What stored bytes mean, as i32.
  Value codesOf(Value stored) {
    if (!c.layout.isPlanar()) {
      Value plain = arith::XOrIOp::create(b, stored, b.constantLike(stored, static_cast<int8_t>(c.layout.bias)));
      return arith::ExtSIOp::create(b, ints, plain);
    }
    Value field = arith::ExtUIOp::create(b, ints, stored);
    if (!c.info().codebook)
      return b.addi(field, c.info().codeMin);
    // The entries by halves: bit i of the index chooses between neighbours of the entries that are left.
    SmallVector<Value> entries;
    for (int8_t entry : *c.info().codebook)
      entries.push_back(b.constantLike(field, entry));
    for (int64_t bit = 1; entries.size() > 1; bit *= 2) {
      Value masked = arith::AndIOp::create(b, field, b.constantLike(field, bit));
      Value isSet = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, masked, b.constantLike(field, 0));
      for (size_t i = 0; i < entries.size() / 2; ++i)
        entries[i] = arith::SelectOp::create(b, isSet, entries[2 * i + 1], entries[2 * i]);
      entries.resize(entries.size() / 2);
    }
    return entries[0];
  }

  VectorType ints;
};

struct LowerBlockContractGenericPass : trafo::impl::LowerBlockContractGenericPassBase<LowerBlockContractGenericPass> {
  void runOnOperation() override {
    auto lowerInt8 = [](BlockContract &contract) {
      PortableDots dots(contract);
      contractGroups(contract, dots);
    };
    lowerBlockContracts(getOperation(), lowerInt8, [](BlockContract &contract) { contract.lowerPairs(); });
  }
};
} // namespace
