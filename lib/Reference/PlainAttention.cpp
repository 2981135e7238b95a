//===- PlainAttention.cpp - attention in double ---------------------------===//
#include "lib/Reference/PlainOps.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace trafo;

#pragma STDC FP_CONTRACT OFF

void PlainCache::write(int64_t position, const double *key, const double *value, int64_t columns) {
  for (auto [rows, from] : {std::pair(&keys, key), std::pair(&values, value)}) {
    if (rows->count <= position) {
      rows->count = position + 1;
      rows->columns = columns;
      rows->values.resize(static_cast<size_t>(rows->count * columns));
    }
    std::copy(from, from + columns, rows->row(position));
  }
}

/// One head of one row: scores, their softmax, the weighted sum of values.
static void attendHead(const AttentionShape &shape, const PlainCache &cache, int64_t from, int64_t to, int64_t kvHead,
                       const double *query, std::vector<double> &scores, double *y) {
  int64_t size = shape.headSize, at = kvHead * size, kept = shape.kept;
  scores.resize(static_cast<size_t>(to - from));
  double greatest = -std::numeric_limits<double>::infinity();
  for (int64_t p = from; p < to; p += 4) { // four sums at once; each runs in ascending order
    int64_t held = std::min<int64_t>(4, to - p);
    const double *keys[4];
    for (int64_t j = 0; j < 4; ++j)
      keys[j] = cache.keys.row(p + std::min(j, held - 1)) + at;
    double sums[4] = {};
    for (int64_t e = 0; e < size; ++e)
      for (int64_t j = 0; j < 4; ++j)
        sums[j] += query[e] * keys[j][e];
    for (int64_t j = 0; j < held; ++j) {
      double score = shape.scale * sums[j];
      if (shape.softcap != 0.0)
        score = shape.softcap * std::tanh(score / shape.softcap);
      scores[static_cast<size_t>(p - from + j)] = score;
      greatest = std::max(greatest, score);
    }
  }
  double total = 0.0;
  for (double &score : scores) {
    score = std::exp(score - greatest);
    total += score;
  }
  std::fill(y, y + kept, 0.0);
  for (int64_t p = from; p < to; ++p) {
    const double *value = cache.values.row(p) + at;
    for (int64_t e = 0; e < kept; ++e)
      y[e] += scores[static_cast<size_t>(p - from)] * value[e];
  }
  for (int64_t e = 0; e < kept; ++e)
    y[e] /= total;
}

void trafo::plainAttention(const AttentionShape &shape, const std::function<const PlainCache &(int64_t)> &cacheOf,
                           const std::vector<int32_t> &positions, unsigned threads, const Rows &query, Rows &y) {
  // A row costs as much as it has positions before it: one task a row and head, dealt in turns, keeps threads busy alike.
  forRanges(threads, 1, threads, [&](int64_t begin, int64_t end) {
    std::vector<double> scores;
    for (int64_t hand = begin; hand < end; ++hand)
      for (int64_t r = hand; r < query.count; r += threads) {
        int64_t position = positions[static_cast<size_t>(r)];
        int64_t from = shape.window > 0 ? std::max<int64_t>(0, position - shape.window + 1) : 0;
        for (int64_t h = 0; h < shape.heads; ++h)
          attendHead(shape, cacheOf(r), from, position + 1, h / (shape.heads / shape.kvHeads),
                     query.row(r) + h * shape.headSize, scores, y.row(r) + h * shape.kept);
      }
    return true;
  });
}
