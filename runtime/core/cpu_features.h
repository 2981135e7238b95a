#ifndef TRAFO_RUNTIME_CORE_CPU_FEATURES_H
#define TRAFO_RUNTIME_CORE_CPU_FEATURES_H

#include <cstddef>
#include <cstdint>

namespace trafo::runtime {

/// TRAFO_CPU_* bits that both the CPU has and the operating system saves the registers of (x86-64: XCR0; AArch64: AT_HWCAP).
/// Baseline code.
uint64_t cpuFeatures();

/// Asks the kernel for the right to use AMX tiles, which it grants per process. False if it refuses.
bool allowAmx();

/// Writes the names of the set bits, separated by spaces, into `out` (always NUL-terminated).
void describeFeatures(uint64_t features, char *out, size_t size);

/// The best `--target` that a compiler knows for a CPU with these features ("x86-64-v4"; "native" on x86-64 below v3).
const char *suggestTarget(uint64_t features);

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_CORE_CPU_FEATURES_H
