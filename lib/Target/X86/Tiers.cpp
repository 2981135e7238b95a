// The tiers of x86-64 CPUs.
#include "lib/Target/Tiers.h"
#include "lib/Target/X86/X86Target.h"
#include "trafo/artifact.h"

using namespace trafo;
using namespace trafo::target;
using plan::LibraryForm;

static constexpr Feature kFeatures[] = {
    // x86-64-v3
    {"sse4.2", TRAFO_CPU_SSE42},
    {"avx", TRAFO_CPU_AVX},
    {"avx2", TRAFO_CPU_AVX2},
    {"fma", TRAFO_CPU_FMA},
    {"f16c", TRAFO_CPU_F16C},
    {"bmi", TRAFO_CPU_BMI1},
    {"bmi2", TRAFO_CPU_BMI2},
    {"lzcnt", TRAFO_CPU_LZCNT},
    {"movbe", TRAFO_CPU_MOVBE},
    // x86-64-v4
    {"avx512f", TRAFO_CPU_AVX512F},
    {"avx512bw", TRAFO_CPU_AVX512BW},
    {"avx512cd", TRAFO_CPU_AVX512CD},
    {"avx512dq", TRAFO_CPU_AVX512DQ},
    {"avx512vl", TRAFO_CPU_AVX512VL},
    // +vnni
    {"avx512vnni", TRAFO_CPU_AVX512VNNI},
    // +bf16
    {"avx512bf16", TRAFO_CPU_AVX512BF16},
    // +amx-int8
    {"amx-tile", TRAFO_CPU_AMX_TILE},
    {"amx-int8", TRAFO_CPU_AMX_INT8},
    // +amx-bf16
    {"amx-bf16", TRAFO_CPU_AMX_BF16},
};

// From measurements of prefill tiles: the int32 sums of 2 tiles of 16 weight rows by 8 tokens take half of AVX-512's 32
// registers. 3 tiles by 4 tokens fill them as well, but unpack their codes twice as often, which Intel's two vector ports
// feel (docs/plan.md has both); AVX2 has half as many of half the width, which one tile's int16 sums fill. The sums of a
// tile of floats take 24 of 32 and 12 of 16 registers; the rest hold weights and inputs. Pairs have two sums each, of half
// as many rows; in tiles they are as many rows as a tile has. The library's
// form is what oneDNN 3.2 has fast code for: blocked weights need AVX-512, bf16 its instructions (docs/decisions/0007). Of
// int8 it adds pairs of products in 16 bits without VNNI, where u7 keeps them exact (docs/decisions/0013).
static constexpr Tier kTiers[] = {
    {"x86-64-v4+amx-bf16", "x86-64-v4", 19, plan::DotKind::Tdpbf16ps, 8, 2, 64, 4096, LibraryForm::BF16Tiles,
     LibraryForm::I8Rows, 24, 16, /*byNameOnly=*/true},
    {"x86-64-v4+amx-int8", "x86-64-v4", 18, plan::DotKind::Tdpbsud, 16, 1, 64, 4096, LibraryForm::BF16Tiles,
     LibraryForm::I8Rows, 24, 12, /*byNameOnly=*/true},
    {"x86-64-v4+bf16", "x86-64-v4", 16, plan::DotKind::Vpdpbusd, 8, 2, 64, 4096, LibraryForm::BF16Tiles,
     LibraryForm::I8Rows, 24, 12},
    {"x86-64-v4+vnni", "x86-64-v4", 15, plan::DotKind::Vpdpbusd, 8, 2, 64, 4096, LibraryForm::F32Tiles,
     LibraryForm::I8Rows, 24, 12},
    {"x86-64-v4", "x86-64-v4", 14, plan::DotKind::Maddubs, 4, 1, 64, 4096, LibraryForm::F32Tiles, LibraryForm::U7Rows,
     24, 12},
    {"x86-64-v3", "x86-64-v3", 9, plan::DotKind::Maddubs, 4, 1, 64, 4096, LibraryForm::F32Rows, LibraryForm::U7Rows, 6,
     3},
};

plan::TargetAttr trafo::target::describeX86(mlir::MLIRContext *context, llvm::StringRef name, std::string &error) {
  return describeFrom({"x86_64-unknown-linux-gnu", kFeatures, kTiers}, context, name, error);
}
