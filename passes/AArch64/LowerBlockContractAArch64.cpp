//===- LowerBlockContractAArch64.cpp - block contractions by Arm's dot products ===//
//
// Integer sums are exact, so what may differ between machines is only how they are made: NeonDots.
//
//===----------------------------------------------------------------------===//
#include "passes/AArch64/NeonDots.h"
#include "passes/AArch64/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace trafo {
#define GEN_PASS_DEF_LOWERBLOCKCONTRACTAARCH64PASS
#include "passes/AArch64/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

namespace {
struct LowerBlockContractAArch64Pass : trafo::impl::LowerBlockContractAArch64PassBase<LowerBlockContractAArch64Pass> {
  void runOnOperation() override {
    FailureOr<plan::TargetAttr> target = plan::targetOf(getOperation());
    if (failed(target))
      return signalPassFailure();
    bool hasMatrix = target->getDot() == plan::DotKind::Smmla;
    bool hasDot = hasMatrix || target->getDot() == plan::DotKind::Sdot;
    lowerBlockContracts(getOperation(), [&](BlockContract &contract) {
      NeonDots dots(contract, hasMatrix);
      if (hasDot)
        contractGroups(contract, dots);
    });
  }
};
} // namespace
