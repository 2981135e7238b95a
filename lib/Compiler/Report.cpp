#include "lib/Compiler/Report.h"

#include "llvm/Support/Format.h"

#include <algorithm>
#include <chrono>
#include <thread>

using namespace trafo;

double trafo::measureReadBandwidth(int64_t bytes, unsigned threads) {
  constexpr int kRounds = 5;
  size_t words = std::clamp<int64_t>(bytes, 1 << 20, 256 << 20) / sizeof(uint64_t);
  std::vector<uint64_t> memory(words, 1);
  std::vector<double> rates;
  std::vector<uint64_t> sums(threads * 8); // a cache line each
  for (int round = 0; round < kRounds; ++round) {
    auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> workers;
    for (unsigned t = 0; t < threads; ++t)
      workers.emplace_back([&, t] {
        const uint64_t *at = memory.data() + words * t / threads, *end = memory.data() + words * (t + 1) / threads;
        uint64_t lanes[8] = {};
        for (; at + 8 <= end; at += 8)
          for (int lane = 0; lane < 8; ++lane)
            lanes[lane] += at[lane];
        for (uint64_t lane : lanes)
          sums[t * 8] += lane;
      });
    for (std::thread &worker : workers)
      worker.join();
    std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    rates.push_back(words * sizeof(uint64_t) / took.count() / 1e9);
  }
  // The sums are used, so that the reads are made.
  volatile uint64_t sink = sums[0];
  (void)sink;
  std::nth_element(rates.begin(), rates.begin() + kRounds / 2, rates.end());
  return rates[kRounds / 2];
}

void trafo::printReport(llvm::raw_ostream &out, const ModelSummary &summary, const trafo_manifest_t &manifest,
                        std::optional<double> bandwidth) {
  auto megabytes = [](double bytes) { return llvm::format("%.1f MB", bytes / 1e6); };
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  bool measured = !bandwidth;
  double rate = measured ? measureReadBandwidth(manifest.decode_bytes, threads) : *bandwidth;
  out << "bytes per decoded token  " << megabytes(manifest.decode_bytes) << " of weights\n"
      << "arena                    " << megabytes(manifest.arena_size) << ", of it KV cache "
      << megabytes(manifest.kv_size) << " in " << manifest.kv_pages << " pages of " << TRAFO_KV_PAGE_TOKENS << "\n"
      << "barriers per layer       " << llvm::format("%.2f", barriersPerLayer(manifest)) << " ("
      << manifest.barriers_per_step << " a step)\n"
      << "read bandwidth           " << llvm::format("%.1f GB/s", rate);
  if (measured)
    out << " measured, " << threads << " threads";
  out << "\npredicted                "
      << llvm::format("%.0f tokens/s", rate * 1e9 / std::max<double>(manifest.decode_bytes, 1))
      << " decoding at batch 1, if bound by reading\n";
  int64_t total = 0;
  for (const OpSummary &op : summary.ops)
    total += op.bytes;
  if (total == 0)
    return;
  out << "share of bytes by op\n";
  for (const OpSummary &op : summary.ops)
    if (op.bytes)
      out << llvm::format("  %5.1f %%  %8.2f MB  ", 100.0 * op.bytes / total, op.bytes / 1e6)
          << llvm::left_justify(op.op, 20) << llvm::left_justify(op.body, 12) << "x "
          << llvm::format("%-4lld", (long long)op.times) << op.numbers << "\n";
}
