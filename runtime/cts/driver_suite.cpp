#include "runtime/cts/driver_suite.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

namespace trafo::cts {
namespace {

using Row = std::vector<float>;
using Ids = std::vector<int32_t>;

/// A session whose first error is kept and ends all further calls.
class Probe {
public:
  Probe(const Subject &subject, int32_t threads) : manifest(*trafo_model_manifest(subject.model)) {
    trafo_session_options_t options;
    trafo_session_options_initialize(&options);
    options.threads = threads;
    options.driver = subject.driver;
    note(trafo_session_create(subject.model, &options, &error, &session));
  }
  ~Probe() { trafo_session_release(session); }
  Probe(const Probe &) = delete;
  Probe &operator=(const Probe &) = delete;

  /// One step over rows of (sequence, token), which continue their sequences; the logits of `outputs`.
  std::vector<Row> step(const std::vector<std::pair<int32_t, int32_t>> &rows, const Ids &outputs) {
    if (!wrong.empty())
      return {};
    Ids tokens, positions, sequences;
    std::map<int32_t, int32_t> next;
    for (auto [sequence, token] : rows) {
      auto at = next.emplace(sequence, trafo_sequence_length(session, sequence)).first;
      tokens.push_back(token);
      sequences.push_back(sequence);
      positions.push_back(at->second++);
    }
    trafo_rows_t request = {sizeof(trafo_rows_t),
                            static_cast<int32_t>(rows.size()),
                            tokens.data(),
                            positions.data(),
                            sequences.data(),
                            outputs.data(),
                            static_cast<int32_t>(outputs.size()),
                            0};
    const float *logits = nullptr;
    note(trafo_step(session, &request, &error, &logits));
    return wrong.empty() ? copy(logits, outputs.size()) : std::vector<Row>();
  }

  /// The logits after every one of `tokens` of a sequence, in steps of at most `cut` rows.
  std::vector<Row> all(int32_t sequence, const Ids &tokens, size_t cut) {
    std::vector<Row> result;
    cut = std::min({cut, size_t(manifest.max_rows), size_t(manifest.max_outputs)});
    for (size_t done = 0; done < tokens.size(); done += cut) {
      std::vector<std::pair<int32_t, int32_t>> rows;
      Ids outputs;
      for (size_t i = done; i < std::min(done + cut, tokens.size()); ++i) {
        outputs.push_back(static_cast<int32_t>(rows.size()));
        rows.push_back({sequence, tokens[i]});
      }
      std::vector<Row> some = step(rows, outputs);
      result.insert(result.end(), some.begin(), some.end());
    }
    return result;
  }

  std::vector<Row> prefill(int32_t sequence, const Ids &tokens, const Ids &cuts) {
    const float *logits = nullptr;
    if (wrong.empty())
      note(trafo_prefill(session, sequence, tokens.data(), tokens.size(), cuts.data(), cuts.size(), &error, &logits));
    return wrong.empty() ? copy(logits, 1) : std::vector<Row>();
  }

  void truncate(int32_t sequence, size_t length) {
    int32_t now = 0;
    if (wrong.empty())
      note(trafo_sequence_truncate(session, sequence, static_cast<int32_t>(length), &error, &now));
  }

  /// Token ids without meaning, at most as many as the context holds.
  Ids someTokens(size_t count, uint32_t seed) const {
    Ids tokens;
    for (size_t i = 0; i < std::min<size_t>(count, manifest.max_context); ++i) {
      seed = seed * 1664525u + 1013904223u;
      tokens.push_back(static_cast<int32_t>((seed >> 8) % manifest.vocabulary));
    }
    return tokens;
  }

  const trafo_manifest_t &manifest;
  std::string wrong;

private:
  void note(trafo_status_t status) {
    if (status && wrong.empty())
      wrong = std::string(error.code) + ": " + error.message;
  }
  std::vector<Row> copy(const float *logits, size_t count) const {
    std::vector<Row> rows;
    for (size_t i = 0; i < count; ++i)
      rows.emplace_back(logits + i * manifest.logits_stride, logits + i * manifest.logits_stride + manifest.vocabulary);
    return rows;
  }
  trafo_session_t *session = nullptr;
  trafo_error_t error = {};
};

bool sameBits(const Row &a, const Row &b) {
  return a.size() == b.size() && memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

std::string compare(const Probe &a, const Probe &b, const std::vector<Row> &expected, const std::vector<Row> &got,
                    const std::string &what) {
  if (!a.wrong.empty() || !b.wrong.empty())
    return what + ": " + a.wrong + b.wrong;
  if (expected.size() != got.size())
    return what + ": " + std::to_string(got.size()) + " rows, expected " + std::to_string(expected.size());
  for (size_t i = 0; i < got.size(); ++i)
    if (!sameBits(expected[i], got[i]))
      return what + ": row " + std::to_string(i) + " has other bits";
  return "";
}

template <typename T> std::vector<T> from(const std::vector<T> &values, size_t first) {
  return {values.begin() + static_cast<std::ptrdiff_t>(first), values.end()};
}

std::string logitsAreFiniteAndDependOnTokens(const Subject &subject) {
  Probe probe(subject, 1);
  std::vector<Row> rows = probe.all(0, probe.someTokens(4, 1), 1);
  if (!probe.wrong.empty())
    return probe.wrong;
  for (const Row &row : rows)
    for (float value : row)
      if (!std::isfinite(value))
        return "a logit is not finite";
  return sameBits(rows[0], rows[1]) ? "two tokens give the same logits" : "";
}

std::string cutsChangeNothing(const Subject &subject) {
  Probe one(subject, 1);
  Ids tokens = one.someTokens(90, 2);
  std::vector<Row> expected = one.all(0, tokens, 1);
  for (size_t cut : {2, 3, 7, 64}) {
    Probe other(subject, 1);
    std::vector<Row> got = other.all(0, tokens, cut);
    std::string wrong = compare(one, other, expected, got, "steps of " + std::to_string(cut));
    if (!wrong.empty())
      return wrong;
  }
  Probe prefilled(subject, 1);
  std::vector<Row> last = prefilled.prefill(0, tokens, {1, 7, 8});
  return compare(one, prefilled, {expected.back()}, last, "prefill with cuts 1,7,8");
}

std::string threadsChangeNothing(const Subject &subject) {
  Probe one(subject, 1);
  Ids tokens = one.someTokens(40, 3);
  std::vector<Row> expected = one.all(0, tokens, 5);
  for (int32_t threads = 2; threads <= 4; ++threads) {
    Probe other(subject, threads);
    std::vector<Row> got = other.all(0, tokens, 5);
    std::string wrong = compare(one, other, expected, got, std::to_string(threads) + " threads");
    if (!wrong.empty())
      return wrong;
  }
  return "";
}

/// Two sequences in the same steps, their rows and pages interleaved, against each alone.
std::string companyChangesNothing(const Subject &subject) {
  Probe alone(subject, 1), together(subject, 2);
  const trafo_manifest_t &manifest = alone.manifest;
  if (manifest.max_sequences < 2 || manifest.max_rows < 2 || manifest.max_outputs < 2 || manifest.kv_pages < 2)
    return "";
  size_t count = std::min<size_t>(manifest.kv_pages / 2 * TRAFO_KV_PAGE_TOKENS, 70);
  Ids a = alone.someTokens(count, 4), b = alone.someTokens(count, 5);
  std::vector<Row> expectedA = alone.all(0, a, 1), expectedB = alone.all(1, b, 1), gotA, gotB;
  for (size_t i = 0; i < a.size(); ++i) {
    std::vector<Row> rows = together.step({{1, b[i]}, {0, a[i]}}, {0, 1});
    if (rows.size() == 2) {
      gotB.push_back(rows[0]);
      gotA.push_back(rows[1]);
    }
  }
  std::string wrong = compare(alone, together, expectedA, gotA, "sequence 0 in company");
  return wrong.empty() ? compare(alone, together, expectedB, gotB, "sequence 1 in company") : wrong;
}

std::string outputsMayBeAnyRows(const Subject &subject) {
  Probe all(subject, 1), some(subject, 1);
  if (all.manifest.max_rows < 4 || all.manifest.max_outputs < 4)
    return "";
  std::vector<std::pair<int32_t, int32_t>> rows;
  for (int32_t token : all.someTokens(4, 6))
    rows.push_back({0, token});
  std::vector<Row> expected = all.step(rows, {0, 1, 2, 3}), got = some.step(rows, {1, 3});
  if (expected.size() != 4)
    return all.wrong;
  return compare(all, some, {expected[1], expected[3]}, got, "outputs 1 and 3");
}

std::string truncatedSequencesGoOn(const Subject &subject) {
  Probe probe(subject, 1);
  Ids tokens = probe.someTokens(80, 7);
  std::vector<Row> expected = probe.all(0, tokens, 8);
  size_t keep = tokens.size() / 3;
  probe.truncate(0, keep);
  probe.all(0, probe.someTokens(3, 8), 1); // another continuation, which must leave no trace
  probe.truncate(0, keep);
  std::vector<Row> again = probe.all(0, from(tokens, keep), 8);
  if (!probe.wrong.empty())
    return probe.wrong;
  return compare(probe, probe, from(expected, keep), again, "after truncation");
}

/// Pages of a sequence that ended serve another one, in another order.
std::string pagesAreUsedAgain(const Subject &subject) {
  Probe fresh(subject, 1), used(subject, 1);
  if (fresh.manifest.max_sequences < 2)
    return "";
  size_t room = size_t(fresh.manifest.kv_pages) * TRAFO_KV_PAGE_TOKENS;
  Ids tokens = fresh.someTokens(std::min<size_t>(room, 100), 9);
  std::vector<Row> expected = fresh.all(1, tokens, 8);
  used.all(0, used.someTokens(room, 10), 8); // fills the pool, or the context
  used.truncate(0, 0);
  std::vector<Row> got = used.all(1, tokens, 8);
  return compare(fresh, used, expected, got, "in used pages");
}

} // namespace

const std::vector<Case> &cases() {
  static const std::vector<Case> kCases = {
      {"LogitsAreFiniteAndDependOnTokens", logitsAreFiniteAndDependOnTokens},
      {"CutsChangeNothing", cutsChangeNothing},
      {"ThreadsChangeNothing", threadsChangeNothing},
      {"CompanyChangesNothing", companyChangesNothing},
      {"OutputsMayBeAnyRows", outputsMayBeAnyRows},
      {"TruncatedSequencesGoOn", truncatedSequencesGoOn},
      {"PagesAreUsedAgain", pagesAreUsedAgain},
  };
  return kCases;
}

} // namespace trafo::cts
