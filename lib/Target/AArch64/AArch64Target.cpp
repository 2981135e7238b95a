#include "lib/Target/AArch64/AArch64Target.h"

#include "lib/Target/CheckFeatures.h"
#include "lib/Target/CodeGen.h"
#include "lib/Target/LinkImage.h"
#include "passes/AArch64/Passes.h"
#include "passes/Lower/Passes.h"
#include "trafo/artifact.h"

using namespace mlir;
using namespace trafo;
using namespace trafo::target;

static constexpr IntrinsicRule kRules[] = {
    {"llvm.aarch64.neon.smmla", TRAFO_CPU_ARM_I8MM, "i8mm"},
    {"llvm.aarch64.neon.usmmla", TRAFO_CPU_ARM_I8MM, "i8mm"},
    {"llvm.aarch64.neon.usdot", TRAFO_CPU_ARM_I8MM, "i8mm"},
    {"llvm.aarch64.neon.sdot", TRAFO_CPU_ARM_DOTPROD, "dotprod"},
    {"llvm.aarch64.neon.tbl1", 0, ""}, // the baseline of AArch64
};

static void buildLowering(OpPassManager &pm) {
  buildAArch64Pipeline(pm);
  buildLowerPipeline(pm);
}

static FailureOr<Bytes> emit(ModuleOp module, plan::TargetAttr target, CodeForm form) {
  if (failed(checkFeatures(module, target, "llvm.aarch64.", kRules)))
    return failure();
  return generateCode(module, target, form, {CodeForm::Object, linkImage});
}

Target trafo::target::aarch64Target() {
  return {"AArch64", "aarch64-", "aarch64, aarch64+dotprod, aarch64+i8mm", describeAArch64, buildLowering, emit};
}
