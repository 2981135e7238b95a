#include "BenchProfile.h"

#include "BenchSession.h"
#include "ProfileReport.h"
#include "StepRecorder.h"
#include "WriteText.h"
#include "lib/Measure/MultiplyRate.h"
#include "lib/Measure/ReadBandwidth.h"

#include <algorithm>
#include <cstdio>

namespace trafo::tool {

int benchProfile(const BenchRequest &request, const std::string &name) {
  BenchSession session;
  if (int status = session.open(request.file, request.weights, request.threads))
    return status;
  StageLog log;
  if (int status = log.open(session.loaded, name))
    return status;
  StepRecorder recorder(session, log);
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
