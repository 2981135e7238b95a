#include "lib/Target/X86/X86Target.h"

#include "lib/Target/CheckFeatures.h"
#include "lib/Target/CodeGen.h"
#include "lib/Target/LinkImage.h"
#include "lib/Target/X86/Rates.h"
#include "passes/Lower/Passes.h"
#include "passes/X86/Passes.h"
#include "trafo/artifact.h"

using namespace mlir;
using namespace trafo;
using namespace trafo::target;

static constexpr IntrinsicRule kRules[] = {
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
    {"llvm.x86.tdpbf16ps", TRAFO_CPU_AMX_BF16, "amx-bf16"},
    {"llvm.x86.tdpb", TRAFO_CPU_AMX_INT8, "amx-int8"},
    {"llvm.x86.tile", TRAFO_CPU_AMX_TILE, "amx-tile"},
};

static void buildLowering(OpPassManager &pm) {
  buildX86Pipeline(pm);
  buildLowerPipeline(pm);
}

static FailureOr<Bytes> emit(ModuleOp module, plan::TargetAttr target, CodeForm form) {
  if (failed(checkFeatures(module, target, "llvm.x86.", kRules)))
    return failure();
  return generateCode(module, target, form, {CodeForm::Object, linkImage});
}

static llvm::StringRef ratesOf(llvm::StringRef tier) { return tier == "x86-64-v3" ? kRatesV3 : ""; }

Target trafo::target::x86Target() {
  return {"X86",
          "x86_64-",
          "x86-64-v3, x86-64-v4, x86-64-v4+vnni, x86-64-v4+bf16, x86-64-v4+amx-int8, x86-64-v4+amx-bf16",
          describeX86,
          buildLowering,
          emit,
          ratesOf};
}
