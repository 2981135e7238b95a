#include "BenchProfile.h"
#include "BenchSession.h"
#include "Child.h"
#include "Commands.h"

#include "lib/Measure/ReadBandwidth.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <numeric>
#include <sys/resource.h>

namespace json = boost::json;

namespace trafo::tool {
namespace {

constexpr int32_t kShortPrompt = 10; ///< tokens of the prompt whose first answer is timed

using Clock = std::chrono::steady_clock;
double secondsSince(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// The figures of all repeats.
struct Figures {
  std::vector<double> prefill, decode, bandwidth, fraction, switches, firstToken, load;
  std::vector<double> verifyStep, verifyOverDecode, batch, batchOverOne; ///< empty where not asked for
};

/// How often a thread of this process has gone to sleep in a system call.
double voluntarySwitches() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_nvcsw);
}

class Bench {
public:
  explicit Bench(const BenchRequest &request) : request(request) {}

  int run() {
    if (int status = timeFirstToken(nullptr)) // not counted: brings the file into the page cache, says what is wrong
      return status;
    for (int32_t repeat = 0; repeat < request.repeats; ++repeat)
      if (int status = timeFirstToken(&figures))
        return status;
    BenchSession session;
    if (int status = session.open(request.file, request.weights, request.threads))
      return status;
    threads = session.threads();
    decodeBytes = session.manifest().decode_bytes;
    for (int32_t repeat = 0; repeat < request.repeats; ++repeat)
      if (int status = measure(session))
        return status;
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    peakBytes = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
    print();
    return TRAFO_OK;
  }

private:
  int timeFirstToken(Figures *into) {
    Clock::time_point begin = Clock::now();
    BenchSession session;
    if (int status = session.open(request.file, request.weights, request.threads))
      return status;
    double load = secondsSince(begin);
    const float *logits = nullptr;
    int32_t token = 0;
    if (int status = session.fill(0, kShortPrompt, &logits))
      return status;
    if (int status = session.pick(logits, &token))
      return status;
    if (into) {
      into->firstToken.push_back(secondsSince(begin) * 1e3);
      into->load.push_back(load * 1e3);
    }
    return TRAFO_OK;
  }

  int measure(BenchSession &session) {
    const float *logits = nullptr;
    Clock::time_point begin = Clock::now();
    if (int status = session.fill(0, request.promptTokens, &logits))
      return status;
    figures.prefill.push_back(request.promptTokens / secondsSince(begin));

    double before = measureReadBandwidth(threads, decodeBytes);
    if (int status = session.fill(0, request.context, &logits))
      return status;
    BenchRows one({0});
    double switches = voluntarySwitches();
    begin = Clock::now();
    for (int32_t i = 0; i < request.decodeTokens; ++i)
      if (int status = session.step(one))
        return status;
    double rate = request.decodeTokens / secondsSince(begin);
    figures.switches.push_back((voluntarySwitches() - switches) / request.decodeTokens);
    double after = measureReadBandwidth(threads, decodeBytes);
    figures.decode.push_back(rate);
    figures.bandwidth.push_back((before + after) / 2);
    figures.fraction.push_back(
        figures.bandwidth.back() > 0 ? rate * static_cast<double>(decodeBytes) / 1e9 / figures.bandwidth.back() : 0);
    if (int status = request.verifyRows ? measureVerify(session) : 0)
      return status;
    return request.batch ? measureBatch(session) : 0;
  }

  /// Steps that verify and steps that decode in turns, at the same lengths of the sequence.
  int measureVerify(BenchSession &session) {
    BenchRows many(std::vector<int32_t>(static_cast<size_t>(request.verifyRows), 0));
    double decode = 0, verify = 0;
    if (int status = compareSteps(session, 1, many, &decode, &verify))
      return status;
    figures.verifyStep.push_back(verify / request.decodeTokens * 1e3);
    figures.verifyOverDecode.push_back(verify / decode);
    return TRAFO_OK;
  }

  int measureBatch(BenchSession &session) {
    std::vector<int32_t> sequences(static_cast<size_t>(request.batch));
    std::iota(sequences.begin(), sequences.end(), 0);
    BenchRows all(sequences);
    double one = 0, together = 0;
    if (int status = compareSteps(session, request.batch, all, &one, &together))
      return status;
    for (int32_t sequence = 1; sequence < request.batch; ++sequence)
      if (int status = session.truncate(sequence, 0))
        return status;
    figures.batch.push_back(request.batch * request.decodeTokens / together);
    figures.batchOverOne.push_back(request.batch * one / together);
    return TRAFO_OK;
  }

  /// Times in all `decodeTokens` steps of `rows` and as many of one row of sequence 0, in turns, so that a machine that
  /// slows down slows both. After each pair the first `sequences` sequences have one more token than before it.
  int compareSteps(BenchSession &session, int32_t sequences, BenchRows &rows, double *oneSeconds, double *rowsSeconds) {
    const float *logits = nullptr;
    for (int32_t sequence = 0; sequence < sequences; ++sequence)
      if (int status = session.fill(sequence, request.context, &logits))
        return status;
    BenchRows one({0});
    for (int32_t i = 0; i < request.decodeTokens; ++i) {
      int32_t length = request.context + i;
      Clock::time_point begin = Clock::now();
      if (int status = session.step(one))
        return status;
      *oneSeconds += secondsSince(begin);
      if (int status = session.truncate(0, length))
        return status;
      begin = Clock::now();
      if (int status = session.step(rows))
        return status;
      *rowsSeconds += secondsSince(begin);
      if (int status = session.truncate(0, length + 1))
        return status;
    }
    return TRAFO_OK;
  }

  void print() const {
    struct Line {
      const char *key, *what;
      const std::vector<double> &values;
    };
    std::vector<Line> lines = {{"prefill_tokens_per_second", "prefill, tokens/s", figures.prefill},
                               {"decode_tokens_per_second", "decode, tokens/s", figures.decode},
                               {"read_bandwidth_gb_per_second", "memory read, GB/s", figures.bandwidth},
                               {"decode_fraction_of_read", "decode as a fraction of it", figures.fraction},
                               {"voluntary_context_switches_per_token", "sleeping calls a token", figures.switches},
                               {"time_to_first_token_ms", "load to first token, ms", figures.firstToken},
                               {"load_ms", "load, ms", figures.load}};
    if (request.verifyRows) {
      lines.push_back({"verify_step_ms", "verify step, ms", figures.verifyStep});
      lines.push_back({"verify_step_over_decode", "  in decode steps", figures.verifyOverDecode});
    }
    if (request.batch) {
      lines.push_back({"batch_tokens_per_second", "batch, tokens/s", figures.batch});
      lines.push_back({"batch_over_one", "  against one sequence", figures.batchOverOne});
    }
    if (!request.json) {
      printf("%s: %d threads, medians of %d\n", request.file.c_str(), threads, request.repeats);
      for (const Line &line : lines)
        printf("  %-28s %12.2f   (%.2f to %.2f)\n", line.what, median(line.values),
               *std::min_element(line.values.begin(), line.values.end()),
               *std::max_element(line.values.begin(), line.values.end()));
      printf("  %-28s %12.1f\n  %-28s %12.1f\n", "peak memory, MB", static_cast<double>(peakBytes) / 1e6,
             "weights read a token, MB", static_cast<double>(decodeBytes) / 1e6);
      return;
    }
    json::object root, repeats;
    for (const Line &line : lines) {
      root[line.key] = median(line.values);
      repeats[line.key] = json::value_from(line.values);
    }
    root["peak_rss_bytes"] = peakBytes;
    root["decode_bytes"] = decodeBytes;
    root["threads"] = threads;
    root["prompt_tokens"] = request.promptTokens;
    root["decode_tokens"] = request.decodeTokens;
    root["context"] = request.context;
    if (request.verifyRows)
      root["verify_rows"] = request.verifyRows;
    if (request.batch)
      root["batch"] = request.batch;
    root["repeats"] = repeats;
    printf("%s\n", json::serialize(root).c_str());
  }

  const BenchRequest &request;
  Figures figures;
  int32_t threads = 1;
  uint64_t decodeBytes = 0, peakBytes = 0;
};

} // namespace

int bench(const BenchRequest &request) {
  bool profiles = !request.profile.empty() || !request.profileJson.empty();
  BenchRequest compiled = request;
  TemporaryProgram program;
  if (kindOf(request.file) == FileKind::Model) { // compiled once, not once a load
    std::vector<std::string> options;
    if (profiles)
      options.push_back("--profile");
    if (int status = program.compile(request.file, options))
      return status;
    compiled.file = program.path();
  }
  return profiles ? benchProfile(compiled, request.file) : Bench(compiled).run();
}

} // namespace trafo::tool
