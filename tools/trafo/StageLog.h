//===- StageLog.h - the time stamps of an instrumented step ---------------===//
#ifndef TRAFO_TOOLS_TRAFO_STAGELOG_H
#define TRAFO_TOOLS_TRAFO_STAGELOG_H

#include "ModelFile.h"

#include <vector>

namespace trafo::tool {

/// What one run of a stage reads and computes, as the compiler counted it (#plan.cost).
struct StageCost {
  std::string name, numbers;
  int64_t runs = 0, weightBytes = 0, rowBytes = 0, rowMultiplies = 0, positionBytes = 0, positionMultiplies = 0,
          window = 0;
  bool ofOutputs = false;
  bool library = false; ///< a matmul library computes its products
  /// What --report predicts of a run: nanoseconds of one row and of `promptRows`; 0 where nobody measured the rates.
  double rowNs = 0, promptNs = 0;
  int64_t promptRows = 1;
};

/// Rows of a step over one sequence: `rows` of them, the last at position `end` - 1, logits wanted of `outputs`.
struct StepShape {
  int64_t rows = 1, outputs = 1, end = 1;
};

/// Bytes and multiply-adds of all runs of a stage in a step.
struct StageWork {
  double bytes = 0, multiplies = 0;
};
StageWork workOf(const StageCost &cost, const StepShape &shape);
/// Milliseconds that --report predicts of all runs of a stage in a step; 0 where it does not.
double reportedMilliseconds(const StageCost &cost, const StepShape &shape);

/// When each worker began and ended each run of a step, in ticks: [run * workers + worker].
struct StepStamps {
  std::vector<uint64_t> begins, ends;
};

/// Reads the stamps that `trafo compile --profile` has workers leave in the arena.
class StageLog {
public:
  /// Returns an exit code after a line on standard error: the program, which people know as `name`, has no log.
  int open(const LoadedModel &loaded, const std::string &name);
  /// The stamps of the session's last step.
  StepStamps read() const;
  size_t runs() const { return stageOf.size(); }

  std::vector<StageCost> stages;
  std::vector<size_t> stageOf;  ///< per run
  std::vector<int64_t> layerOf; ///< per run; -1 outside layers
  size_t workers = 1;

private:
  const uint8_t *logs = nullptr;
  uint64_t stride = 0;
};

} // namespace trafo::tool

#endif // TRAFO_TOOLS_TRAFO_STAGELOG_H
