//===- Bounds.cpp - how far a pass may move what ops compute --------------===//
#include "lib/Reference/Bounds.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace trafo;

namespace {
struct Row {
  llvm::StringLiteral pass;
  llvm::StringLiteral op; ///< empty: all other ops
  Bound bound;
};

// Layers are fed the inputs they had before the pass (traceModule), so each bound covers one layer. The runs are in double:
// numeric classes (trafo-assign-numerics) do not show here but from Plan on.
constexpr Row kTable[] = {
    // What rope turns is the same, in other places; only attention's dot products add up in another order.
    {"trafo-pair-rope", "trafo.linear", {0.0, true}},
    {"trafo-pair-rope", "trafo.rope", {0.0, true}},
    {"trafo-pair-rope", "trafo.kv_write", {0.0, true}},
    {"trafo-pair-rope", "", {1e-11, false}},
    // Cosines and sines become f32: 2^-24 each, and softmax lets what scores differ by through as a factor.
    {"trafo-fuse-qkv", "", {1e-5, false}},
    // Half a step of a 4-bit code of a group's range; a test for mistakes, not for quality (see `trafo eval --against`).
    {"trafo-requantize", "", {0.5, false}},
};
} // namespace

Bound trafo::boundOf(llvm::StringRef pass, llvm::StringRef op) {
  for (const Row &row : kTable)
    if (row.pass == pass && (row.op.empty() || row.op == op))
      return row.bound;
  return Bound();
}

StageBound trafo::stageBoundOf(llvm::StringRef op, bool int8, bool cached) {
  if (op == "trafo.embedding")
    return {0.0, 0.0}; // the product of a code and its scale, rounded once: the same in both
  if (cached)
    return {1e-3, 1e-2}; // one step of f16 is 2^-11
  // One code of one element differs in some rows; cutting codes off instead of rounding them shows in every row, tenfold.
  return int8 ? StageBound{3e-4, 1e-2} : StageBound{2e-5, 2e-5};
}

RowsVerdict trafo::compareStage(const Rows &want, const Rows &got, const StageBound &bound) {
  std::vector<double> differences;
  for (int64_t r = 0; r < want.count; ++r) {
    Rows a(1, want.columns), b(1, want.columns);
    std::copy_n(want.row(r), want.columns, a.row(0));
    std::copy_n(got.row(r), want.columns, b.row(0));
    differences.push_back(relativeDifference(a, b, false));
  }
  if (differences.empty())
    return {};
  std::sort(differences.begin(), differences.end(), std::greater<>());
  if (differences[0] > bound.relative)
    return {true, differences[0], bound.relative};
  size_t few = std::max<size_t>(2, differences.size() / 3);
  if (few < differences.size() && differences[few] > bound.usual)
    return {true, differences[few], bound.usual};
  return {false, differences[0], bound.relative};
}

double trafo::relativeDifference(const Rows &before, const Rows &after, bool anyOrder) {
  double worst = 0.0;
  for (int64_t r = 0; r < before.count; ++r) {
    std::vector<double> a(before.row(r), before.row(r) + before.columns), b(after.row(r), after.row(r) + after.columns);
    if (anyOrder) {
      std::sort(a.begin(), a.end());
      std::sort(b.begin(), b.end());
    }
    double difference = 0.0, magnitude = 0.0;
    for (size_t i = 0; i < a.size(); ++i) {
      if (std::isnan(a[i]) != std::isnan(b[i]))
        return std::numeric_limits<double>::infinity();
      if (std::isnan(a[i]) || a[i] == b[i])
        continue;
      difference = std::max(difference, std::fabs(a[i] - b[i]));
    }
    for (double value : a)
      magnitude = std::max(magnitude, std::fabs(value));
    if (difference > 0.0)
      worst = std::max(worst, magnitude > 0.0 ? difference / magnitude : std::numeric_limits<double>::infinity());
  }
  return worst;
}
