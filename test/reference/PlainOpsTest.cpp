//===- PlainOpsTest.cpp - formulas with numbers worked by hand ------------===//
#include "lib/Reference/PlainOps.h"
#include "lib/Reference/RoundActivations.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace trafo;

namespace {
Rows rowsOf(int64_t count, std::vector<double> values) {
  Rows rows(count, static_cast<int64_t>(values.size()) / count);
  rows.values = std::move(values);
  return rows;
}

TEST(PlainLinear, EverySumByItself) {
  // 19 rows by 37 outputs by 64 columns, so that all tails of the blocking occur, on 1 to 3 threads.
  auto open = [] { return readRandomRows(1, "w", Format::F32, 37, 64, false); };
  Rows x(19, 64);
  for (size_t i = 0; i < x.values.size(); ++i)
    x.values[i] = std::sin(static_cast<double>(i));
  for (unsigned threads : {1u, 2u, 3u}) {
    Rows y(19, 40);
    std::string error;
    ASSERT_TRUE(plainLinear(x, open, threads, 3, y, error)) << error;
    RowReaderPtr weight = open();
    std::vector<double> w(64);
    for (int64_t n = 0; n < 37; ++n) {
      ASSERT_TRUE(weight->readValues(n, w.data()));
      for (int64_t r = 0; r < 19; ++r) {
        double sum = 0;
        for (int64_t k = 0; k < 64; ++k)
          sum += x.row(r)[k] * w[static_cast<size_t>(k)];
        ASSERT_EQ(y.row(r)[3 + n], sum) << r << ", " << n;
      }
    }
    EXPECT_EQ(y.row(0)[2], 0.0);
  }
  Rows y = rowsOf(2, {1, 2, 3, 4, 5, 6});
  addBias({10, 20}, 1, y);
  EXPECT_EQ(y.values, (std::vector<double>{1, 12, 23, 4, 15, 26}));
}

TEST(PlainNorms, ByHand) {
  Rows x = rowsOf(2, {3, 4, 0, -2});
  plainRmsNorm({1, 2}, 3.5, x);
  EXPECT_EQ(x.values[0], 3 / 4.0); // sqrt(25 / 2 + 3.5) = 4
  EXPECT_EQ(x.values[1], 4 / 4.0 * 2);
  EXPECT_DOUBLE_EQ(x.values[3], -2 / std::sqrt(5.5) * 2);
  Rows y = rowsOf(1, {1, 2, 3, 6});
  plainLayerNorm({1, 1, 1, 2}, {0, 0, 1, 0}, 0.5, y); // mean 3, variance 14 / 4, root 2
  EXPECT_EQ(y.values, (std::vector<double>{-1, -0.5, 1, 3}));
}

TEST(PlainRope, PairsAndPlaces) {
  RopeAngles angles; // a quarter turn a position for pair 0, half a turn for pair 1
  angles.frequencies = {std::acos(-1.0) / 2, std::acos(-1.0)};
  Rows neighbours = rowsOf(1, {9, 1, 2, 3, 4, 5}), halves = neighbours;
  plainRope(angles, false, 1, 5, 1, {1}, neighbours);
  plainRope(angles, true, 1, 5, 1, {1}, halves);
  for (auto [i, want] : {std::pair(0, 9.0), {1, -2.0}, {2, 1.0}, {3, -3.0}, {4, -4.0}, {5, 5.0}})
    EXPECT_NEAR(neighbours.values[static_cast<size_t>(i)], want, 1e-12) << i;
  for (auto [i, want] : {std::pair(0, 9.0), {1, -3.0}, {2, -2.0}, {3, 1.0}, {4, -4.0}, {5, 5.0}})
    EXPECT_NEAR(halves.values[static_cast<size_t>(i)], want, 1e-12) << i;
}

TEST(PlainRope, TableTurnsAlike) {
  RopeAngles angles = RopeAngles::unscaled(6, 500.0, {});
  Rows x(3, 16);
  for (size_t i = 0; i < x.values.size(); ++i)
    x.values[i] = std::cos(3.0 * static_cast<double>(i));
  Rows y = x;
  plainRope(angles, false, 2, 8, 0, {0, 5, 11}, x);
  RowReaderPtr table = readRopeTable(angles, 12, 8);
  ASSERT_TRUE(plainTableRope(*table, 2, 8, 0, {0, 5, 11}, y));
  for (size_t i = 0; i < x.values.size(); ++i)
    EXPECT_NEAR(x.values[i], y.values[i], 2e-7) << i;
}

TEST(PlainActivations, KnownValues) {
  EXPECT_DOUBLE_EQ(silu(1.0), 0.73105857863000487);
  EXPECT_DOUBLE_EQ(gelu(1.0), 0.84134474606854293);
  EXPECT_NEAR(geluTanh(1.0), 0.84119199060827676, 1e-15);
  EXPECT_EQ(silu(-1e4), 0.0);
}

// One query head a KV head of two; scores are 0 and ln 3, weights 1/4 and 3/4.
TEST(PlainAttention, ByHand) {
  PlainCache cache;
  double keys[2][2] = {{0, 5}, {std::log(3.0), 5}}, values[2][2] = {{1, 10}, {5, 20}};
  for (int64_t p = 0; p < 2; ++p)
    cache.write(p, keys[p], values[p], 2);
  auto cacheOf = [&](int64_t) -> const PlainCache & { return cache; };
  // Two query heads over two KV heads of size 1; the second sees scores equal in all places.
  AttentionShape shape{2, 2, 1, 1, 0.5};
  Rows query = rowsOf(2, {2, 0, 2, 0}), y(2, 2);
  plainAttention(shape, cacheOf, {1, 0}, 2, query, y);
  EXPECT_DOUBLE_EQ(y.row(0)[0], 0.25 * 1 + 0.75 * 5);
  EXPECT_DOUBLE_EQ(y.row(0)[1], 15);
  EXPECT_DOUBLE_EQ(y.row(1)[0], 1); // position 0 sees only itself
  shape.window = 1;
  plainAttention(shape, cacheOf, {1, 0}, 2, query, y);
  EXPECT_DOUBLE_EQ(y.row(0)[0], 5);
  shape.window = 0;
  shape.softcap = 1.0;
  plainAttention(shape, cacheOf, {1, 0}, 2, query, y);
  double e = std::exp(std::tanh(std::log(3.0)));
  EXPECT_DOUBLE_EQ(y.row(0)[0], (1 + 5 * e) / (1 + e));
}

// Heads of two elements of which the second is padding.
TEST(PlainAttention, KeepsTheFirstColumnsOfEachHead) {
  PlainCache cache;
  double keys[4] = {1, 0, 2, 0}, values[4] = {3, 0, 5, 0};
  cache.write(0, keys, values, 4);
  auto cacheOf = [&](int64_t) -> const PlainCache & { return cache; };
  Rows query = rowsOf(1, {2, 0, 2, 0}), y(1, 2);
  plainAttention({2, 2, 2, 1, 0.5}, cacheOf, {0}, 1, query, y);
  EXPECT_EQ(y.values, (std::vector<double>{3, 5}));
}

TEST(RoundActivations, GroupsOfInt8) {
  Rows x(1, 64);
  x.row(0)[0] = 127;
  x.row(0)[1] = 2.5; // halves go to the even code
  x.row(0)[2] = -3.5;
  x.row(0)[3] = 0.49;
  x.row(0)[40] = 0.001;
  roundToI8G32(x);
  EXPECT_EQ(x.row(0)[0], 127);
  EXPECT_EQ(x.row(0)[1], 2);
  EXPECT_EQ(x.row(0)[2], -4);
  EXPECT_EQ(x.row(0)[3], 0);
  EXPECT_NEAR(x.row(0)[40], 0.001, 1e-9); // its group's scale is its own
}
} // namespace
