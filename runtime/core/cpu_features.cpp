#include "runtime/core/cpu_features.h"

#include "trafo/runtime.h"

#include <cstdio>
#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace trafo::runtime {
namespace {

struct FeatureName {
  uint64_t bit;
  const char *name; ///< as LLVM spells it, so that the same word works in --target=...,+name
};
constexpr FeatureName kNames[] = {
    {TRAFO_CPU_SSE42, "sse4.2"},
    {TRAFO_CPU_AVX, "avx"},
    {TRAFO_CPU_AVX2, "avx2"},
    {TRAFO_CPU_FMA, "fma"},
    {TRAFO_CPU_F16C, "f16c"},
    {TRAFO_CPU_BMI1, "bmi"},
    {TRAFO_CPU_BMI2, "bmi2"},
    {TRAFO_CPU_LZCNT, "lzcnt"},
    {TRAFO_CPU_MOVBE, "movbe"},
    {TRAFO_CPU_AVX512F, "avx512f"},
    {TRAFO_CPU_AVX512BW, "avx512bw"},
    {TRAFO_CPU_AVX512CD, "avx512cd"},
    {TRAFO_CPU_AVX512DQ, "avx512dq"},
    {TRAFO_CPU_AVX512VL, "avx512vl"},
    {TRAFO_CPU_AVX512VNNI, "avx512vnni"},
    {TRAFO_CPU_AVX512BF16, "avx512bf16"},
    {TRAFO_CPU_AVXVNNI, "avxvnni"},
    {TRAFO_CPU_AMX_TILE, "amx-tile"},
    {TRAFO_CPU_AMX_INT8, "amx-int8"},
    {TRAFO_CPU_AMX_BF16, "amx-bf16"},
    {TRAFO_CPU_ARM_DOTPROD, "dotprod"},
    {TRAFO_CPU_ARM_I8MM, "i8mm"},
};

} // namespace

#if defined(__x86_64__)

namespace {
constexpr uint64_t kV3 = TRAFO_CPU_SSE42 | TRAFO_CPU_AVX | TRAFO_CPU_AVX2 | TRAFO_CPU_FMA | TRAFO_CPU_F16C |
                         TRAFO_CPU_BMI1 | TRAFO_CPU_BMI2 | TRAFO_CPU_LZCNT | TRAFO_CPU_MOVBE;
constexpr uint64_t kV4 =
    kV3 | TRAFO_CPU_AVX512F | TRAFO_CPU_AVX512BW | TRAFO_CPU_AVX512CD | TRAFO_CPU_AVX512DQ | TRAFO_CPU_AVX512VL;

uint64_t readXcr0() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<uint64_t>(high) << 32 | low;
}
} // namespace

uint64_t cpuFeatures() {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d))
    return 0;
  auto bit = [](unsigned word, unsigned position, uint64_t feature) { return word >> position & 1 ? feature : 0; };
  uint64_t features = bit(c, 20, TRAFO_CPU_SSE42) | bit(c, 22, TRAFO_CPU_MOVBE);
  // CPUID says what the CPU can do; XCR0 says whether the system saves those registers across a switch.
  bool osxsave = c >> 27 & 1;
  uint64_t xcr0 = osxsave ? readXcr0() : 0;
  bool ymm = (xcr0 & 0x6) == 0x6;
  bool zmm = ymm && (xcr0 & 0xe0) == 0xe0;
  bool tiles = (xcr0 & 0x60000) == 0x60000;
  if (ymm)
    features |= bit(c, 28, TRAFO_CPU_AVX) | bit(c, 12, TRAFO_CPU_FMA) | bit(c, 29, TRAFO_CPU_F16C);
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    features |= bit(b, 3, TRAFO_CPU_BMI1) | bit(b, 8, TRAFO_CPU_BMI2);
    if (ymm)
      features |= bit(b, 5, TRAFO_CPU_AVX2);
    if (zmm)
      features |= bit(b, 16, TRAFO_CPU_AVX512F) | bit(b, 17, TRAFO_CPU_AVX512DQ) | bit(b, 28, TRAFO_CPU_AVX512CD) |
                  bit(b, 30, TRAFO_CPU_AVX512BW) | bit(b, 31, TRAFO_CPU_AVX512VL) | bit(c, 11, TRAFO_CPU_AVX512VNNI);
    if (tiles)
      features |= bit(d, 24, TRAFO_CPU_AMX_TILE) | bit(d, 25, TRAFO_CPU_AMX_INT8) | bit(d, 22, TRAFO_CPU_AMX_BF16);
    unsigned subleaves = a;
    if (subleaves >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) {
      if (ymm)
        features |= bit(a, 4, TRAFO_CPU_AVXVNNI);
      if (zmm)
        features |= bit(a, 5, TRAFO_CPU_AVX512BF16);
    }
  }
  if (__get_cpuid(0x80000001, &a, &b, &c, &d))
    features |= bit(c, 5, TRAFO_CPU_LZCNT);
  return features;
}

bool allowAmx() {
  constexpr int kRequestPermission = 0x1023; // ARCH_REQ_XCOMP_PERM, newer than the oldest headers we build with
  constexpr int kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

const char *suggestTarget(uint64_t features) {
  if ((features & kV4) == kV4)
    return "x86-64-v4";
  if ((features & kV3) == kV3)
    return "x86-64-v3";
  return "native";
}

#elif defined(__aarch64__)

uint64_t cpuFeatures() {
  constexpr unsigned long kDotProd = 1ul << 20, kI8mm = 1ul << 13; // HWCAP_ASIMDDP; HWCAP2_I8MM, not in every elf.h
  return (getauxval(AT_HWCAP) & kDotProd ? TRAFO_CPU_ARM_DOTPROD : 0) |
         (getauxval(AT_HWCAP2) & kI8mm ? TRAFO_CPU_ARM_I8MM : 0);
}

bool allowAmx() { return false; }

const char *suggestTarget(uint64_t features) {
  if (!(features & TRAFO_CPU_ARM_DOTPROD))
    return "aarch64";
  return features & TRAFO_CPU_ARM_I8MM ? "aarch64+i8mm" : "aarch64+dotprod";
}

#else

uint64_t cpuFeatures() { return 0; }
bool allowAmx() { return false; }
const char *suggestTarget(uint64_t) { return "native"; }

#endif

void describeFeatures(uint64_t features, char *out, size_t size) {
  size_t used = 0;
  out[0] = 0;
  for (const FeatureName &entry : kNames) {
    if (!(features & entry.bit))
      continue;
    features &= ~entry.bit;
    int n = snprintf(out + used, size - used, "%s%s", used ? " " : "", entry.name);
    if (n < 0 || static_cast<size_t>(n) >= size - used)
      return;
    used += static_cast<size_t>(n);
  }
  if (features)
    snprintf(out + used, size - used, "%sunknown(0x%llx)", used ? " " : "", static_cast<unsigned long long>(features));
}

} // namespace trafo::runtime

uint64_t trafo_cpu_features(void) { return trafo::runtime::cpuFeatures(); }

const char *trafo_cpu_feature_name(uint64_t bit) {
  for (const trafo::runtime::FeatureName &entry : trafo::runtime::kNames)
    if (entry.bit == bit)
      return entry.name;
  return nullptr;
}
