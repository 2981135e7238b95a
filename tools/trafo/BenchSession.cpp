#include "BenchSession.h"

#include <algorithm>

namespace trafo::tool {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  size_t n = values.size();
  return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static std::vector<int32_t> someTokens(int32_t count, uint32_t vocabulary) {
  std::vector<int32_t> tokens;
  uint32_t state = 1;
  for (int32_t i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    tokens.push_back(static_cast<int32_t>((state >> 8) % vocabulary));
  }
  return tokens;
}

int BenchSession::truncate(int32_t sequence, int32_t length) {
  trafo_error_t error = {};
  int32_t now = 0;
  trafo_status_t s = trafo_sequence_truncate(loaded.session, sequence, length, &error, &now);
  return s ? report(s, error) : 0;
}

int BenchSession::fill(int32_t sequence, int32_t count, const float **outLogits) {
  *outLogits = nullptr;
  if (int status = truncate(sequence, 0); status || count == 0)
    return status;
  std::vector<int32_t> tokens = someTokens(count, manifest().vocabulary);
  trafo_error_t error = {};
  trafo_status_t s =
      trafo_prefill(loaded.session, sequence, tokens.data(), tokens.size(), nullptr, 0, &error, outLogits);
  return s ? report(s, error) : 0;
}

int BenchSession::step(BenchRows &rows) {
  size_t count = rows.sequences.size();
  for (size_t i = 0; i < count; ++i) {
    bool follows = i > 0 && rows.sequences[i] == rows.sequences[i - 1];
    rows.positions[i] = follows ? rows.positions[i - 1] + 1 : length(rows.sequences[i]);
    rows.outputs[i] = static_cast<int32_t>(i);
  }
  int32_t n = static_cast<int32_t>(count);
  trafo_rows_t step = {sizeof(trafo_rows_t),
                       n,
                       rows.tokens.data(),
                       rows.positions.data(),
                       rows.sequences.data(),
                       rows.outputs.data(),
                       n,
                       0};
  trafo_error_t error = {};
  const float *logits = nullptr;
  if (trafo_status_t s = trafo_step(loaded.session, &step, &error, &logits))
    return report(s, error);
  for (size_t i = 0; i < count; ++i)
    if (int status = pick(logits + i * manifest().logits_stride, &rows.tokens[i]))
      return status;
  return 0;
}

int BenchSession::pick(const float *logits, int32_t *outToken) {
  trafo_sampling_t greedy;
  trafo_sampling_initialize(&greedy);
  trafo_error_t error = {};
  trafo_status_t s = trafo_sample(loaded.session, logits, &greedy, 0, &error, outToken);
  return s ? report(s, error) : 0;
}

} // namespace trafo::tool
