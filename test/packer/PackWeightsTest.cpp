//===- PackWeightsTest.cpp - weights of a module to bytes -----------------===//
#include "lib/Packer/PackWeights.h"
#include "dialects/Trafo/IR/Layout.h"
#include "dialects/Trafo/IR/TrafoOps.h"
#include "lib/Packer/WeightRows.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace trafo;

namespace {
class PackWeights : public testing::Test {
protected:
  PackWeights() {
    context.loadDialect<TrafoDialect>();
    context.getDiagEngine().registerHandler([this](mlir::Diagnostic &diagnostic) { message = diagnostic.str(); });
  }
  void parse(llvm::StringRef text) {
    module = mlir::parseSourceString<mlir::ModuleOp>(text, mlir::ParserConfig(&context));
    ASSERT_TRUE(module) << message;
  }
  bool pack() {
    bytes.clear();
    return mlir::succeeded(packWeights(*module, [&](const uint8_t *data, size_t size) {
      bytes.insert(bytes.end(), data, data + size);
      return true;
    }));
  }
  std::vector<double> row(llvm::StringRef weight, int64_t r) {
    RowReaderPtr reader = openWeight(*module, weight);
    EXPECT_TRUE(reader) << message;
    std::vector<double> values(static_cast<size_t>(reader ? reader->columns() : 0));
    EXPECT_TRUE(reader && reader->readValues(r, values.data()));
    return values;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::vector<uint8_t> bytes;
  std::string message;
};

TEST_F(PackWeights, InOrderOfOffsetsWithZerosBetween) {
  parse(R"(
    trafo.weight @late : !trafo.weight<3xf32> from #trafo.splat<2.0> layout <rows = 1, raw = true> at 200
    trafo.weight @early : !trafo.weight<2x4xf16> from #trafo.splat<1.0> layout <rows = 16> at 8
    trafo.weight @source : !trafo.weight<3xf32> from #trafo.splat<2.0>
  )");
  ASSERT_TRUE(pack()) << message;
  EXPECT_EQ(bytes.size(), static_cast<size_t>(packedWeightsBytes(*module)));
  ASSERT_EQ(bytes.size(), 200u + 3 * 4);
  std::vector<uint8_t> want(212, 0);
  for (size_t column = 0; column < 4; ++column) // 16 rows of f16, of which the weight has two
    want[8 + 32 * column + 1] = want[8 + 32 * column + 3] = 0x3c;
  for (size_t i = 0; i < 3; ++i) // 2.0f
    want[200 + 4 * i + 3] = 0x40;
  EXPECT_EQ(bytes, want);
}

TEST_F(PackWeights, OverlapIsAnError) {
  parse(R"(
    trafo.weight @a : !trafo.weight<4xf32> from #trafo.splat<2.0> layout <rows = 1, raw = true> at 0
    trafo.weight @b : !trafo.weight<4xf32> from #trafo.splat<2.0> layout <rows = 1, raw = true> at 15
  )");
  EXPECT_FALSE(pack());
  EXPECT_EQ(message, "weight @b starts at 15, inside the weight before it, which ends at 16");
}

TEST_F(PackWeights, LayoutThatDoesNotFitIsAnError) {
  parse("trafo.weight @a : !trafo.weight<4x256xq6_k> from #trafo.random<1> layout <rows = 16, planes = [4]> at 0");
  EXPECT_FALSE(pack());
  EXPECT_EQ(message, "weight @a: q6_k expects planes of 6 bits together and no bias, got 4 bits and bias 0");
}

TEST_F(PackWeights, SinkThatWantsNoMore) {
  parse("trafo.weight @a : !trafo.weight<4096x4096xf32> from #trafo.random<1> layout <rows = 1, raw = true> at 0");
  int calls = 0;
  EXPECT_TRUE(mlir::failed(packWeights(*module, [&](const uint8_t *, size_t) { return ++calls < 3; })));
  EXPECT_EQ(calls, 3);
}

// A recipe's rows in a tile, element by element against the recipe's reader.
TEST_F(PackWeights, RecipeInTiles) {
  parse(R"(
    trafo.weight @q : !trafo.weight<32x64xq4_1> from #trafo.random<1>
    trafo.weight @k : !trafo.weight<16x64xq4_1> from #trafo.random<1>
    trafo.weight @qk : !trafo.weight<48x64xq4_1> layout <rows = 16, lane = 4, planes = [4]> at 0 recipe {
      %q = trafo.get @q : !trafo.weight<32x64xq4_1>
      %p = trafo.pair_rows %q heads 16 dims 16 : !trafo.weight<32x64xq4_1>
      %k = trafo.get @k : !trafo.weight<16x64xq4_1>
      %0 = trafo.concat %p, %k : (!trafo.weight<32x64xq4_1>, !trafo.weight<16x64xq4_1>) -> !trafo.weight<48x64xq4_1>
      trafo.yield %0 : !trafo.weight<48x64xq4_1>
    }
  )");
  ASSERT_TRUE(pack()) << message;
  PackedLayout l{Format::Q4_1, 48, 64, 16, 4, {4}};
  ASSERT_EQ(bytes.size(), static_cast<size_t>(l.bytes()));
  auto half = [&](int64_t at) {
    return f16ToF32(static_cast<uint16_t>(bytes[size_t(at)] | bytes[size_t(at) + 1] << 8));
  };
  for (int64_t r = 0; r < 48; ++r) {
    std::vector<double> want = r < 32 ? row("q", r / 16 * 16 + r % 16 / 2 + r % 2 * 8) : row("k", r - 32);
    for (int64_t c = 0; c < 64; ++c) {
      int64_t block = l.blockOffset(r, c), in = r % 16;
      int code = bytes[size_t(block + l.codeAt(in, c % 32))] >> l.codeShift(c) & 15;
      ASSERT_EQ(double(half(block + l.scaleAt(in))) * code + double(half(block + l.minAt(in))), want[size_t(c)])
          << r << ", " << c;
    }
  }
}

TEST_F(PackWeights, RopeTableWithFactors) {
  parse(R"(
    trafo.weight @factors : !trafo.weight<2xf32> from #trafo.splat<4.0>
    trafo.weight @table : !trafo.weight<8x8xf32> recipe {
      %f = trafo.get @factors : !trafo.weight<2xf32>
      %t = trafo.rope_table <dims = 4, base = 1.0> factors %f : !trafo.weight<2xf32> : !trafo.weight<8x8xf32>
      trafo.yield %t : !trafo.weight<8x8xf32>
    }
  )");
  std::vector<double> turn = row("table", 4); // 4 positions / 4
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(turn[size_t(i)], static_cast<float>(std::cos(1.0)));
    EXPECT_EQ(turn[size_t(4 + i)], static_cast<float>(i % 2 ? std::sin(1.0) : -std::sin(1.0)));
  }
}

TEST_F(PackWeights, RecipeThatRefersToItself) {
  parse(R"(
    trafo.weight @a : !trafo.weight<4x4xf32> recipe {
      %0 = trafo.get @b : !trafo.weight<4x4xf32>
      trafo.yield %0 : !trafo.weight<4x4xf32>
    }
    trafo.weight @b : !trafo.weight<4x4xf32> recipe {
      %0 = trafo.get @a : !trafo.weight<4x4xf32>
      trafo.yield %0 : !trafo.weight<4x4xf32>
    }
  )");
  EXPECT_FALSE(openWeight(*module, "a"));
  EXPECT_EQ(message, "the recipe of @a refers to itself");
}

TEST_F(PackWeights, MissingFileNamesTheWeight) {
  parse(
      R"(trafo.weight @a : !trafo.weight<4xf32> from #trafo.file<"/nowhere/m.gguf", 64> layout <rows = 1, raw = true> at 0)");
  EXPECT_FALSE(pack());
  EXPECT_EQ(message, "weight @a: cannot open '/nowhere/m.gguf': No such file or directory");
}
} // namespace
