#ifndef TRAFO_RUNTIME_CORE_SAMPLING_H
#define TRAFO_RUNTIME_CORE_SAMPLING_H

#include "runtime/core/memory.h"
#include "trafo/runtime.h"

namespace trafo::runtime {

/// One row of logits. `maxima`, where there are any, has an entry for each whole block of TRAFO_LOGITS_BLOCK of them: the
/// greatest, NaN where one is not finite (trafo_manifest_t::logits_maxima).
struct LogitsRow {
  const float *values;
  const float *maxima;
};

/// Picks tokens from logits. Its memory is taken once; picking allocates nothing. The result depends on the logits, the
/// settings, the seed and the draw's number only: exp and the random numbers are our own, and all orders are fixed.
class Sampler {
public:
  /// False when out of memory.
  [[nodiscard]] bool initialize(const Allocator &allocator, uint32_t vocabulary);

  /// `step` is for the message when a logit is not finite. Errors: TRAFO-RUN-0001, -0005.
  trafo_status_t sample(LogitsRow logits, const trafo_sampling_t &settings, uint64_t draw, uint64_t step,
                        trafo_error_t *error, int32_t *outToken);

private:
  struct Candidate {
    float logit;
    int32_t id;
  };
  static bool better(const Candidate &a, const Candidate &b) {
    return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
  }
  /// The `k` best, best first, in `candidates`.
  void selectTopK(LogitsRow logits, size_t k);
  /// Draws among the first `count` candidates (sorted), whose weights are computed here, after cutting at `topP` of
  /// `total` (negative: of their own sum).
  int32_t drawSorted(size_t count, float best, float scale, float topP, double total, double uniform) const;
  /// Fills `weights` and `blockSums` and returns the sum.
  double computeWeights(const float *logits, float best, float scale);
  int32_t drawFromAll(double total, double uniform) const;

  static constexpr size_t kBlock = 1024;
  size_t vocabulary = 0;
  Array<Candidate> candidates; ///< [vocabulary]
  Array<float> weights;        ///< [vocabulary], exp((logit - best) / temperature)
  Array<double> blockSums;     ///< [vocabulary / kBlock, rounded up]
};

/// The largest of `count` > 0 floats (lowest index among equals). `*finite` says whether all are finite; if not, the
/// result is the index of the first that is not.
size_t argmax(const float *values, size_t count, bool *finite);
/// The same by way of the maxima, of which a sixteenth as many are read.
size_t argmax(LogitsRow logits, size_t count, bool *finite);

/// The `index`-th number in [0, 1) of the stream of `seed`.
double uniformAt(uint64_t seed, uint64_t index);

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_CORE_SAMPLING_H
