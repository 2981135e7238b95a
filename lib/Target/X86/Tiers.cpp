// The tiers of x86-64 CPUs. A tier's features are exactly what its code may use and what the program checks before it
// runs, so `native` is the best tier the machine has, not LLVM's idea of its CPU.
#include "lib/Target/X86/X86Target.h"
#include "trafo/artifact.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

using namespace trafo;
using namespace trafo::target;

namespace {

struct Feature {
  llvm::StringRef name; // LLVM's
  uint64_t bit;         // of artifact.h
};
constexpr Feature kV3[] = {{"sse4.2", TRAFO_CPU_SSE42}, {"avx", TRAFO_CPU_AVX},     {"avx2", TRAFO_CPU_AVX2},
                           {"fma", TRAFO_CPU_FMA},      {"f16c", TRAFO_CPU_F16C},   {"bmi", TRAFO_CPU_BMI1},
                           {"bmi2", TRAFO_CPU_BMI2},    {"lzcnt", TRAFO_CPU_LZCNT}, {"movbe", TRAFO_CPU_MOVBE}};
constexpr Feature kV4[] = {{"avx512f", TRAFO_CPU_AVX512F},
                           {"avx512bw", TRAFO_CPU_AVX512BW},
                           {"avx512cd", TRAFO_CPU_AVX512CD},
                           {"avx512dq", TRAFO_CPU_AVX512DQ},
                           {"avx512vl", TRAFO_CPU_AVX512VL}};
constexpr Feature kVnni[] = {{"avx512vnni", TRAFO_CPU_AVX512VNNI}};
constexpr Feature kBf16[] = {{"avx512bf16", TRAFO_CPU_AVX512BF16}};

struct Tier {
  llvm::StringRef name, cpu;
  int level; // 0: v3, 1: adds v4, 2: adds vnni, 3: adds bf16
  plan::DotKind dot;
  // From measurements of prefill tiles: 3 tiles of 16 weight rows by 4 tokens fill the 32 registers of AVX-512 with
  // their int32 sums, f32 sums and codes; AVX2 has half as many of half the width, which one tile's int16 sums fill.
  int64_t tileTokens, tileGroups, panelRows, prefetchBytes;
  // What oneDNN 3.2 has fast code for: blocked weights need AVX-512, bf16 its instructions (docs/decisions/0007).
  plan::LibraryForm library;
};
// Best first.
constexpr Tier kTiers[] = {
    {"x86-64-v4+bf16", "x86-64-v4", 3, plan::DotKind::Vpdpbusd, 4, 3, 64, 4096, plan::LibraryForm::BF16Tiles},
    {"x86-64-v4+vnni", "x86-64-v4", 2, plan::DotKind::Vpdpbusd, 4, 3, 64, 4096, plan::LibraryForm::F32Tiles},
    {"x86-64-v4", "x86-64-v4", 1, plan::DotKind::Maddubs, 4, 1, 64, 4096, plan::LibraryForm::F32Tiles},
    {"x86-64-v3", "x86-64-v3", 0, plan::DotKind::Maddubs, 4, 1, 64, 4096, plan::LibraryForm::F32Rows},
};

llvm::SmallVector<Feature> featuresOf(const Tier &tier) {
  llvm::SmallVector<Feature> features(std::begin(kV3), std::end(kV3));
  if (tier.level >= 1)
    features.append(std::begin(kV4), std::end(kV4));
  if (tier.level >= 2)
    features.append(std::begin(kVnni), std::end(kVnni));
  if (tier.level >= 3)
    features.append(std::begin(kBf16), std::end(kBf16));
  return features;
}

plan::TargetAttr describe(mlir::MLIRContext *context, const Tier &tier) {
  std::string list;
  uint64_t bits = 0;
  for (const Feature &feature : featuresOf(tier)) {
    list += (list.empty() ? "+" : ",+") + feature.name.str();
    bits |= feature.bit;
  }
  return plan::TargetAttr::get(context, tier.name, "x86_64-unknown-linux-gnu", tier.cpu, list, bits, tier.dot,
                               tier.tileTokens, tier.tileGroups, tier.panelRows, tier.prefetchBytes, tier.library);
}

} // namespace

plan::TargetAttr trafo::target::describeX86(mlir::MLIRContext *context, llvm::StringRef name, std::string &error) {
  for (const Tier &tier : kTiers)
    if (tier.name == name)
      return describe(context, tier);
  if (name != "native")
    return {};
  std::string missing;
#if defined(__x86_64__)
  llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  for (const Tier &tier : kTiers) {
    missing.clear();
    for (const Feature &feature : featuresOf(tier))
      if (!host.lookup(feature.name))
        missing += (missing.empty() ? "" : ", ") + feature.name.str();
    if (missing.empty())
      return describe(context, tier);
  }
#else
  missing = "x86-64";
#endif
  error = "target 'native': this machine lacks " + missing +
          ", the least tier is x86-64-v3; name the target to compile "
          "for another machine";
  return {};
}
