#include "BenchProfile.h"
#include "BenchSession.h"
#include "Child.h"
#include "Commands.h"

#include "lib/Measure/ReadBandwidth.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <sys/resource.h>

namespace json = boost::json;

namespace trafo::tool {
namespace {

constexpr int32_t kShortPrompt = 10; ///< tokens of the prompt whose first answer is timed

using Clock = std::chrono::steady_clock;
double secondsSince(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// The figures of one repeat and of all of them.
struct Figures {
  std::vector<double> prefill, decode, bandwidth, fraction, firstToken, load;
};

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
    if (int status = session.fill(kShortPrompt, &logits))
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
    if (int status = session.fill(request.promptTokens, &logits))
      return status;
    figures.prefill.push_back(request.promptTokens / secondsSince(begin));

    double before = measureReadBandwidth(threads, decodeBytes);
    if (int status = session.fill(request.context, &logits))
      return status;
    int32_t token = 1;
    begin = Clock::now();
    for (int32_t i = 0; i < request.decodeTokens; ++i)
      if (int status = session.decode(&token))
        return status;
    double rate = request.decodeTokens / secondsSince(begin);
    double after = measureReadBandwidth(threads, decodeBytes);
    figures.decode.push_back(rate);
    figures.bandwidth.push_back((before + after) / 2);
    figures.fraction.push_back(
        figures.bandwidth.back() > 0 ? rate * static_cast<double>(decodeBytes) / 1e9 / figures.bandwidth.back() : 0);
    return TRAFO_OK;
  }

  void print() const {
    struct Line {
      const char *key, *what;
      const std::vector<double> &values;
    };
    const Line lines[] = {{"prefill_tokens_per_second", "prefill, tokens/s", figures.prefill},
                          {"decode_tokens_per_second", "decode, tokens/s", figures.decode},
                          {"read_bandwidth_gb_per_second", "memory read, GB/s", figures.bandwidth},
                          {"decode_fraction_of_read", "decode as a fraction of it", figures.fraction},
                          {"time_to_first_token_ms", "load to first token, ms", figures.firstToken},
                          {"load_ms", "load, ms", figures.load}};
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
