#include "lib/Measure/ReadBandwidth.h"
#include "lib/Measure/Crew.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace trafo {
namespace {

using Clock = std::chrono::steady_clock;
using Lanes = uint64_t __attribute__((vector_size(16)));

uint64_t sum(const char *begin, const char *end) {
  Lanes a = {}, b = {}, c = {}, d = {};
  for (const char *at = begin; at + 64 <= end; at += 64) {
    __builtin_prefetch(at + 2048);
    const Lanes *lanes = reinterpret_cast<const Lanes *>(at);
    a += lanes[0];
    b += lanes[1];
    c += lanes[2];
    d += lanes[3];
  }
  Lanes all = a + b + c + d;
  return all[0] + all[1];
}

double measure(int32_t threads, uint64_t wanted, int32_t rounds) {
  constexpr uint64_t kSlack = 4096; // prefetches run past the end
  uint64_t part = wanted / static_cast<uint64_t>(threads) / 64 * 64;
  uint64_t bytes = part * static_cast<uint64_t>(threads);
  void *memory = mmap(nullptr, bytes + kSlack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || part == 0)
    return 0;
  char *buffer = static_cast<char *>(memory);
  madvise(buffer, bytes, MADV_HUGEPAGE);
  std::fill(buffer, buffer + bytes, static_cast<char>(1));
  std::atomic<int32_t> arrived{0};
  std::atomic<uint64_t> total{0};
  std::vector<Clock::time_point> begins(static_cast<size_t>(threads) * static_cast<size_t>(rounds)),
      ends(begins.size());
  auto work = [&](int32_t thread) {
    for (int32_t round = 0; round < rounds; ++round) {
      arrived.fetch_add(1);
      for (uint32_t spins = 1; arrived.load(std::memory_order_acquire) < threads * (round + 1); ++spins)
        if (spins % 4096 == 0)
          std::this_thread::yield(); // others may need this CPU to arrive
      size_t slot = static_cast<size_t>(round) * static_cast<size_t>(threads) + static_cast<size_t>(thread);
      begins[slot] = Clock::now();
      total += sum(buffer + part * static_cast<uint64_t>(thread), buffer + part * static_cast<uint64_t>(thread + 1));
      ends[slot] = Clock::now();
    }
  };
  runCrew(threads, work);
  std::vector<double> rates;
  for (size_t slot = 0; slot < begins.size(); slot += static_cast<size_t>(threads)) {
    Clock::time_point begin = *std::min_element(begins.begin() + static_cast<std::ptrdiff_t>(slot),
                                                begins.begin() + static_cast<std::ptrdiff_t>(slot) + threads);
    Clock::time_point end = *std::max_element(ends.begin() + static_cast<std::ptrdiff_t>(slot),
                                              ends.begin() + static_cast<std::ptrdiff_t>(slot) + threads);
    rates.push_back(static_cast<double>(bytes) / std::chrono::duration<double>(end - begin).count() / 1e9);
  }
  std::sort(rates.begin(), rates.end());
  // Using the sum keeps the reads from being removed; its value is known, so it is checked.
  bool right = total.load() == static_cast<uint64_t>(rounds) * (bytes / 8) * 0x0101010101010101ull;
  return right ? rates[rates.size() / 2] : 0;
}

} // namespace

double measureReadBandwidth(int32_t threads, uint64_t bytes, int32_t rounds) {
  int ends[2];
  if (pipe(ends) != 0)
    return 0;
  pid_t pid = fork();
  if (pid == 0) {
    double rate = measure(threads, bytes, rounds);
    _exit(write(ends[1], &rate, sizeof(rate)) == sizeof(rate) ? 0 : 1);
  }
  close(ends[1]);
  double rate = 0;
  if (pid < 0 || read(ends[0], &rate, sizeof(rate)) != sizeof(rate))
    rate = 0;
  close(ends[0]);
  if (pid > 0)
    waitpid(pid, nullptr, 0);
  return rate;
}

} // namespace trafo
