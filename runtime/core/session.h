#ifndef TRAFO_RUNTIME_CORE_SESSION_H
#define TRAFO_RUNTIME_CORE_SESSION_H

#include "runtime/core/kv_pages.h"
#include "runtime/core/model.h"
#include "runtime/core/sampling.h"
#include "runtime/drivers/driver.h"

#include <string>

/// A device with its arena, the sequences in it, and all memory that steps and sampling need.
struct trafo_session_t {
  trafo_model_t *model = nullptr; ///< retained
  trafo::runtime::Device *device = nullptr;
  trafo::runtime::KvPages pages;
  trafo::runtime::Sampler sampler;
  trafo::runtime::Array<int32_t> tokens;        ///< [max_sequences][max_context], of the positions computed
  trafo::runtime::Array<int32_t> nextPositions; ///< [max_sequences], of the rows seen while checking
  trafo::runtime::Array<int32_t> rowTokens, rowPositions, rowSequences; ///< [max_rows], of prefill and generate
  int32_t *tokensOf(int32_t sequence) {
    return tokens.data() + static_cast<size_t>(sequence) * model->manifest.max_context;
  }
  const float *logits = nullptr; ///< the last step's, `logitRows` of them
  int32_t logitRows = 0;
  /// A row as sampling takes it: with its maxima, if it is one of the last step's and the code keeps them.
  trafo::runtime::LogitsRow logitsRow(const float *row) const;
  uint64_t steps = 0;   ///< run so far; names a step in messages
  std::string streamed; ///< text of one token, reserved once
};

namespace trafo::runtime {

/// How many tokens a shift leaves out of `length`, of which the first `keep` stay: the older half of the others.
inline int32_t shiftedOut(int32_t length, int32_t keep) { return (length - keep) / 2; }

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_CORE_SESSION_H
