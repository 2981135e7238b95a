#include "runtime/core/sampling.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <numeric>

using namespace trafo::runtime;

namespace {

class Sampling : public testing::Test {
protected:
  void use(uint32_t vocabulary) {
    sampler = std::make_unique<Sampler>();
    ASSERT_TRUE(sampler->initialize(Allocator(), vocabulary));
  }
  int32_t draw(const std::vector<float> &logits, uint64_t index) {
    int32_t token = -1;
    EXPECT_EQ(sampler->sample({logits.data(), nullptr}, settings, index, 0, nullptr, &token), TRAFO_OK);
    return token;
  }
  std::vector<float> logits(size_t count, float spread) {
    std::vector<float> values;
    for (size_t i = 0; i < count; ++i)
      values.push_back(static_cast<float>(uniformAt(99, i) - 0.5) * spread);
    return values;
  }
  /// The share of `draws` that each token gets, and the chi-square of it against `expected`.
  double chiSquare(const std::vector<float> &values, const std::vector<double> &expected, size_t draws) {
    std::vector<double> seen(values.size());
    for (size_t i = 0; i < draws; ++i)
      ++seen[static_cast<size_t>(draw(values, i))];
    double sum = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      double want = expected[i] * static_cast<double>(draws);
      if (want == 0)
        EXPECT_EQ(seen[i], 0) << "token " << i << " must not be drawn";
      else
        sum += (seen[i] - want) * (seen[i] - want) / want;
    }
    return sum;
  }
  static std::vector<double> softmax(const std::vector<float> &values, double temperature) {
    std::vector<double> p;
    for (float value : values)
      p.push_back(std::exp(value / temperature));
    double total = std::accumulate(p.begin(), p.end(), 0.0);
    for (double &value : p)
      value /= total;
    return p;
  }

  std::unique_ptr<Sampler> sampler;
  trafo_sampling_t settings = {sizeof(trafo_sampling_t), 1.0f, 0, 1.0f, 5};
};

TEST_F(Sampling, ArgmaxTakesTheLowestOfEquals) {
  for (size_t count : {1, 2, 15, 16, 17, 33, 49152}) {
    std::vector<float> values = logits(count, 8);
    bool finite = false;
    EXPECT_EQ(argmax(values.data(), count, &finite),
              static_cast<size_t>(std::max_element(values.begin(), values.end()) - values.begin()));
    EXPECT_TRUE(finite);
    values[count - 1] = values[count / 2] = 100;
    EXPECT_EQ(argmax(values.data(), count, &finite), count / 2);
  }
}

TEST_F(Sampling, NonFiniteIsFoundWhereverItIs) {
  for (float bad : {NAN, INFINITY, -INFINITY})
    for (size_t at : {0, 15, 16, 40, 48}) {
      std::vector<float> values = logits(49, 8);
      values[at] = bad;
      bool finite = true;
      EXPECT_EQ(argmax(values.data(), values.size(), &finite), at);
      EXPECT_FALSE(finite);
    }
}

/// The maxima of the whole blocks of a row, as code keeps them.
std::vector<float> maximaOf(const std::vector<float> &values) {
  std::vector<float> maxima;
  for (size_t block = 0; (block + 1) * TRAFO_LOGITS_BLOCK <= values.size(); ++block) {
    auto begin = values.begin() + static_cast<std::ptrdiff_t>(block * TRAFO_LOGITS_BLOCK),
         end = begin + TRAFO_LOGITS_BLOCK;
    bool finite = std::all_of(begin, end, [](float v) { return std::isfinite(v); });
    maxima.push_back(finite ? *std::max_element(begin, end) : NAN);
  }
  return maxima;
}

TEST_F(Sampling, MaximaChangeNoArgmax) {
  for (size_t count : {1, 15, 16, 17, 32, 33, 300, 49152, 49160})
    for (float special : {100.0f, -100.0f, NAN, INFINITY, -INFINITY})
      for (size_t at : {size_t(0), count / 3, count / 2, count - 1}) {
        std::vector<float> values = logits(count, 8);
        values[at] = values[count - 1 - at] = special;
        std::vector<float> maxima = maximaOf(values);
        bool finite = false, expected = false;
        EXPECT_EQ(argmax({values.data(), maxima.data()}, count, &finite), argmax(values.data(), count, &expected))
            << count << " logits, " << special << " at " << at;
        EXPECT_EQ(finite, expected);
      }
}

TEST_F(Sampling, MaximaChangeNoDraw) {
  for (uint32_t vocabulary : {20u, 64u, 1000u}) {
    use(vocabulary);
    std::vector<float> values = logits(vocabulary, 6), maxima = maximaOf(values);
    for (int32_t k : {0, 1, 2, 5, 17, 19})
      for (float p : {1.0f, 0.8f})
        for (uint64_t index = 0; index < 50; ++index) {
          settings.top_k = k;
          settings.top_p = p;
          int32_t token = -1;
          EXPECT_EQ(sampler->sample({values.data(), maxima.data()}, settings, index, 0, nullptr, &token), TRAFO_OK);
          EXPECT_EQ(token, draw(values, index));
        }
  }
}

TEST_F(Sampling, ZeroTemperatureIsGreedy) {
  use(300);
  std::vector<float> values = logits(300, 4);
  settings.temperature = 0;
  int32_t best = draw(values, 0);
  settings.temperature = 1e-30f;
  EXPECT_EQ(draw(values, 1), best);
  settings.temperature = 1e-42f; // its inverse is infinite
  EXPECT_EQ(draw(values, 1), best);
  settings.temperature = 1;
  settings.top_k = 1;
  EXPECT_EQ(draw(values, 2), best);
}

// The bounds are the 1 - 1e-4 quantiles of chi-square with as many degrees of freedom; draws are fixed, so these tests
// either always pass or never do.
TEST_F(Sampling, DrawsFollowTheSoftmax) {
  use(20);
  std::vector<float> values = logits(20, 6);
  settings.temperature = 0.8f;
  EXPECT_LT(chiSquare(values, softmax(values, 0.8), 1000000), 52.4); // 19
}

TEST_F(Sampling, TopKKeepsTheBest) {
  use(30);
  std::vector<float> values = logits(30, 6);
  settings.top_k = 5;
  std::vector<float> sorted = values;
  std::sort(sorted.rbegin(), sorted.rend());
  std::vector<double> expected = softmax(values, 1);
  double kept = 0;
  for (size_t i = 0; i < values.size(); ++i)
    kept += values[i] >= sorted[4] ? expected[i] : 0;
  for (size_t i = 0; i < values.size(); ++i)
    expected[i] = values[i] >= sorted[4] ? expected[i] / kept : 0;
  EXPECT_LT(chiSquare(values, expected, 200000), 23.6); // 4
}

TEST_F(Sampling, TopPKeepsTheSmallestSetThatReachesIt) {
  use(4);
  std::vector<float> values = {std::log(0.5f), std::log(0.1f), std::log(0.3f), std::log(0.1f)};
  settings.top_p = 0.75f;                                                           // 0.5 + 0.3 reach it
  EXPECT_LT(chiSquare(values, {0.625, 0, 0.375, 0}, 200000), 15.2);                 // 1
  settings.top_p = 0.85f;                                                           // of the two equals, the lower id
  EXPECT_LT(chiSquare(values, {0.5 / 0.9, 0.1 / 0.9, 0.3 / 0.9, 0}, 200000), 18.5); // 2
  settings.top_p = 0.4f;
  EXPECT_LT(chiSquare(values, {1, 0, 0, 0}, 1000), 1);
}

TEST_F(Sampling, TopPOverALargeVocabularyMatchesSortingItAll) {
  use(49152);
  std::vector<float> values = logits(49152, 20);
  settings.top_p = 0.9f;
  std::vector<double> p = softmax(values, 1);
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] > p[b]; });
  double sum = 0;
  std::vector<bool> kept(values.size());
  for (size_t i = 0; sum < 0.9 + 1e-5 && i < order.size(); ++i) { // the edge is blurred by single precision
    kept[order[i]] = true;
    sum += p[order[i]];
  }
  for (uint64_t i = 0; i < 200; ++i)
    EXPECT_TRUE(kept[static_cast<size_t>(draw(values, i))]);
}

TEST_F(Sampling, EqualSeedsGiveEqualTokensEverywhere) {
  use(1000);
  std::vector<float> values = logits(1000, 10);
  settings.seed = 42;
  settings.temperature = 0.7f;
  std::vector<int32_t> first;
  for (uint64_t i = 0; i < 8; ++i)
    first.push_back(draw(values, i));
  // Written down once: a change of the generator, of exp or of an order shows here.
  EXPECT_EQ(first, (std::vector<int32_t>{315, 959, 442, 31, 651, 31, 147, 706}));
  settings.seed = 43;
  std::vector<int32_t> other;
  for (uint64_t i = 0; i < 8; ++i)
    other.push_back(draw(values, i));
  EXPECT_NE(first, other);
}

TEST_F(Sampling, SettingsOutOfRangeAreRefused) {
  use(10);
  std::vector<float> values = logits(10, 1);
  auto refused = [&](auto change) {
    trafo_sampling_t bad = settings;
    change(bad);
    int32_t token = 0;
    trafo_error_t error = {};
    EXPECT_EQ(sampler->sample({values.data(), nullptr}, bad, 0, 0, &error, &token), TRAFO_USAGE);
    EXPECT_STREQ(error.code, "TRAFO-RUN-0001");
  };
  refused([](auto &s) { s.temperature = -1; });
  refused([](auto &s) { s.temperature = NAN; });
  refused([](auto &s) { s.temperature = 1e9f; });
  refused([](auto &s) { s.top_p = 0; });
  refused([](auto &s) { s.top_p = 2; });
  refused([](auto &s) { s.top_p = NAN; });
  refused([](auto &s) { s.top_k = -5; });
  settings.top_k = 1000000; // more than there are: all
  EXPECT_GE(draw(values, 0), 0);
}

} // namespace
