//===- PlainOps.h - what each op computes, the plain way ------------------===//
//
// The judge of every fast path: each function is the op's formula in double precision, sums in ascending order, on rows of
// numbers. No IR here (see Interpreter.h), and nothing that knows how a compiled program does it but
// RoundActivations.h.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_REFERENCE_PLAINOPS_H
#define TRAFO_REFERENCE_PLAINOPS_H

#include "lib/Packer/RowReader.h"
#include "lib/Reference/Rows.h"

#include <functional>

namespace trafo {

/// Opens a weight's reader; called once a thread. Null after a diagnostic.
using OpenRows = std::function<RowReaderPtr()>;

/// Runs `body(begin, end)` on cuts of [0, count), one a thread; true if all were. Cuts begin at multiples of `grain`.
bool forRanges(int64_t count, int64_t grain, unsigned threads, const std::function<bool(int64_t, int64_t)> &body);

/// y[r, first + n] = sum_k x[r, k] W[n, k], k ascending, one rounding a product and a sum. `y` has x's rows and at least
/// first + W's rows columns. False if the weight could not be read; `error` says why.
bool plainLinear(const Rows &x, const OpenRows &weight, unsigned threads, int64_t first, Rows &y, std::string &error);

/// y[r, first + n] += b[n]
void addBias(const std::vector<double> &bias, int64_t first, Rows &y);

/// x / sqrt(mean(x^2) + eps) * w
void plainRmsNorm(const std::vector<double> &weight, double eps, Rows &x);
/// (x - mean(x)) / sqrt(var(x) + eps) * w + b; `bias` may be empty.
void plainLayerNorm(const std::vector<double> &weight, const std::vector<double> &bias, double eps, Rows &x);

/// Rotates `heads` heads of `headSize` from column `first` on, each row by its position. `halves`: pair i is
/// (i, i + dims / 2), otherwise (2i, 2i + 1).
void plainRope(const RopeAngles &angles, bool halves, int64_t heads, int64_t headSize, int64_t first,
               const std::vector<int32_t> &positions, Rows &x);
/// The same by a rope table (Trafo_RopeTableOp): y[e] = x[e] c[e] + x[e ^ 1] s[e]. False if a row cannot be read.
bool plainTableRope(RowReader &table, int64_t heads, int64_t headSize, int64_t first,
                    const std::vector<int32_t> &positions, Rows &x);

double silu(double x);
double gelu(double x);
double geluTanh(double x);

/// Keys and values of one layer and one sequence, a row a position.
struct PlainCache {
  Rows keys, values;
  /// Writes columns [from, from + columns) of both inputs' row `row` at `position`.
  void write(int64_t position, const double *key, const double *value, int64_t columns);
};

struct AttentionShape {
  int64_t heads, kvHeads, headSize;
  int64_t kept; ///< columns of a head's result, the first of it
  double scale;
  int64_t window = 0; ///< 0: all positions
  double softcap = 0.0;
};

/// y[r, h] = sum_p softmax_p(cap(scale q[r, h] . K[p])) V[p], p up to the row's position. `cacheOf(r)` is the cache of
/// row r's sequence.
void plainAttention(const AttentionShape &shape, const std::function<const PlainCache &(int64_t)> &cacheOf,
                    const std::vector<int32_t> &positions, unsigned threads, const Rows &query, Rows &y);

} // namespace trafo

#endif // TRAFO_REFERENCE_PLAINOPS_H
