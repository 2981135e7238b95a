//===- BenchSession.h - a model that is fed made-up tokens ----------------===//
#ifndef TRAFO_TOOLS_TRAFO_BENCHSESSION_H
#define TRAFO_TOOLS_TRAFO_BENCHSESSION_H

#include "ModelFile.h"

#include <vector>

namespace trafo::tool {

/// The middle value, or the mean of the two in the middle; `values` is not empty.
double median(std::vector<double> values);

/// Sequence 0 of a loaded model, for timing: tokens without meaning, the same in every run. All calls return an exit code
/// after their line on standard error.
class BenchSession {
public:
  int open(const std::string &file, const std::string &weights, int32_t threads) {
    return loaded.open(file, {threads, weights, 0});
  }
  /// Empties the sequence and processes `count` tokens; `*outLogits` are the last one's, NULL where count is 0.
  int fill(int32_t count, const float **outLogits);
  /// One step with `*token` at the end of the sequence; then `*token` is the most likely next.
  int decode(int32_t *token);
  /// The most likely token.
  int pick(const float *logits, int32_t *outToken);

  const trafo_manifest_t &manifest() const { return *loaded.manifest; }
  int32_t threads() const { return trafo_session_threads(loaded.session); }
  int32_t length() const { return trafo_sequence_length(loaded.session, 0); }

  LoadedModel loaded;
};

} // namespace trafo::tool

#endif // TRAFO_TOOLS_TRAFO_BENCHSESSION_H
