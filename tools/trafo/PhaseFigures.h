//===- PhaseFigures.h - stamps become times, rates and waits --------------===//
#ifndef TRAFO_TOOLS_TRAFO_PHASEFIGURES_H
#define TRAFO_TOOLS_TRAFO_PHASEFIGURES_H

#include "StageLog.h"

namespace trafo::tool {

/// What the machine can do with as many threads as the session has.
struct Roofs {
  double readGbPerSecond = 0;
  double f32Gmul = 0, int8Gmul = 0; ///< 1e9 multiply-adds a second; 0: not measured here

  /// The roof of a numeric class: "i8_g32 x q4_1" multiplies int8.
  double multiplies(const std::string &numbers) const { return numbers.rfind("i8", 0) == 0 ? int8Gmul : f32Gmul; }
  /// Seconds that work takes at least.
  double secondsFor(const StageWork &work, const std::string &numbers) const;
};

/// One step as it was measured.
struct ProfiledStep {
  StepShape shape;
  StepStamps stamps;
  double seconds = 0; ///< of the whole call, sampling included
};

/// All runs of a stage in one step; medians over steps, milliseconds.
struct StageFigures {
  double milliseconds = 0; ///< from the first worker's begin to the last one's end
  double predicted = 0;    ///< by the roofs
  double reported = 0;     ///< by --report, from rates that trafo tune measured; 0: it predicts nothing of the stage
  StageWork work;
  std::vector<double> waits; ///< per worker: from its end of a run to its begin of the next
};

/// A kind of step: decoding a token, or a prompt.
struct PhaseFigures {
  std::string name;
  StepShape first, last; ///< of the steps that were measured
  size_t steps = 0;
  double milliseconds = 0; ///< of a step, by stamps; median
  double wall = 0;         ///< of a step and what lies between steps; median
  double predicted = 0;    ///< the sum of the stages'
  double reported = 0;     ///< the sum of the stages', and what those took that --report predicts
  double reportedTook = 0;
  double barriers = 0; ///< between the last end of a run and the first begin of the next
  std::vector<StageFigures> stages;
  /// The step of median length: microseconds since its begin, [run * workers + worker].
  std::vector<double> begins, ends;
};

/// `ticksPerSecond` of the stamps; `steps` is not empty.
PhaseFigures figuresOf(const std::string &name, const StageLog &log, const std::vector<ProfiledStep> &steps,
                       double ticksPerSecond, const Roofs &roofs);

} // namespace trafo::tool

#endif // TRAFO_TOOLS_TRAFO_PHASEFIGURES_H
