#include "lib/Measure/MultiplyRate.h"
#include "lib/Measure/Crew.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace trafo {
namespace {

using Clock = std::chrono::steady_clock;

/// Runs some thousand multiply-adds `rounds` times over and returns how many it were.
using Loop = uint64_t (*)(uint64_t rounds);

#if defined(__x86_64__)
// Chains that do not wait for each other: the latency of a chain's instructions times how many start at once.
constexpr int kChains = 12;

// The empty asm makes the compiler take `value` for a new one each round, so that it cannot compute anything beforehand.
// A macro, as a function would have to be of the same target as each of its callers.
#define TRAFO_RENEW(value) __asm__ volatile("" : "+v"(value))
// The chains are alike, so without this they would be computed once for all.
#define TRAFO_RENEW_ALL(values)                                                                                        \
  for (auto &value : values)                                                                                           \
  TRAFO_RENEW(value)

__attribute__((target("avx2,fma"))) uint64_t f32Avx2(uint64_t rounds) {
  __m256 sums[kChains] = {}, a = _mm256_set1_ps(0.5f), b = _mm256_set1_ps(0.25f);
  TRAFO_RENEW_ALL(sums);
  for (uint64_t round = 0; round < rounds; ++round) {
    TRAFO_RENEW(a);
    for (__m256 &sum : sums)
      sum = _mm256_fmadd_ps(a, b, sum);
  }
  TRAFO_RENEW_ALL(sums);
  return rounds * kChains * 8;
}

__attribute__((target("avx512f"))) uint64_t f32Avx512(uint64_t rounds) {
  __m512 sums[kChains] = {}, a = _mm512_set1_ps(0.5f), b = _mm512_set1_ps(0.25f);
  TRAFO_RENEW_ALL(sums);
  for (uint64_t round = 0; round < rounds; ++round) {
    TRAFO_RENEW(a);
    for (__m512 &sum : sums)
      sum = _mm512_fmadd_ps(a, b, sum);
  }
  TRAFO_RENEW_ALL(sums);
  return rounds * kChains * 16;
}

/// Sums stay in 16 bits, as those of 4-bit codes do for a block: AVX2 multiplies bytes no faster. Codes that fill a byte are
/// widened at each step and stay below.
__attribute__((target("avx2"))) uint64_t int8Avx2(uint64_t rounds) {
  constexpr int kFew = 6; // a chain waits for one addition only; more would not fit 16 registers
  __m256i sums[kFew] = {}, a = _mm256_set1_epi8(3), b = _mm256_set1_epi8(-5);
  TRAFO_RENEW_ALL(sums);
  for (uint64_t round = 0; round < rounds; ++round)
    for (__m256i &sum : sums) {
      TRAFO_RENEW(a); // each chain: they would share the products
      sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(a, b));
    }
  TRAFO_RENEW_ALL(sums);
  return rounds * kFew * 32;
}

__attribute__((target("avx512f,avx512vnni"))) uint64_t int8Vnni(uint64_t rounds) {
  __m512i sums[kChains] = {}, a = _mm512_set1_epi8(3), b = _mm512_set1_epi8(-5);
  TRAFO_RENEW_ALL(sums);
  for (uint64_t round = 0; round < rounds; ++round) {
    TRAFO_RENEW(a);
    for (__m512i &sum : sums)
      sum = _mm512_dpbusd_epi32(sum, a, b);
  }
  TRAFO_RENEW_ALL(sums);
  return rounds * kChains * 64;
}

Loop findLoop(Multiplied what) {
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (what == Multiplied::F32)
    return __builtin_cpu_supports("avx512f") ? f32Avx512 : avx2 ? f32Avx2 : nullptr;
  return __builtin_cpu_supports("avx512vnni") ? int8Vnni : avx2 ? int8Avx2 : nullptr;
}
#else
Loop findLoop(Multiplied) { return nullptr; }
#endif

/// One trial of about a millisecond by all threads together.
double trial(int32_t threads, Loop loop) {
  constexpr uint64_t kRounds = 200000;
  std::atomic<int32_t> arrived{0};
  std::vector<double> rates(static_cast<size_t>(threads));
  auto work = [&](int32_t thread) {
    arrived.fetch_add(1);
    while (arrived.load(std::memory_order_acquire) < threads)
      std::this_thread::yield();
    Clock::time_point begin = Clock::now();
    uint64_t done = loop(kRounds);
    rates[static_cast<size_t>(thread)] =
        static_cast<double>(done) / std::chrono::duration<double>(Clock::now() - begin).count() / 1e9;
  };
  runCrew(threads, work);
  double sum = 0;
  for (double rate : rates)
    sum += rate;
  return sum;
}

} // namespace

double measureMultiplyRate(int32_t threads, Multiplied what) {
  constexpr int kTrials = 15;
  Loop loop = findLoop(what);
  double best = 0;
  for (int i = 0; loop && i < kTrials; ++i)
    best = std::max(best, trial(threads, loop));
  return best;
}

} // namespace trafo
