#include "BenchProfile.h"

#include "BenchSession.h"
#include "ProfileReport.h"
#include "lib/Artifact/TemporaryFile.h"
#include "lib/Measure/MultiplyRate.h"
#include "lib/Measure/ReadBandwidth.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace trafo::tool {
namespace {

using Clock = std::chrono::steady_clock;

/// Steps with their stamps and with what the clock said at their begin.
class Recorder {
public:
  Recorder(const BenchSession &session, const StageLog &log) : session(session), log(log) {}

  /// Runs `step`, which makes one step of `rows` rows, and keeps what it left.
  template <typename Step> int record(std::vector<ProfiledStep> &into, int64_t rows, Step step) {
    Clock::time_point begin = Clock::now();
    if (int status = step())
      return status;
    double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    into.push_back({{rows, 1, session.length()}, log.read(), seconds});
    // How long a tick is comes from the first and the last step, which lie far apart.
    uint64_t stamp = into.back().stamps.begins.front();
    if (firstStamp == 0) {
      firstStamp = stamp;
      firstBegin = begin;
    }
    lastStamp = stamp;
    lastBegin = begin;
    return 0;
  }

  double ticksPerSecond() const {
    double seconds = std::chrono::duration<double>(lastBegin - firstBegin).count();
    return seconds > 0 && lastStamp > firstStamp ? static_cast<double>(lastStamp - firstStamp) / seconds : 1e9;
  }

private:
  const BenchSession &session;
  const StageLog &log;
  uint64_t firstStamp = 0, lastStamp = 0;
  Clock::time_point firstBegin, lastBegin;
};

int writeText(const std::string &path, const std::string &text) {
  if (path.empty())
    return 0;
  TemporaryFile file;
  trafo_error_t error = {};
  trafo_status_t status = file.create(path, 0644, &error);
  if (!status)
    status = file.append(text.data(), text.size(), &error);
  if (!status)
    status = file.commit(&error);
  return status ? report(status, error) : 0;
}

} // namespace

int benchProfile(const BenchRequest &request, const std::string &name) {
  BenchSession session;
  if (int status = session.open(request.file, request.weights, request.threads))
    return status;
  StageLog log;
  if (int status = log.open(session.loaded, name))
    return status;
  Recorder recorder(session, log);
  std::vector<ProfiledStep> decode, prefill;
  const trafo_manifest_t &manifest = session.manifest();
  // A longer prompt takes several steps, each of which leaves its stamps where the one before did.
  int32_t rows = std::min(request.promptTokens, static_cast<int32_t>(manifest.max_rows));
  const float *logits = nullptr;
  BenchRows next({0});
  if (int status = session.fill(0, rows, &logits)) // not counted: touches all memory once
    return status;
  double before = measureReadBandwidth(session.threads(), manifest.decode_bytes);
  for (int32_t repeat = 0; repeat < request.repeats; ++repeat)
    if (int status = recorder.record(prefill, rows, [&] { return session.fill(0, rows, &logits); }))
      return status;
  if (int status = session.fill(0, request.context, &logits))
    return status;
  for (int32_t i = 0; i < request.decodeTokens; ++i)
    if (int status = recorder.record(decode, 1, [&] { return session.step(next); }))
      return status;
  double after = measureReadBandwidth(session.threads(), manifest.decode_bytes);

  Profile profile = {name, log, {(before + after) / 2, 0, 0}, manifest.decode_bytes, {}};
  profile.roofs.f32Gmul = measureMultiplyRate(session.threads(), Multiplied::F32);
  profile.roofs.int8Gmul = measureMultiplyRate(session.threads(), Multiplied::Int8);
  double ticks = recorder.ticksPerSecond();
  profile.phases.push_back(figuresOf("decode", log, decode, ticks, profile.roofs));
  profile.phases.push_back(figuresOf("prefill", log, prefill, ticks, profile.roofs));

  std::string text = profileJson(profile);
  if (int status = writeText(request.profileJson, text + "\n"))
    return status;
  if (int status = writeText(request.profile, request.profile.empty() ? "" : profilePage(text)))
    return status;
  if (request.json)
    printf("%s\n", text.c_str());
  else
    printProfile(profile);
  return 0;
}

} // namespace trafo::tool
