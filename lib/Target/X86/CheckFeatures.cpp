// LLVM ends the process when it meets an intrinsic of a feature the function does not have. So every op that names an
// x86 intrinsic is checked against the description first.
#include "lib/Target/X86/X86Target.h"
#include "trafo/artifact.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace trafo;
using namespace trafo::target;

namespace {
struct Rule {
  StringRef prefix; // of the intrinsic's name, the first that fits counts
  uint64_t bits;
  StringRef feature; // as people write it
};
constexpr Rule kRules[] = {
    {"llvm.x86.avx512.vpdpbusd.512", TRAFO_CPU_AVX512VNNI, "avx512vnni"},
    {"llvm.x86.avx512.vpdpwssd.512", TRAFO_CPU_AVX512VNNI, "avx512vnni"},
    {"llvm.x86.avx512.vpdpbusd.", TRAFO_CPU_AVX512VNNI | TRAFO_CPU_AVX512VL, "avx512vnni"},
    {"llvm.x86.avx512bf16.", TRAFO_CPU_AVX512BF16, "avx512bf16"},
    {"llvm.x86.avx512.pmaddubs.w.512", TRAFO_CPU_AVX512BW, "avx512bw"},
    {"llvm.x86.avx512.pmaddw.d.512", TRAFO_CPU_AVX512BW, "avx512bw"},
    {"llvm.x86.avx512.", TRAFO_CPU_AVX512F, "avx512f"},
    {"llvm.x86.avx2.", TRAFO_CPU_AVX2, "avx2"},
    {"llvm.x86.avx.", TRAFO_CPU_AVX, "avx"},
    {"llvm.x86.fma.", TRAFO_CPU_FMA, "fma"},
    {"llvm.x86.vcvtph2ps", TRAFO_CPU_F16C, "f16c"},
    {"llvm.x86.vcvtps2ph", TRAFO_CPU_F16C, "f16c"},
    {"llvm.x86.bmi.", TRAFO_CPU_BMI1 | TRAFO_CPU_BMI2, "bmi and bmi2"},
    {"llvm.x86.sse2.", 0, ""}, // the baseline of x86-64
    {"llvm.x86.sse.", 0, ""},
    {"llvm.x86.ssse3.", TRAFO_CPU_SSE42, "sse4.2"},
    {"llvm.x86.sse4", TRAFO_CPU_SSE42, "sse4.2"},
    {"llvm.x86.tdpbssd", TRAFO_CPU_AMX_INT8, "amx-int8"},
    {"llvm.x86.tdpbf16ps", TRAFO_CPU_AMX_BF16, "amx-bf16"},
    {"llvm.x86.tile", TRAFO_CPU_AMX_TILE, "amx-tile"},
};
} // namespace

LogicalResult trafo::target::checkFeatures(ModuleOp module, plan::TargetAttr target) {
  WalkResult result = module.walk([&](LLVM::CallIntrinsicOp call) -> WalkResult {
    StringRef name = call.getIntrin();
    if (!name.starts_with("llvm.x86."))
      return WalkResult::advance();
    for (const Rule &rule : kRules) {
      if (!name.starts_with(rule.prefix))
        continue;
      if ((target.getCpuBits() & rule.bits) == rule.bits)
        return WalkResult::advance();
      return call.emitOpError("needs ") << rule.feature << ", which target '" << target.getName() << "' does not have";
    }
    return call.emitOpError("is an intrinsic whose CPU feature is not known here; expects a row in CheckFeatures.cpp");
  });
  return failure(result.wasInterrupted());
}
