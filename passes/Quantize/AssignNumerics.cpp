//===- AssignNumerics.cpp - how linears see their inputs ------------------===//
//
// A linear-like op's numeric class (its `activation`) is fixed here, from its weights' formats alone, so that a row's
// result depends on nothing else. Ops that have a class keep it. Legal everywhere; int8 activations change values by
// their rounding (d = amax / 127 per group of 32, or per row where weights have a scale per row), which every target and
// the interpreter do alike.
//
// The head sees its input in codes of two int8 digits. No later layer evens its rounding out, a decode step waits for the
// head's bytes and not for its products, and prefill runs it for the rows whose logits are wanted only: the second digit is
// free where it counts.
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/TrafoOps.h"
#include "mlir/IR/Remarks.h"
#include "passes/Quantize/Passes.h"

namespace trafo {
#define GEN_PASS_DEF_ASSIGNNUMERICSPASS
#include "passes/Quantize/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

static constexpr auto kNumerics = remark::RemarkOpts::name("assign-numerics").category("trafo-quantize");

namespace {
struct AssignNumericsPass : trafo::impl::AssignNumericsPassBase<AssignNumericsPass> {
  using AssignNumericsPassBase::AssignNumericsPassBase;

  void runOnOperation() override {
    getOperation()->walk([&](LinearLike op) {
      if (!op.getActivation())
        assign(op);
    });
  }

  void assign(LinearLike op) {
    bool allCodes = true, allRows = true, allBf16 = true, allPairs = true;
    const FormatInfo *unpacked = nullptr;
    for (OpOperand &weight : op.getLinearWeights()) {
      auto type = cast<WeightType>(weight.get().getType());
      const FormatInfo &format = formatInfo(type.getFormat());
      allCodes &= canMultiply(ActivationFormat::I8G32, format);
      allRows &= canMultiply(ActivationFormat::I8Row, format);
      allBf16 &= canMultiply(ActivationFormat::BF16, format);
      allPairs &= type.getCols() % kPairGroup == 0; // also the library's step (plan.contract, C4)
      if (format.grouped)
        unpacked = &format;
    }
    ActivationFormat activation = ActivationFormat::F32;
    if (allCodes)
      activation = isa<LmHeadOp>(*op) ? ActivationFormat::I8x2G32 : ActivationFormat::I8G32;
    else if (allRows)
      activation = ActivationFormat::I8Row;
    else if (allBf16 && allPairs && bf16Groups)
      activation = ActivationFormat::BF16G32;
    else if (allBf16 && allPairs && bf16Activations)
      activation = ActivationFormat::BF16;
    op.setActivation(activation);

    if (activation == ActivationFormat::F32 && unpacked)
      remark::missed(op.getLoc(), kNumerics)
          << remark::reason("unpacked: slow: {0} stands beside a format without codes", unpacked->name);
    else if (activation == ActivationFormat::F32 && bf16Groups && allBf16)
      remark::missed(op.getLoc(), kNumerics)
          << remark::reason("not bf16_g32: its columns are no multiple of {0}", kPairGroup);
    else
      remark::passed(op.getLoc(), kNumerics)
          << remark::add("activations enter as {0}", stringifyActivationFormat(activation));
  }
};
} // namespace
