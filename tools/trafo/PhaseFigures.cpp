#include "PhaseFigures.h"

#include "BenchSession.h"

#include <algorithm>

namespace trafo::tool {

double Roofs::secondsFor(const StageWork &work, const std::string &numbers) const {
  double reading = readGbPerSecond > 0 ? work.bytes / readGbPerSecond / 1e9 : 0;
  double peak = multiplies(numbers);
  return std::max(reading, peak > 0 ? work.multiplies / peak / 1e9 : 0);
}

namespace {

/// One step in milliseconds, by stage.
class StepTimes {
public:
  StepTimes(const StageLog &log, const StepStamps &stamps, double ticksPerSecond)
      : log(log), stamps(stamps), scale(1e3 / ticksPerSecond), stages(log.stages.size()),
        waits(log.stages.size() * log.workers) {
    for (size_t run = 0; run < log.runs(); ++run) {
      size_t stage = log.stageOf[run];
      stages[stage] += between(begin(run), end(run));
      if (run + 1 < log.runs())
        barriers += between(end(run), begin(run + 1));
      for (size_t worker = 0; worker < log.workers; ++worker) {
        size_t at = run * log.workers + worker;
        // After the last run a worker waits for whoever ends last.
        uint64_t next = run + 1 < log.runs() ? stamps.begins[at + log.workers] : end(run);
        waits[stage * log.workers + worker] += between(stamps.ends[at], next);
      }
    }
    total = between(begin(0), end(log.runs() - 1));
  }

  double between(uint64_t from, uint64_t to) const { return to > from ? static_cast<double>(to - from) * scale : 0; }
  uint64_t begin(size_t run) const {
    auto first = stamps.begins.begin() + static_cast<std::ptrdiff_t>(run * log.workers);
    return *std::min_element(first, first + static_cast<std::ptrdiff_t>(log.workers));
  }
  uint64_t end(size_t run) const {
    auto first = stamps.ends.begin() + static_cast<std::ptrdiff_t>(run * log.workers);
    return *std::max_element(first, first + static_cast<std::ptrdiff_t>(log.workers));
  }

private:
  const StageLog &log;
  const StepStamps &stamps;
  double scale; ///< milliseconds a tick

public:
  std::vector<double> stages, waits;
  double barriers = 0, total = 0;
};

} // namespace

PhaseFigures figuresOf(const std::string &name, const StageLog &log, const std::vector<ProfiledStep> &steps,
                       double ticksPerSecond, const Roofs &roofs) {
  std::vector<StepTimes> times;
  for (const ProfiledStep &step : steps)
    times.emplace_back(log, step.stamps, ticksPerSecond);
  auto medianOf = [&](auto value) {
    std::vector<double> values;
    for (size_t i = 0; i < steps.size(); ++i)
      values.push_back(value(i));
    return median(values);
  };
  PhaseFigures figures;
  figures.name = name;
  figures.first = steps.front().shape;
  figures.last = steps.back().shape;
  figures.steps = steps.size();
  figures.milliseconds = medianOf([&](size_t i) { return times[i].total; });
  figures.wall = medianOf([&](size_t i) { return steps[i].seconds * 1e3; });
  figures.barriers = medianOf([&](size_t i) { return times[i].barriers; });
  for (size_t stage = 0; stage < log.stages.size(); ++stage) {
    const StageCost &cost = log.stages[stage];
    StageFigures one;
    one.milliseconds = medianOf([&](size_t i) { return times[i].stages[stage]; });
    for (size_t worker = 0; worker < log.workers; ++worker)
      one.waits.push_back(medianOf([&](size_t i) { return times[i].waits[stage * log.workers + worker]; }));
    one.work.bytes = medianOf([&](size_t i) { return workOf(cost, steps[i].shape).bytes; });
    one.work.multiplies = medianOf([&](size_t i) { return workOf(cost, steps[i].shape).multiplies; });
    one.predicted = roofs.secondsFor(one.work, cost.numbers) * 1e3;
    one.reported = medianOf([&](size_t i) { return reportedMilliseconds(cost, steps[i].shape); });
    figures.predicted += one.predicted;
    if (one.reported > 0) {
      figures.reported += one.reported;
      figures.reportedTook += one.milliseconds;
    }
    figures.stages.push_back(one);
  }
  // Of an even number of steps none may have the median length: the one nearest to it.
  size_t shown = 0;
  for (size_t i = 1; i < steps.size(); ++i)
    if (std::abs(times[i].total - figures.milliseconds) < std::abs(times[shown].total - figures.milliseconds))
      shown = i;
  for (size_t at = 0; at < log.runs() * log.workers; ++at) {
    figures.begins.push_back(times[shown].between(times[shown].begin(0), steps[shown].stamps.begins[at]) * 1e3);
    figures.ends.push_back(times[shown].between(times[shown].begin(0), steps[shown].stamps.ends[at]) * 1e3);
  }
  return figures;
}

} // namespace trafo::tool
