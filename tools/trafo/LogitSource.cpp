#include "LogitSource.h"

#include <algorithm>

namespace trafo::tool {

namespace {
constexpr int32_t kMine = 0, kBeside = 1;
}

int ModelLogits::configure(const std::vector<int32_t> &wantedCuts, const std::vector<int32_t> &wantedBeside) {
  const trafo_manifest_t &manifest = *loaded.manifest;
  cuts = wantedCuts;
  beside = wantedBeside;
  for (int32_t cut : cuts)
    if (cut < 1) {
      fprintf(stderr, "trafo: error: TRAFO-EVAL-0006: --cuts has %d, expects sizes of at least 1\n", cut);
      return TRAFO_USAGE;
    }
  if (!beside.empty() && manifest.max_sequences < 2) {
    fprintf(stderr,
            "trafo: error: TRAFO-EVAL-0007: --beside needs a program for 2 sequences, this one is for %u; compile "
            "it with more\n",
            manifest.max_sequences);
    return TRAFO_USAGE;
  }
  if (cuts.empty()) {
    uint32_t rows = std::min(manifest.max_rows, manifest.max_outputs);
    cuts.push_back(static_cast<int32_t>(beside.empty() ? rows : std::max(1u, std::min(rows, manifest.max_rows / 2))));
  }
  return TRAFO_OK;
}

int ModelLogits::truncate(int32_t sequence, size_t length) {
  trafo_error_t error = {};
  int32_t now = 0;
  trafo_status_t s = trafo_sequence_truncate(loaded.session, sequence, static_cast<int32_t>(length), &error, &now);
  return s ? report(s, error) : 0;
}

int ModelLogits::begin(const std::vector<int32_t> &allIds, size_t windowSize) {
  ids = &allIds;
  window = windowSize;
  cutBegin = cutRows = outputsCount = outputsBegin = cutNumber = leftOfCut = besideAt = 0;
  if (int status = truncate(kMine, 0))
    return status;
  return beside.empty() ? 0 : truncate(kBeside, 0);
}

int ModelLogits::row(size_t row, const float **outLogits) {
  if (cutRows == 0 || row >= cutBegin + cutRows) {
    if (int status = startCut(row))
      return status;
    if (int status = runCut())
      return status;
  } else if (row >= outputsBegin + outputsCount) {
    // The rest of the outputs: the same step from the same state.
    if (int status = truncate(kMine, cutBegin % window))
      return status;
    if (besideRows)
      if (int status = truncate(kBeside, besideAt))
        return status;
    outputsBegin += outputsCount;
    if (int status = runCut())
      return status;
  }
  *outLogits = logits + (row - outputsBegin) * loaded.manifest->logits_stride;
  return TRAFO_OK;
}

int ModelLogits::startCut(size_t row) {
  const trafo_manifest_t &manifest = *loaded.manifest;
  if (cutRows)
    besideAt += besideRows;
  cutBegin = outputsBegin = row;
  if (row % window == 0)
    if (int status = truncate(kMine, 0))
      return status;
  if (leftOfCut == 0)
    leftOfCut = static_cast<size_t>(cuts[cutNumber++ % cuts.size()]);
  cutRows = std::min({leftOfCut, static_cast<size_t>(manifest.max_rows), window - row % window, ids->size() - row});
  leftOfCut -= cutRows;
  if (beside.empty())
    return TRAFO_OK;
  size_t limit = std::min(beside.size(), static_cast<size_t>(manifest.max_context));
  if (besideAt >= limit) {
    besideAt = 0;
    if (int status = truncate(kBeside, 0))
      return status;
  }
  besideRows = std::min({manifest.max_rows - cutRows, limit - besideAt, cutRows});
  return TRAFO_OK;
}

int ModelLogits::runCut() {
  outputsCount = std::min(static_cast<size_t>(loaded.manifest->max_outputs), cutBegin + cutRows - outputsBegin);
  tokens.clear();
  positions.clear();
  sequences.clear();
  outputs.clear();
  for (size_t i = 0; i < besideRows; ++i) {
    tokens.push_back(beside[besideAt + i]);
    positions.push_back(static_cast<int32_t>(besideAt + i));
    sequences.push_back(kBeside);
  }
  for (size_t i = 0; i < cutRows; ++i) {
    tokens.push_back((*ids)[cutBegin + i]);
    positions.push_back(static_cast<int32_t>(cutBegin % window + i));
    sequences.push_back(kMine);
  }
  for (size_t i = 0; i < outputsCount; ++i)
    outputs.push_back(static_cast<int32_t>(besideRows + outputsBegin - cutBegin + i));
  trafo_rows_t rows = {sizeof(trafo_rows_t),
                       static_cast<int32_t>(tokens.size()),
                       tokens.data(),
                       positions.data(),
                       sequences.data(),
                       outputs.data(),
                       static_cast<int32_t>(outputsCount),
                       0};
  trafo_error_t error = {};
  trafo_status_t s = trafo_step(loaded.session, &rows, &error, &logits);
  return s ? report(s, error) : 0;
}

} // namespace trafo::tool
