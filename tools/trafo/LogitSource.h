//===- LogitSource.h - logits of given tokens, row by row -----------------===//
#ifndef TRAFO_TOOLS_TRAFO_LOGITSOURCE_H
#define TRAFO_TOOLS_TRAFO_LOGITSOURCE_H

#include "ModelFile.h"

#include <memory>
#include <string>
#include <vector>

namespace trafo::tool {

/// Gives the logits after each of a list of tokens, in order. Tokens are read in windows that each start with an empty
/// cache. All functions return an exit code after a line on standard error.
class LogitSource {
public:
  virtual ~LogitSource() = default;
  virtual uint32_t vocabulary() const = 0;
  /// The largest window it can read.
  virtual size_t maxWindow() const = 0;
  /// Begins with `ids`, which outlive it, in windows of `window` tokens.
  virtual int begin(const std::vector<int32_t> &ids, size_t window) = 0;
  /// The logits after token `row`: float32 [vocabulary], until the next call. Rows are asked for in order.
  virtual int row(size_t row, const float **outLogits) = 0;
};

/// A compiled model. `cuts` are the sizes of its steps, repeated; with `beside`, rows of that sequence are in every step
/// that has room. Neither changes a bit of the logits.
class ModelLogits final : public LogitSource {
public:
  explicit ModelLogits(LoadedModel &loaded) : loaded(loaded) {}
  int configure(const std::vector<int32_t> &cuts, const std::vector<int32_t> &beside);
  uint32_t vocabulary() const override { return loaded.manifest->vocabulary; }
  size_t maxWindow() const override { return loaded.manifest->max_context; }
  int begin(const std::vector<int32_t> &ids, size_t window) override;
  int row(size_t row, const float **outLogits) override;

private:
  int startCut(size_t row);
  int runCut();
  int truncate(int32_t sequence, size_t length);

  LoadedModel &loaded;
  std::vector<int32_t> cuts, beside;
  const std::vector<int32_t> *ids = nullptr;
  size_t window = 0;
  // The step whose logits are being given out: rows [cutBegin, cutBegin + cutRows). A step with more rows than the plan
  // gives outputs for is run again, from the same state, until all were given.
  size_t cutBegin = 0, cutRows = 0, cutNumber = 0, leftOfCut = 0;
  size_t outputsBegin = 0, outputsCount = 0;
  size_t besideAt = 0, besideRows = 0; ///< of the other sequence, before the step
  const float *logits = nullptr;
  std::vector<int32_t> tokens, positions, sequences, outputs;
};

/// Logits that an earlier run wrote as .npy.
class NumpyLogits final : public LogitSource {
public:
  ~NumpyLogits() override;
  int open(const std::string &path);
  uint32_t vocabulary() const override { return columns; }
  size_t maxWindow() const override { return SIZE_MAX; }
  int begin(const std::vector<int32_t> &ids, size_t window) override;
  int row(size_t row, const float **outLogits) override;

private:
  std::string path;
  void *mapped = nullptr;
  size_t mappedSize = 0, rows = 0;
  uint32_t columns = 0;
  const float *values = nullptr;
};

/// Writes a .npy of float32 [rows, columns] row by row.
class NumpyWriter {
public:
  ~NumpyWriter();
  int open(const std::string &path, size_t rows, uint32_t columns);
  int write(const float *row);
  int finish();

private:
  int failed();
  std::string path;
  FILE *file = nullptr;
  uint32_t columns = 0;
};

} // namespace trafo::tool

#endif // TRAFO_TOOLS_TRAFO_LOGITSOURCE_H
