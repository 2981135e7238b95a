// trafo-read-bandwidth THREADS BYTES [REPEATS]: how fast this machine reads BYTES of memory now.
//
// Each thread owns a contiguous part of one buffer, as a worker owns its rows of the weights, and adds it up; a repeat
// is timed from the moment all threads start until the last one is done. Prints the median in GB/s (1e9 bytes).
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <thread>
#include <vector>

namespace {

using Lanes = uint64_t __attribute__((vector_size(32)));

/// Adds up 128 bytes a turn in four independent sums, prefetching as far ahead as a decode kernel does.
uint64_t sum(const char *begin, const char *end) {
  Lanes a = {}, b = {}, c = {}, d = {};
  for (const char *at = begin; at + 128 <= end; at += 128) {
    __builtin_prefetch(at + 4096);
    __builtin_prefetch(at + 4096 + 64);
    const Lanes *lanes = reinterpret_cast<const Lanes *>(at);
    a += lanes[0];
    b += lanes[1];
    c += lanes[2];
    d += lanes[3];
  }
  Lanes all = a + b + c + d;
  return all[0] + all[1] + all[2] + all[3];
}

} // namespace

int main(int argc, char **argv) {
  const long threads = argc > 1 ? std::atol(argv[1]) : 0;
  const long long wanted = argc > 2 ? std::atoll(argv[2]) : 0;
  const long repeats = argc > 3 ? std::atol(argv[3]) : 15;
  if (threads < 1 || threads > 1024 || wanted < 4096 || repeats < 1) {
    std::fprintf(stderr, "usage: trafo-read-bandwidth THREADS BYTES [REPEATS]\n");
    return 2;
  }
  const size_t part = size_t(wanted) / size_t(threads) / 128 * 128;
  const size_t bytes = part * size_t(threads);
  // The prefetches run past the end of a part; past the last one there must be memory too.
  void *memory = mmap(nullptr, bytes + 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    std::fprintf(stderr, "trafo-read-bandwidth: cannot map %zu bytes\n", bytes);
    return 71;
  }
  char *buffer = static_cast<char *>(memory);
  madvise(buffer, bytes, MADV_HUGEPAGE);
  std::fill(buffer, buffer + bytes + 8192, char(1));

  std::atomic<long> arrived{0}, finished{0};
  std::atomic<uint64_t> total{0};
  std::vector<double> rates;
  auto work = [&](long thread) {
    const char *begin = buffer + size_t(thread) * part;
    for (long repeat = 0; repeat < repeats + 1; ++repeat) {
      arrived.fetch_add(1);
      while (arrived.load() < (repeat + 1) * threads)
        std::this_thread::yield();
      auto start = std::chrono::steady_clock::now();
      total.fetch_add(sum(begin, begin + part));
      finished.fetch_add(1);
      while (finished.load() < (repeat + 1) * threads)
        std::this_thread::yield();
      std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      if (thread == 0 && repeat > 0) // the first warms up
        rates.push_back(double(bytes) / took.count() / 1e9);
    }
  };
  std::vector<std::thread> others;
  for (long thread = 1; thread < threads; ++thread)
    others.emplace_back(work, thread);
  work(0);
  for (std::thread &other : others)
    other.join();
  std::sort(rates.begin(), rates.end());
  // The sum keeps the reads from being removed; its value is known, so it is checked.
  if (total.load() != uint64_t(repeats + 1) * (bytes / 8) * 0x0101010101010101ull) {
    std::fprintf(stderr, "trafo-read-bandwidth: the sum is wrong\n");
    return 70;
  }
  std::printf("%.3f\n", rates[rates.size() / 2]);
  return 0;
}
