//===- PlainLinear.cpp - matrix products in double ------------------------===//
//
// Each sum runs over k in ascending order in one accumulator. Speed comes from doing many sums at once: 8 rows of
// activations side by side (so that the compiler uses vectors) by 2 rows of weights, each weight row dequantised once.
//
//===----------------------------------------------------------------------===//
#include "lib/Reference/PlainOps.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

using namespace trafo;

// A fused multiply-add rounds once where the formula says twice.
#pragma STDC FP_CONTRACT OFF

bool trafo::forRanges(int64_t count, int64_t grain, unsigned threads,
                      const std::function<bool(int64_t, int64_t)> &body) {
  int64_t grains = (count + grain - 1) / grain;
  int64_t cuts = std::max<int64_t>(1, std::min<int64_t>(threads, grains));
  std::atomic<bool> good{true};
  auto run = [&](int64_t cut) {
    int64_t begin = grains * cut / cuts * grain, end = std::min(count, grains * (cut + 1) / cuts * grain);
    if (!body(begin, end))
      good = false;
  };
  std::vector<std::thread> others;
  for (int64_t cut = 1; cut < cuts; ++cut)
    others.emplace_back(run, cut);
  run(0);
  for (std::thread &other : others)
    other.join();
  return good;
}

namespace {
constexpr int64_t kSide = 8;   // rows of activations side by side
constexpr int64_t kBlock = 16; // rows of weights dequantised at a time

/// x cut into blocks of kSide rows, transposed: element k of the block's row j lies at k * kSide + j.
std::vector<double> sideBySide(const Rows &x) {
  int64_t blocks = (x.count + kSide - 1) / kSide;
  std::vector<double> out(static_cast<size_t>(blocks * x.columns * kSide), 0.0);
  for (int64_t r = 0; r < x.count; ++r)
    for (int64_t k = 0; k < x.columns; ++k)
      out[static_cast<size_t>((r / kSide * x.columns + k) * kSide + r % kSide)] = x.row(r)[k];
  return out;
}

/// sums[i][j] = sum_k w[i][k] x[k][j] for two rows of weights and kSide rows of activations.
void sumsOf(const double *w0, const double *w1, const double *x, int64_t columns, double (&sums)[2][kSide]) {
  double a[kSide] = {}, b[kSide] = {};
  for (int64_t k = 0; k < columns; ++k)
    for (int64_t j = 0; j < kSide; ++j) {
      a[j] += w0[k] * x[k * kSide + j];
      b[j] += w1[k] * x[k * kSide + j];
    }
  std::copy(a, a + kSide, sums[0]);
  std::copy(b, b + kSide, sums[1]);
}
} // namespace

bool trafo::plainLinear(const Rows &x, const OpenRows &weight, unsigned threads, int64_t first, Rows &y,
                        std::string &error) {
  std::vector<double> side = sideBySide(x);
  int64_t rows;
  {
    RowReaderPtr probe = weight();
    if (!probe)
      return false;
    rows = probe->rows();
  }
  std::mutex errorMutex, openMutex;
  return forRanges(rows, kBlock, threads, [&](int64_t begin, int64_t end) {
    RowReaderPtr reader;
    {
      std::lock_guard<std::mutex> one(openMutex); // the IR is looked at here
      reader = weight();
    }
    std::vector<double> block(static_cast<size_t>(kBlock * x.columns), 0.0);
    for (int64_t n = begin; n < end; n += kBlock) {
      int64_t held = std::min(kBlock, end - n);
      for (int64_t i = 0; i < held; ++i)
        if (!reader->readValues(n + i, block.data() + i * x.columns)) {
          std::lock_guard<std::mutex> one(errorMutex);
          error = reader->error();
          return false;
        }
      for (int64_t r = 0; r < x.count; r += kSide)
        for (int64_t i = 0; i < held; i += 2) {
          double sums[2][kSide];
          const double *w = block.data() + i * x.columns;
          sumsOf(w, i + 1 < held ? w + x.columns : w, side.data() + r * x.columns, x.columns, sums);
          for (int64_t j = 0; j < std::min(kSide, x.count - r); ++j)
            for (int64_t s = 0; s < std::min<int64_t>(2, held - i); ++s)
              y.row(r + j)[first + n + i + s] = sums[s][j];
        }
    }
    return true;
  });
}

void trafo::addBias(const std::vector<double> &bias, int64_t first, Rows &y) {
  for (int64_t r = 0; r < y.count; ++r)
    for (size_t n = 0; n < bias.size(); ++n)
      y.row(r)[first + static_cast<int64_t>(n)] += bias[n];
}
