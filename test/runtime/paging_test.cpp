// Where the pages of the KV cache lie changes no bit: compiled programs over tables of every kind, a contiguous cache (the
// identity) among them.
#include "runtime/core/session.h"
#include "temporary.h"

#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>
#include <numeric>
#include <random>
#include <utility>

using namespace trafo;

namespace {

constexpr int32_t kPage = TRAFO_KV_PAGE_TOKENS, kLength = 450;

/// The decoder of test/pipelines with room for eight pages in each of three sequences.
struct Cache {
  const char *format;
  int32_t window;     ///< 0: all positions
  bool mixed = false; ///< the second layer sees all nevertheless
};
void PrintTo(const Cache &cache, std::ostream *out) {
  *out << cache.format << ", window " << cache.window << (cache.mixed ? " in one layer" : "");
}

std::string replaced(std::string text, const std::string &from, const std::string &to) {
  EXPECT_NE(text.find(from), std::string::npos) << from;
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

class Paging : public testing::TestWithParam<Cache> {
protected:
  void SetUp() override {
    const char *tools = getenv("TRAFO_BIN");
    ASSERT_TRUE(tools) << "TRAFO_BIN names the folder of the tools";
    std::string ir = replaced(test::Temporary::read(TRAFO_TINY_DECODER), "max_context = 128", "max_context = 512");
    ir = replaced(ir, "max_outputs = 8, max_sequences = 4", "max_outputs = 32, max_sequences = 3");
    ir = replaced(ir, "<2x2x16xf16>", std::string("<2x2x16x") + GetParam().format + ">");
    if (GetParam().window > 0)
      ir = replaced(ir, "scale 2.5e-01", "scale 2.5e-01 {window = " + std::to_string(GetParam().window) + " : i64}");
    if (GetParam().mixed) {
      size_t begin = ir.find("  func.func private @decoder("), end = ir.find("  func.func @step(");
      std::string body = replaced(ir.substr(begin, end - begin), "@decoder(", "@everything(");
      body = replaced(body, " {window = " + std::to_string(GetParam().window) + " : i64}", "");
      ir = replaced(ir, "@decoder, [@blk.1.", "@everything, [@blk.1.");
      ir.insert(begin, body);
    }
    std::string source = folder.file("tiny.mlir"), program = folder.file("tiny");
    test::Temporary::write(source, ir);
    std::string command = std::string(tools) + "/trafo-compiler compile " + source + " -o " + program;
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    ASSERT_EQ(trafo_model_load_path(program.c_str(), nullptr, &error, &model), TRAFO_OK) << error.message;
  }
  void TearDown() override { trafo_model_release(model); }

  /// Page numbers of each pool, in the order in which sequences take them.
  using Order = std::vector<std::vector<int32_t>>;

  /// The logits of two sequences side by side, their page tables made of `order`. Without one the session's own are used.
  std::vector<float> logits(const Order *order, int32_t threads) {
    const trafo_manifest_t &manifest = *trafo_model_manifest(model);
    trafo_session_options_t options;
    trafo_session_options_initialize(&options);
    options.threads = threads;
    trafo_session_t *session = nullptr;
    EXPECT_EQ(trafo_session_create(model, &options, &error, &session), TRAFO_OK) << error.message;
    std::vector<int32_t> table;
    size_t perSequence = manifest.max_context / kPage;
    for (const std::vector<int32_t> &pages : order ? *order : Order()) {
      size_t held = pages.size() / manifest.max_sequences;
      for (size_t i = 0; i < manifest.max_sequences * perSequence; ++i)
        table.push_back(pages[i / perSequence * held + i % perSequence % held]);
    }
    std::vector<float> all;
    for (int32_t done = 0, rows = 0; done < kLength; done += rows) {
      rows = std::min({kLength - done, 1 + done * 5 % 16, static_cast<int32_t>(manifest.max_rows) / 2});
      std::vector<int32_t> tokens, positions, sequences, outputs;
      for (int32_t sequence : {0, 2})
        for (int32_t i = 0; i < rows; ++i) {
          tokens.push_back((done + i) * (sequence + 7) % static_cast<int32_t>(manifest.vocabulary));
          positions.push_back(done + i);
          sequences.push_back(sequence);
          outputs.push_back(static_cast<int32_t>(outputs.size()));
        }
      const float *got = nullptr;
      if (order) {
        trafo_step_t step = {};
        step.tokens = tokens.data();
        step.positions = positions.data();
        step.sequences = sequences.data();
        step.outputs = outputs.data();
        step.pages = table.data();
        step.rows = step.output_count = 2 * rows;
        EXPECT_EQ(session->device->run(&step, &error, &got), TRAFO_OK) << error.message;
      } else {
        trafo_rows_t step = {sizeof(trafo_rows_t), 2 * rows,       tokens.data(), positions.data(),
                             sequences.data(),     outputs.data(), 2 * rows,      0};
        EXPECT_EQ(trafo_step(session, &step, &error, &got), TRAFO_OK) << error.message;
      }
      for (int32_t row = 0; got && row < 2 * rows; ++row)
        all.insert(all.end(), got + static_cast<size_t>(row) * manifest.logits_stride,
                   got + static_cast<size_t>(row) * manifest.logits_stride + manifest.vocabulary);
    }
    trafo_session_release(session);
    return all;
  }

  test::Temporary folder;
  trafo_error_t error = {};
  trafo_model_t *model = nullptr;
};

TEST_P(Paging, ChangesNoBit) {
  const trafo_manifest_t &manifest = *trafo_model_manifest(model);
  auto [format, window, mixed] = GetParam();
  ASSERT_EQ(manifest.kv_pages, window && !mixed ? 3u * 4 : 3u * 8);
  ASSERT_EQ(manifest.window_pages, mixed ? 3u * 4 : 0);
  Order order;
  for (uint64_t pages : {uint64_t(manifest.kv_pages), manifest.window_pages})
    if (pages > 0)
      std::iota(order.emplace_back(pages).begin(), order.back().end(), 0);
  const std::vector<float> contiguous = logits(&order, 1);
  ASSERT_EQ(contiguous.size(), static_cast<size_t>(2 * kLength) * manifest.vocabulary);
  EXPECT_TRUE(logits(nullptr, 2) == contiguous) << "the session's own table";
  for (std::vector<int32_t> &pages : order)
    std::reverse(pages.begin(), pages.end());
  EXPECT_TRUE(logits(&order, 3) == contiguous) << "backwards";
  std::mt19937 random(1);
  for (int32_t threads : {1, 2, 3, 4}) {
    for (std::vector<int32_t> &pages : order)
      for (size_t i = pages.size(); i > 1; --i) // std::shuffle draws otherwise in every library
        std::swap(pages[i - 1], pages[random() % i]);
    EXPECT_TRUE(logits(&order, threads) == contiguous) << "shuffled, " << threads << " threads";
  }
  // The tables are what is gone by: two pages in one place are not the same.
  for (std::vector<int32_t> &pages : order) {
    int32_t second = std::exchange(pages[1], pages[0]);
    EXPECT_FALSE(logits(&order, 1) == contiguous);
    pages[1] = second;
  }
}
INSTANTIATE_TEST_SUITE_P(Caches, Paging,
                         testing::Values(Cache{"f16", 0}, Cache{"f16", 100}, Cache{"f32", 0}, Cache{"bf16", 0},
                                         Cache{"int8", 0}, Cache{"int8", 100}, Cache{"f16", 100, true},
                                         Cache{"int8", 100, true}),
                         [](const auto &info) {
                           return info.param.format + std::string(info.param.window ? "Window" : "") +
                                  (info.param.mixed ? "InOneLayer" : "");
                         });

} // namespace
