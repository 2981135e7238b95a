#include "Child.h"
#include "Commands.h"
#include "LogitSource.h"
#include "TokenIds.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <unistd.h>

namespace json = boost::json;

namespace trafo::tool {
namespace {

/// Mean, standard error and maximum of a stream of numbers (Welford's method).
struct Statistic {
  size_t count = 0;
  double mean = 0, squares = 0, max = 0;
  void add(double value) {
    ++count;
    double delta = value - mean;
    mean += delta / static_cast<double>(count);
    squares += delta * (value - mean);
    max = count == 1 ? value : std::max(max, value);
  }
  double standardError() const {
    double n = static_cast<double>(count);
    return count > 1 ? std::sqrt(squares / (n - 1) / n) : 0;
  }
};

/// A row of logits as a distribution: its maximum, where that is, and the logarithm of its sum.
struct Distribution {
  const float *logits;
  size_t best;
  double logSum; ///< log sum exp
  Distribution(const float *row, uint32_t size) : logits(row) {
    best = static_cast<size_t>(std::max_element(row, row + size) - row);
    double top = static_cast<double>(row[best]), sum = 0;
    for (uint32_t i = 0; i < size; ++i)
      sum += std::exp(static_cast<double>(row[i]) - top);
    logSum = top + std::log(sum);
  }
  double logOf(size_t token) const { return static_cast<double>(logits[token]) - logSum; }
};

/// KL(p || q) in nats.
double divergence(const Distribution &p, const Distribution &q, uint32_t size) {
  double sum = 0;
  for (uint32_t i = 0; i < size; ++i) {
    double logP = p.logOf(i);
    sum += std::exp(logP) * (logP - q.logOf(i));
  }
  return sum;
}

bool allFinite(const float *row, uint32_t size) {
  return std::all_of(row, row + size, [](float v) { return std::isfinite(v); });
}

/// A source together with what keeps it alive.
struct Source {
  LoadedModel loaded;
  std::unique_ptr<LogitSource> logits;
  TemporaryFolder folder;
};

class Evaluation {
public:
  explicit Evaluation(const EvalRequest &request) : request(request) {}

  int run() {
    if (request.text.empty() == request.ids.empty()) {
      fprintf(stderr, "trafo: error: eval expects --text or --ids; --help explains\n");
      return TRAFO_USAGE;
    }
    if (!request.ids.empty())
      if (int status = readIds(request.ids, &ids))
        return status;
    if (!request.beside.empty())
      if (int status = readIds(request.beside, &beside))
        return status;
    if (int status = open(request.file, request.reference, true, &mine))
      return status;
    if (ids.empty()) {
      fprintf(stderr, "trafo: error: TRAFO-EVAL-0010: %s: has no tokens\n",
              (request.text.empty() ? request.ids : request.text).c_str());
      return TRAFO_BAD_DATA;
    }
    if (!request.against.empty())
      if (int status = open(request.against, false, false, &other))
        return status;
    if (int status = compare())
      return status;
    print();
    return TRAFO_OK;
  }

private:
  bool haveOther() const { return other.logits != nullptr; }

  int open(const std::string &file, bool reference, bool first, Source *source) {
    FileKind kind = kindOf(file);
    if (reference) {
      if (kind != FileKind::Model) {
        fprintf(stderr, "trafo: error: TRAFO-EVAL-0011: %s: --reference expects a model file\n", file.c_str());
        return TRAFO_USAGE;
      }
      return openReference(file, source);
    }
    if (kind == FileKind::Numpy) {
      auto numpy = std::make_unique<NumpyLogits>();
      int status = numpy->open(file);
      source->logits = std::move(numpy);
      return status;
    }
    LoadedModel::Options options;
    options.threads = request.threads;
    options.weights = first ? request.weights : "";
    if (int status = source->loaded.open(file, options))
      return status;
    if (first && !request.text.empty())
      if (int status = tokenizeFile(request.text, source->loaded.model, &ids))
        return status;
    auto model = std::make_unique<ModelLogits>(source->loaded);
    int status =
        model->configure(first ? request.cuts : std::vector<int32_t>(), first ? beside : std::vector<int32_t>());
    source->logits = std::move(model);
    return status;
  }

  /// The interpreter is the compiler's: it writes its logits to a file.
  int openReference(const std::string &file, Source *source) {
    if (!request.text.empty())
      if (int status = tokenizeFile(request.text, file, &ids))
        return status;
    if (int status = source->folder.make())
      return status;
    std::string idsPath = source->folder.file("ids.json"), logitsPath = source->folder.file("logits.npy");
    if (int status = writeIds(idsPath, ids))
      return status;
    std::vector<std::string> arguments = {"eval", file, "--reference", "--ids", idsPath, "--logits", logitsPath};
    if (request.asCompiled)
      arguments.push_back("--as-compiled");
    arguments.push_back("--compute=" + request.compute);
    if (int status = runCompiler(arguments, ""))
      return status;
    auto numpy = std::make_unique<NumpyLogits>();
    int status = numpy->open(logitsPath);
    source->logits = std::move(numpy);
    return status;
  }

  int compare() {
    LogitSource &a = *mine.logits;
    const uint32_t size = a.vocabulary();
    window = std::min(a.maxWindow(), ids.size());
    if (haveOther()) {
      window = std::min(window, other.logits->maxWindow());
      if (other.logits->vocabulary() != size) {
        fprintf(stderr, "trafo: error: TRAFO-EVAL-0012: %s has a vocabulary of %u, %s of %u; compare like with like\n",
                request.file.c_str(), size, request.against.c_str(), other.logits->vocabulary());
        return TRAFO_BAD_DATA;
      }
      if (int status = other.logits->begin(ids, window))
        return status;
    }
    if (int status = a.begin(ids, window))
      return status;
    NumpyWriter writer;
    if (!request.logits.empty())
      if (int status = writer.open(request.logits, ids.size(), size))
        return status;
    bool terminal = isatty(STDERR_FILENO) != 0;
    for (size_t row = 0; row < ids.size(); ++row) {
      const float *logits = nullptr, *others = nullptr;
      if (int status = a.row(row, &logits))
        return status;
      if (haveOther())
        if (int status = other.logits->row(row, &others))
          return status;
      if (!allFinite(logits, size) || (others && !allFinite(others, size))) {
        fprintf(stderr,
                "trafo: error: TRAFO-RUN-0005: non-finite logits after token %zu; the model's weights or its code "
                "are broken\n",
                row);
        return TRAFO_INTERNAL;
      }
      if (!request.logits.empty())
        if (int status = writer.write(logits))
          return status;
      judge(row, logits, others, size);
      if (terminal && row % 64 == 0)
        fprintf(stderr, "\r%zu of %zu tokens", row, ids.size());
    }
    if (terminal)
      fprintf(stderr, "\r\033[K");
    return request.logits.empty() ? 0 : writer.finish();
  }

  void judge(size_t row, const float *logits, const float *others, uint32_t size) {
    Distribution q(logits, size);
    bool predicts = row + 1 < ids.size() && (row + 1) % window != 0;
    size_t next = predicts ? static_cast<size_t>(ids[row + 1]) : 0;
    if (predicts && next < size)
      loss.add(-q.logOf(next));
    if (!others)
      return;
    Distribution p(others, size);
    kl.add(divergence(p, q, size));
    agreement.add(p.best == q.best ? 1 : 0);
    if (predicts && next < size)
      otherLoss.add(-p.logOf(next));
  }

  void print() const {
    json::object root = {{"tokens", ids.size()},
                         {"window", window},
                         {"predicted_tokens", loss.count},
                         {"mean_loss", loss.mean},
                         {"mean_loss_standard_error", loss.standardError()},
                         {"perplexity", std::exp(loss.mean)}};
    if (haveOther()) {
      root["against"] = request.against;
      root["against_mean_loss"] = otherLoss.mean;
      root["against_perplexity"] = std::exp(otherLoss.mean);
      root["mean_kl"] = kl.mean;
      root["mean_kl_standard_error"] = kl.standardError();
      root["max_kl"] = kl.max;
      root["top1_agreement"] = agreement.mean;
      root["top1_agreement_standard_error"] = agreement.standardError();
    }
    if (request.json) {
      printf("%s\n", json::serialize(root).c_str());
      return;
    }
    printf("%zu tokens in windows of %zu: loss %.5f +- %.5f nats a token, perplexity %.4f\n", ids.size(), window,
           loss.mean, loss.standardError(), std::exp(loss.mean));
    if (haveOther())
      printf("against %s (loss %.5f, perplexity %.4f): mean KL %.3e +- %.1e, max KL %.3e, same top token %.2f +- %.2f "
             "%%\n",
             request.against.c_str(), otherLoss.mean, std::exp(otherLoss.mean), kl.mean, kl.standardError(), kl.max,
             agreement.mean * 100, agreement.standardError() * 100);
  }

  const EvalRequest &request;
  std::vector<int32_t> ids, beside;
  Source mine, other;
  size_t window = 0;
  Statistic loss, otherLoss, kl, agreement;
};

} // namespace

int eval(const EvalRequest &request) { return Evaluation(request).run(); }

} // namespace trafo::tool
