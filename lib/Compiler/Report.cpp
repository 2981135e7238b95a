#include "lib/Compiler/Report.h"

#include "lib/Measure/ReadBandwidth.h"
#include "llvm/Support/Format.h"

#include <algorithm>
#include <thread>

using namespace trafo;

/// The decode step's bytes, within what a report may take of a machine's memory and time.
static double measuredBandwidth(uint64_t decodeBytes, unsigned threads) {
  return measureReadBandwidth(static_cast<int32_t>(threads), std::clamp<uint64_t>(decodeBytes, 1 << 20, 256 << 20));
}

/// What all contractions of a step are predicted to take on their roads, where that is known of each.
static void printSteps(llvm::raw_ostream &out, const ModelSummary &summary) {
  double row = 0, prompt = 0;
  for (plan::RoadAttr road : summary.roads) {
    int64_t rowNs = road.getLibrary() ? road.getLibraryRowNs() : road.getGeneratedRowNs();
    int64_t promptNs = road.getLibrary() ? road.getLibraryPromptNs() : road.getGeneratedPromptNs();
    const auto *cost =
        llvm::find_if(summary.stages, [&](plan::CostAttr stage) { return stage.getStage() == road.getStage(); });
    if (rowNs == 0 || cost == summary.stages.end())
      return;
    // Logits of a prompt are wanted of its last row.
    row += double(cost->getRuns()) * double(rowNs);
    prompt += double(cost->getRuns()) * double(cost->getOfOutputs() ? rowNs : promptNs);
  }
  int64_t rows = summary.roads.front().getPromptRows();
  out << llvm::format("  all of a step: 1 row %.2f ms (%.0f tokens/s), ", row / 1e6, 1e9 / row) << rows
      << llvm::format(" rows %.1f ms (%.0f tokens/s), without attention\n", prompt / 1e6, double(rows) * 1e9 / prompt);
}

/// Who computes each contraction, what both roads are predicted to take, and why it is so.
static void printRoads(llvm::raw_ostream &out, const ModelSummary &summary) {
  if (summary.roads.empty())
    return;
  out << "roads of contractions    predicted for 1 and for " << summary.roads.front().getPromptRows() << " rows, "
      << (summary.ratesOf.empty() ? "if somebody measured: trafo tune does" : "by rates of " + summary.ratesOf) << "\n";
  auto times = [](int64_t row, int64_t prompt) {
    std::string text = "-";
    if (row)
      llvm::raw_string_ostream(text = "") << llvm::format("%.3f, %.3f ms", row / 1e6, prompt / 1e6);
    return text;
  };
  out << "  " << llvm::left_justify("stage", 24) << llvm::left_justify("weight", 20)
      << llvm::left_justify("generated", 22) << llvm::left_justify("oneDNN", 22) << "road\n";
  for (plan::RoadAttr road : summary.roads) {
    WeightType weight = road.getWeight();
    std::string shape = std::to_string(weight.getRows()) + "x" + std::to_string(weight.getCols()) + "x" +
                        formatInfo(weight.getFormat()).name;
    out << "  " << llvm::left_justify(road.getStage(), 24) << llvm::left_justify(shape, 20)
        << llvm::left_justify(times(road.getGeneratedRowNs(), road.getGeneratedPromptNs()), 22)
        << llvm::left_justify(times(road.getLibraryRowNs(), road.getLibraryPromptNs()), 22)
        << (road.getLibrary() ? "oneDNN: " : "generated: ") << road.getReason() << "\n";
  }
  printSteps(out, summary);
}

void trafo::printReport(llvm::raw_ostream &out, const ModelSummary &summary, const trafo_manifest_t &manifest,
                        std::optional<double> bandwidth) {
  auto megabytes = [](double bytes) { return llvm::format("%.1f MB", bytes / 1e6); };
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  bool measured = !bandwidth;
  double rate = measured ? measuredBandwidth(manifest.decode_bytes, threads) : *bandwidth;
  out << "bytes per decoded token  " << megabytes(manifest.decode_bytes) << " of weights\n"
      << "arena                    " << megabytes(manifest.arena_size) << ", of it KV cache "
      << megabytes(manifest.kv_size) << " in " << manifest.kv_pages
      << (manifest.window_pages > 0 ? " + " + std::to_string(manifest.window_pages) : "") << " pages of "
      << TRAFO_KV_PAGE_TOKENS << "\n"
      << "a sequence keeps         " << summary.cache << "\n"
      << "barriers per layer       "
      << llvm::format("%.2f", double(manifest.barriers_per_step) / std::max(manifest.layers, 1u)) << " ("
      << manifest.barriers_per_step << " a step)\n"
      << "read bandwidth           " << llvm::format("%.1f GB/s", rate);
  if (measured)
    out << (rate > 0 ? " measured, " : " (it could not be measured; name one with --bandwidth), ") << threads
        << " threads";
  out << "\npredicted                "
      << llvm::format("%.0f tokens/s", rate * 1e9 / std::max<double>(manifest.decode_bytes, 1))
      << " decoding at batch 1, if bound by reading\n";
  auto printCompute = [&](llvm::StringRef compute, ActivationFormat rows, llvm::StringRef how) {
    if (summary.compute == compute)
      out << compute << " compute             "
          << (multiplies(summary, rows) ? ("linears with float weights, " + how + "; others as stored").str()
                                        : "not used: the model has no linears with float weights")
          << "\n";
  };
  printCompute("int8", ActivationFormat::I8Row, "by rows; the head by groups");
  printCompute("bf16", ActivationFormat::BF16G32, "by groups of 32 columns");
  if (summary.libraryAsked || callsLibrary(summary))
    out << "oneDNN                   "
        << (callsLibrary(summary) ? "needed when it runs: libdnnl.so.3, 3.2 or newer"
                                  : "not used: the model has no linears that it takes")
        << "\n";
  printRoads(out, summary);
  int64_t total = 0;
  auto bytesOf = [](plan::CostAttr cost) { return cost.getRuns() * (cost.getWeightBytes() + cost.getRowBytes()); };
  for (plan::CostAttr cost : summary.stages)
    total += bytesOf(cost);
  if (total == 0)
    return;
  out << "share of bytes by stage\n";
  for (plan::CostAttr cost : summary.stages)
    if (int64_t bytes = bytesOf(cost))
      out << llvm::format("  %5.1f %%  %8.2f MB  ", 100.0 * bytes / total, bytes / 1e6)
          << llvm::left_justify(cost.getStage(), 24) << "x " << llvm::format("%-4lld", (long long)cost.getRuns())
          << cost.getNumbers() << (cost.getLibrary() ? " by oneDNN" : "") << "\n";
}
