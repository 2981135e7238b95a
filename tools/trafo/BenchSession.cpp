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

int BenchSession::fill(int32_t count, const float **outLogits) {
  *outLogits = nullptr;
  trafo_error_t error = {};
  int32_t now = 0;
  trafo_status_t s = trafo_sequence_truncate(loaded.session, 0, 0, &error, &now);
  if (s || count == 0)
    return s ? report(s, error) : 0;
  std::vector<int32_t> tokens = someTokens(count, manifest().vocabulary);
  s = trafo_prefill(loaded.session, 0, tokens.data(), tokens.size(), nullptr, 0, &error, outLogits);
  return s ? report(s, error) : 0;
}

int BenchSession::decode(int32_t *token) {
  int32_t position = length(), sequence = 0, output = 0;
  trafo_rows_t rows = {sizeof(trafo_rows_t), 1, token, &position, &sequence, &output, 1, 0};
  trafo_error_t error = {};
  const float *logits = nullptr;
  if (trafo_status_t s = trafo_step(loaded.session, &rows, &error, &logits))
    return report(s, error);
  return pick(logits, token);
}

int BenchSession::pick(const float *logits, int32_t *outToken) {
  trafo_sampling_t greedy;
  trafo_sampling_initialize(&greedy);
  trafo_error_t error = {};
  trafo_status_t s = trafo_sample(loaded.session, logits, &greedy, 0, &error, outToken);
  return s ? report(s, error) : 0;
}

} // namespace trafo::tool
