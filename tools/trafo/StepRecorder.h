//===- StepRecorder.h - steps of an instrumented program and their stamps -===//
#ifndef TRAFO_TOOLS_TRAFO_STEPRECORDER_H
#define TRAFO_TOOLS_TRAFO_STEPRECORDER_H

#include "BenchSession.h"
#include "PhaseFigures.h"

#include <chrono>

namespace trafo::tool {

/// Steps with their stamps and with what the clock said at their begin.
class StepRecorder {
public:
  StepRecorder(const BenchSession &session, const StageLog &log) : session(session), log(log) {}

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
  using Clock = std::chrono::steady_clock;

  const BenchSession &session;
  const StageLog &log;
  uint64_t firstStamp = 0, lastStamp = 0;
  Clock::time_point firstBegin, lastBegin;
};

} // namespace trafo::tool

#endif // TRAFO_TOOLS_TRAFO_STEPRECORDER_H
