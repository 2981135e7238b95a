// Writes target-cpu, target-features and the vector width on every function: LLVM reads them there, and a function
// without them is compiled for the baseline. `func.func` attributes of these names are ignored by translation, so this
// runs on llvm.func.
#include "passes/Lower/Passes.h"

#include "dialects/Plan/IR/PlanOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "trafo/artifact.h"

namespace trafo {
#define GEN_PASS_DEF_SETTARGETATTRIBUTESPASS
#include "passes/Lower/Passes.h.inc"
} // namespace trafo

using namespace mlir;

namespace {
struct SetTargetAttributesPass : trafo::impl::SetTargetAttributesPassBase<SetTargetAttributesPass> {
  using SetTargetAttributesPassBase::SetTargetAttributesPassBase;

  void runOnOperation() override {
    std::string theCpu = cpu, theFeatures = features;
    int64_t bits = vectorBits;
    if (auto target = getOperation()->getAttrOfType<trafo::plan::TargetAttr>("plan.target")) {
      theCpu = theCpu.empty() ? target.getCpu().str() : theCpu;
      theFeatures = theFeatures.empty() ? target.getFeatures().str() : theFeatures;
      if (bits == 0)
        bits = target.getCpuBits() & TRAFO_CPU_AVX512F ? 512 : target.getCpuBits() & TRAFO_CPU_AVX ? 256 : 0;
    }
    if (theCpu.empty())
      return;
    Builder b(&getContext());
    for (auto func : getOperation().getOps<LLVM::LLVMFuncOp>()) {
      if (func.isExternal())
        continue;
      func.setTargetCpu(theCpu);
      if (!theFeatures.empty())
        func.setTargetFeaturesAttr(LLVM::TargetFeaturesAttr::get(&getContext(), StringRef(theFeatures)));
      if (bits == 0)
        continue;
      // Some CPUs are tuned to prefer 256 bits; the kernels' explicit 512-bit vectors are to stay whole.
      std::string width = std::to_string(bits);
      func.setPreferVectorWidth(width);
      SmallVector<Attribute> passthrough;
      if (ArrayAttr present = func.getPassthroughAttr())
        llvm::append_range(passthrough, present);
      passthrough.push_back(b.getStrArrayAttr({"min-legal-vector-width", width}));
      func.setPassthroughAttr(b.getArrayAttr(passthrough));
    }
  }
};
} // namespace
