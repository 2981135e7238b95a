// The real libdnnl behind the table that code calls: right sums in every form this CPU has, of integers exact ones, the same
// bits for every number of rows and share of columns, and clear refusals.
#include "runtime/libraries/onednn.h"
#include "trafo/Formats.h"

#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <thread>
#include <vector>

namespace {
using namespace trafo;
using runtime::OneDnn;

/// Sets TRAFO_DNNL for as long as it lives.
class Named {
public:
  explicit Named(const char *path) {
    if (const char *old = getenv("TRAFO_DNNL"))
      before = old;
    setenv("TRAFO_DNNL", path, 1);
  }
  ~Named() { before.empty() ? unsetenv("TRAFO_DNNL") : setenv("TRAFO_DNNL", before.c_str(), 1); }

private:
  std::string before;
};

struct Opened {
  explicit Opened(const std::vector<trafo_matmul_t> &products, int32_t workers = 1) {
    status = OneDnn::open(runtime::Allocator(), "model", products.data(), static_cast<uint32_t>(products.size()),
                          workers, &error, &library);
  }
  ~Opened() {
    if (library)
      library->close();
  }
  trafo_status_t status;
  trafo_error_t error = {};
  OneDnn *library = nullptr;
};

/// Operands of a product in its form, and what a row of it gives in double precision.
struct Operands {
  explicit Operands(const trafo_matmul_t &call) : call(call) {
    std::mt19937 random(7);
    std::uniform_real_distribution<float> any(-1, 1);
    bool narrow = call.form == TRAFO_MATMUL_BF16_TILES;
    auto fill = [&](std::vector<float> &values, std::vector<uint16_t> &bits, int64_t count) {
      for (int64_t i = 0; i < count; ++i) {
        float value = any(random);
        uint32_t word;
        memcpy(&word, &value, 4);
        bits.push_back(static_cast<uint16_t>(word >> 16));
        values.push_back(narrow ? bf16ToF32(bits.back()) : value);
      }
    };
    fill(x, xBits, call.rows * call.depth);
    fill(w, wBits, call.columns * call.depth);
  }
  const void *rows() const { return call.form == TRAFO_MATMUL_BF16_TILES ? xBits.data() : (const void *)x.data(); }
  /// The weight from row `first`, a multiple of 16, on.
  const void *weights(int64_t first) const {
    int64_t at = first * call.depth;
    return call.form == TRAFO_MATMUL_BF16_TILES ? wBits.data() + at : (const void *)(w.data() + at);
  }
  double sum(int64_t r, int64_t c) const {
    double total = 0;
    int64_t pair = call.form == TRAFO_MATMUL_BF16_TILES ? 2 : 1;
    for (int64_t k = 0; k < call.depth; ++k) {
      int64_t at = call.form == TRAFO_MATMUL_F32_ROWS
                       ? c * call.depth + k
                       : c / 16 * call.depth * 16 + k / pair * 16 * pair + c % 16 * pair + k % pair;
      total += double(x[size_t(r * call.depth + k)]) * w[size_t(at)];
    }
    return total;
  }
  trafo_matmul_t call;
  std::vector<float> x, w;
  std::vector<uint16_t> xBits, wBits;
};

class Forms : public testing::TestWithParam<int64_t> {};

/// The forms a CPU has no fast code for are refused in words; those it has give right sums with equal bits everywhere.
TEST_P(Forms, RightOrRefused) {
  uint64_t cpu = trafo_cpu_features();
  bool has = GetParam() == TRAFO_MATMUL_F32_ROWS || (GetParam() == TRAFO_MATMUL_F32_TILES && cpu & TRAFO_CPU_AVX512F) ||
             cpu & TRAFO_CPU_AVX512BF16;
  std::vector<trafo_matmul_t> products = {
      {GetParam(), 64, 96, 64}, {GetParam(), 64, 512, 576}, {GetParam(), 64, 16, 1536}};
  Opened opened(products, 2);
  if (!has) {
    EXPECT_EQ(opened.status, TRAFO_UNSUPPORTED);
    EXPECT_STREQ(opened.error.code, "TRAFO-LIB-0003");
    EXPECT_NE(std::string(opened.error.message).find("on this CPU, 64 x 64 by 96"), std::string::npos)
        << opened.error.message;
    return;
  }
  if (opened.status != TRAFO_OK && GetParam() != TRAFO_MATMUL_F32_ROWS) { // as bf16 on a CPU with AMX
    EXPECT_STREQ(opened.error.code, "TRAFO-LIB-0004") << opened.error.message;
    return;
  }
  ASSERT_EQ(opened.status, TRAFO_OK) << opened.error.message;
  const trafo_library_t *table = opened.library->table();
  for (const trafo_matmul_t &call : products) {
    Operands operands(call);
    std::vector<float> full(size_t(call.rows * call.columns)), part(full.size());
    table->matmul(table->state, 0, &call, call.rows, call.columns, operands.rows(), operands.weights(0), full.data());
    for (int64_t r : {int64_t(0), call.rows - 1})
      for (int64_t c = 0; c < call.columns; ++c)
        ASSERT_NEAR(full[size_t(r * call.columns + c)], operands.sum(r, c), 1e-4);
    for (int64_t rows = 1; rows <= call.rows; ++rows)
      for (int64_t columns = 16; columns <= call.columns; columns += rows < 12 ? 16 : 80) {
        int64_t first = call.columns - columns;
        table->matmul(table->state, 1, &call, rows, columns, operands.rows(), operands.weights(first), part.data());
        for (int64_t r = 0; r < rows; ++r)
          ASSERT_EQ(
              memcmp(&part[size_t(r * call.columns)], &full[size_t(r * call.columns + first)], size_t(columns) * 4), 0)
              << rows << " rows, " << columns << " columns, row " << r;
      }
  }
  EXPECT_EQ(opened.library->failure(nullptr), TRAFO_OK);
}
INSTANTIATE_TEST_SUITE_P(All, Forms,
                         testing::Values(TRAFO_MATMUL_F32_ROWS, TRAFO_MATMUL_F32_TILES, TRAFO_MATMUL_BF16_TILES));

/// Codes and weights of int8 by rows, up to 127, of rows from `least` on; every fourth row of either is 127 alone.
struct Codes {
  Codes(const trafo_matmul_t &call, int least) : call(call), w(size_t(call.columns * stride())) {
    std::mt19937 random(11);
    auto fill = [&](int8_t *row, int64_t number, int from) {
      for (int64_t k = 0; k < call.depth; ++k)
        row[k] = int8_t(number % 4 == 0 ? 127 : std::uniform_int_distribution<int>(from, 127)(random));
    };
    x.resize(size_t(call.rows * call.depth));
    for (int64_t r = 0; r < call.rows; ++r)
      fill(&x[size_t(r * call.depth)], r, least);
    for (int64_t c = 0; c < call.columns; ++c)
      fill(weights(c), c, -127);
  }
  int64_t stride() const { return call.depth + 4; }
  int8_t *weights(int64_t first) { return &w[size_t(first * stride())] + 4; }
  int32_t sum(int64_t r, int64_t c) {
    int32_t total = 0;
    for (int64_t k = 0; k < call.depth; ++k)
      total += x[size_t(r * call.depth + k)] * weights(c)[k];
    return total;
  }
  trafo_matmul_t call;
  std::vector<int8_t> x, w;
};

void expectExactSums(const trafo_library_t *table, const trafo_matmul_t &call, Codes &codes) {
  std::vector<int32_t> out(size_t(call.rows * call.columns));
  for (int64_t rows = 1; rows <= call.rows; rows += rows < 12 ? 1 : 29)
    for (int64_t columns = 16; columns <= call.columns; columns += 80) {
      int64_t first = call.columns - columns;
      table->matmul(table->state, 0, &call, rows, columns, codes.x.data(), codes.weights(first), out.data());
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < columns; ++c)
          ASSERT_EQ(out[size_t(r * call.columns + c)], codes.sum(r, first + c))
              << rows << " rows, " << columns << " columns, at " << r << ", " << c;
    }
}

/// Where rows hold nothing below zero, two products never leave 16 bits, so that every CPU sums them exactly.
TEST(OneDnnLibrary, Int8RowsAboveZeroAreSummedExactlyEverywhere) {
  std::vector<trafo_matmul_t> products = {
      {TRAFO_MATMUL_U7_ROWS, 128, 96, 64}, {TRAFO_MATMUL_U7_ROWS, 128, 256, 576}, {TRAFO_MATMUL_U7_ROWS, 16, 16, 1024}};
  Opened opened(products);
  ASSERT_EQ(opened.status, TRAFO_OK) << opened.error.message;
  for (const trafo_matmul_t &call : products) {
    Codes codes(call, 0);
    expectExactSums(opened.library->table(), call, codes);
  }
  EXPECT_EQ(opened.library->failure(nullptr), TRAFO_OK);
}

/// Sums above 2^24 come through f32: what is right for most numbers is not exact, and refused unless it is.
TEST(OneDnnLibrary, SumsAbove24BitsAreExactOrRefused) {
  std::vector<trafo_matmul_t> products = {{TRAFO_MATMUL_U7_ROWS, 16, 96, 1536}};
  Opened opened(products);
  if (opened.status) {
    EXPECT_STREQ(opened.error.code, "TRAFO-LIB-0004") << opened.error.message;
    return;
  }
  Codes codes(products[0], 100);
  expectExactSums(opened.library->table(), products[0], codes);
}

/// Rows of both signs are summed exactly where the CPU has VNNI. Without, oneDNN adds two products in 16 bits, which is
/// found out and refused when it is opened, whatever numbers a program would come with.
TEST(OneDnnLibrary, Int8RowsAreSummedExactlyOrRefused) {
  std::vector<trafo_matmul_t> products = {{TRAFO_MATMUL_I8_ROWS, 64, 512, 576}};
  Opened opened(products);
  if (opened.status) {
    EXPECT_FALSE(trafo_cpu_features() & TRAFO_CPU_AVX512VNNI);
    EXPECT_EQ(opened.status, TRAFO_UNSUPPORTED);
    EXPECT_STREQ(opened.error.code, "TRAFO-LIB-0004");
    EXPECT_NE(std::string(opened.error.message).find("sums that are not those of its integers"), std::string::npos)
        << opened.error.message;
    EXPECT_NE(std::string(opened.error.message).find("--x86-gemm=generated"), std::string::npos);
    return;
  }
  Codes codes(products[0], -127);
  expectExactSums(opened.library->table(), products[0], codes);
}

TEST(OneDnnLibrary, WorkersCallAtOnce) {
  std::vector<trafo_matmul_t> products = {{TRAFO_MATMUL_F32_ROWS, 64, 512, 576}};
  Opened opened(products, 4);
  ASSERT_EQ(opened.status, TRAFO_OK) << opened.error.message;
  const trafo_library_t *table = opened.library->table();
  Operands operands(products[0]);
  std::vector<std::vector<float>> out(4, std::vector<float>(64 * 512));
  std::vector<std::thread> workers;
  for (int64_t worker = 0; worker < 4; ++worker)
    workers.emplace_back([&, worker] {
      for (int64_t rows : {64, 1, 5, 64})
        table->matmul(table->state, worker, &products[0], rows, 512, operands.rows(), operands.weights(0),
                      out[size_t(worker)].data());
    });
  for (std::thread &worker : workers)
    worker.join();
  for (const std::vector<float> &other : out)
    EXPECT_EQ(memcmp(other.data(), out[0].data(), other.size() * 4), 0);
}

/// Kernels take rows in blocks, and some sum the rows left over in another order: such a product is refused.
TEST(OneDnnLibrary, RowsThatDependOnTheirPlaceAreRefused) {
  trafo_matmul_t call = {TRAFO_MATMUL_F32_ROWS, 8, 32, 576};
  Opened opened({call});
  if (opened.status) {
    EXPECT_EQ(opened.status, TRAFO_UNSUPPORTED);
    EXPECT_STREQ(opened.error.code, "TRAFO-LIB-0004");
    return;
  }
  Operands operands(call);
  for (int64_t row = 1; row < call.rows; ++row)
    memcpy(&operands.x[static_cast<size_t>(row * call.depth)], operands.x.data(), static_cast<size_t>(call.depth) * 4);
  std::vector<float> out(static_cast<size_t>(call.rows * call.columns));
  const trafo_library_t *table = opened.library->table();
  table->matmul(table->state, 0, &call, call.rows, call.columns, operands.rows(), operands.weights(0), out.data());
  for (int64_t row = 1; row < call.rows; ++row)
    EXPECT_EQ(memcmp(&out[static_cast<size_t>(row * call.columns)], out.data(), static_cast<size_t>(call.columns) * 4),
              0);
}

TEST(OneDnnLibrary, SmallStepsNeedNotBeFilledToTheLast) {
  std::vector<trafo_matmul_t> products = {{TRAFO_MATMUL_F32_ROWS, 64, 512, 576}};
  Opened opened(products);
  ASSERT_EQ(opened.status, TRAFO_OK) << opened.error.message;
  const int64_t *counts = opened.library->rowCounts(0);
  for (; *counts != 64; ++counts)
    EXPECT_LT(counts[0], counts[1]);
}

TEST(OneDnnLibrary, Missing) {
  Named named("/nowhere/libdnnl.so.3");
  Opened opened({{TRAFO_MATMUL_F32_ROWS, 8, 16, 64}});
  EXPECT_EQ(opened.status, TRAFO_UNSUPPORTED);
  EXPECT_STREQ(opened.error.code, "TRAFO-LIB-0001");
  EXPECT_NE(std::string(opened.error.message).find("/nowhere/libdnnl.so.3"), std::string::npos) << opened.error.message;
}

TEST(OneDnnLibrary, TooOld) {
  Named named(TRAFO_OLD_DNNL);
  Opened opened({{TRAFO_MATMUL_F32_ROWS, 8, 16, 64}});
  EXPECT_EQ(opened.status, TRAFO_UNSUPPORTED);
  EXPECT_STREQ(opened.error.code, "TRAFO-LIB-0002");
  EXPECT_NE(std::string(opened.error.message).find("oneDNN 3.1.4, expects 3.2"), std::string::npos)
      << opened.error.message;
}

TEST(OneDnnLibrary, AnotherLibrary) {
  Named named("libm.so.6");
  Opened opened({{TRAFO_MATMUL_F32_ROWS, 8, 16, 64}});
  EXPECT_EQ(opened.status, TRAFO_UNSUPPORTED);
  EXPECT_STREQ(opened.error.code, "TRAFO-LIB-0002");
  EXPECT_NE(std::string(opened.error.message).find("has no dnnl_version"), std::string::npos) << opened.error.message;
}

} // namespace
