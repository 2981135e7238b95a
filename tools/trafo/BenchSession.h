//===- BenchSession.h - a model that is fed made-up tokens ----------------===//
#ifndef TRAFO_TOOLS_TRAFO_BENCHSESSION_H
#define TRAFO_TOOLS_TRAFO_BENCHSESSION_H

#include "ModelFile.h"

#include <vector>

namespace trafo::tool {

/// The middle value, or the mean of the two in the middle; `values` is not empty.
double median(std::vector<double> values);

/// A step's rows: each continues its sequence, several of one sequence one after the other, and all logits are wanted.
struct BenchRows {
  std::vector<int32_t> sequences, tokens, positions, outputs;
  explicit BenchRows(std::vector<int32_t> ofSequences)
      : sequences(std::move(ofSequences)), tokens(sequences.size(), 1), positions(sequences.size()),
        outputs(sequences.size()) {}
};

/// Sequences of a loaded model, for timing: tokens without meaning, the same in every run. All calls return an exit code
/// after their line on standard error.
class BenchSession {
public:
  int open(const std::string &file, const std::string &weights, int32_t threads) {
    return loaded.open(file, {threads, weights, 0});
  }
  /// Empties the sequence and processes `count` tokens; `*outLogits` are the last one's, NULL where count is 0.
  int fill(int32_t sequence, int32_t count, const float **outLogits);
  /// One step of the rows' tokens; then they are the most likely next.
  int step(BenchRows &rows);
  /// Takes the sequence back to `length` tokens.
  int truncate(int32_t sequence, int32_t length);
  /// The most likely token.
  int pick(const float *logits, int32_t *outToken);

  const trafo_manifest_t &manifest() const { return *loaded.manifest; }
  int32_t threads() const { return trafo_session_threads(loaded.session); }
  int32_t length(int32_t sequence = 0) const { return trafo_sequence_length(loaded.session, sequence); }

  LoadedModel loaded;
};

} // namespace trafo::tool

#endif // TRAFO_TOOLS_TRAFO_BENCHSESSION_H
