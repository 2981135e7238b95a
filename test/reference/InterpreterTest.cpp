//===- InterpreterTest.cpp - ops of the IR against each other -------------===//
#include "ParsedModule.h"

#include <cmath>

using namespace trafo;

namespace {
class InterpreterTest : public ParsedModule {
protected:
  /// Weights, rows of a step and their activations that the functions below share.
  void SetUp() override {
    rows = sequenceStep({1, 5, 3, 2}, 2);
    x = Rows(4, 64);
    for (size_t i = 0; i < x.values.size(); ++i)
      x.values[i] = std::sin(0.37 * static_cast<double>(i));
  }
  void parseFunctions(llvm::StringRef functions) {
    parse((R"(
      trafo.weight @n : !trafo.weight<64xf32> from #trafo.random<1>
      trafo.weight @b : !trafo.weight<64xf32> from #trafo.random<2>
      trafo.weight @q : !trafo.weight<64x64xq4_1> from #trafo.random<1>
      trafo.weight @k : !trafo.weight<32x64xq4_1> from #trafo.random<1>
      trafo.weight @v : !trafo.weight<32x64xq4_1> from #trafo.random<1>
      trafo.weight @qkv : !trafo.weight<128x64xq4_1> recipe {
        %q = trafo.get @q : !trafo.weight<64x64xq4_1>
        %k = trafo.get @k : !trafo.weight<32x64xq4_1>
        %v = trafo.get @v : !trafo.weight<32x64xq4_1>
        %0 = trafo.concat %q, %k, %v : (!trafo.weight<64x64xq4_1>, !trafo.weight<32x64xq4_1>, !trafo.weight<32x64xq4_1>) -> !trafo.weight<128x64xq4_1>
        trafo.yield %0 : !trafo.weight<128x64xq4_1>
      }
      trafo.weight @table : !trafo.weight<16x32xf32> recipe {
        %0 = trafo.rope_table <dims = 16, base = 100.0> : !trafo.weight<16x32xf32>
        trafo.yield %0 : !trafo.weight<16x32xf32>
      }
      trafo.weight @gate : !trafo.weight<96x64xq4_1> from #trafo.random<1>
      trafo.weight @up : !trafo.weight<96x64xq4_1> from #trafo.random<1>
      trafo.weight @gate_up : !trafo.weight<192x64xq4_1> recipe {
        %a = trafo.get @gate : !trafo.weight<96x64xq4_1>
        %b = trafo.get @up : !trafo.weight<96x64xq4_1>
        %0 = trafo.interleave %a, %b by 16 : (!trafo.weight<96x64xq4_1>, !trafo.weight<96x64xq4_1>) -> !trafo.weight<192x64xq4_1>
        trafo.yield %0 : !trafo.weight<192x64xq4_1>
      }
      trafo.weight @down : !trafo.weight<64x96xq4_1> from #trafo.random<1>
    )" + functions)
              .str());
  }
  /// Runs a function of %x, %rows, %kv and %layer.
  Rows run(llvm::StringRef name, bool asCompiled = false) {
    InterpreterOptions options;
    options.asCompiled = asCompiled;
    Interpreter interpreter(*module, options);
    if (!module)
      return Rows();
    auto function = module->lookupSymbol<mlir::func::FuncOp>(name);
    std::vector<Argument> arguments(function.getNumArguments());
    arguments[0] = x;
    if (arguments.size() > 3)
      arguments[3] = int64_t(0);
    auto y = interpreter.run(function, rows, std::move(arguments));
    EXPECT_TRUE(mlir::succeeded(y)) << message;
    return mlir::succeeded(y) ? std::move(*y) : Rows();
  }

  StepRows rows;
  Rows x;
};

TEST_F(InterpreterTest, FormsOfTheMlpAreEqual) {
  parseFunctions(R"(
    func.func @whole(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %gate = trafo.get @gate : !trafo.weight<96x64xq4_1>
      %up = trafo.get @up : !trafo.weight<96x64xq4_1>
      %down = trafo.get @down : !trafo.weight<64x96xq4_1>
      %y = trafo.gated_mlp gelu_tanh %x, %gate, %up, %down : tensor<?x64xf32>, !trafo.weight<96x64xq4_1>, !trafo.weight<96x64xq4_1>, !trafo.weight<64x96xq4_1>
      %z = arith.addf %x, %y : tensor<?x64xf32>
      return %z : tensor<?x64xf32>
    }
    func.func @parts(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %gate = trafo.get @gate : !trafo.weight<96x64xq4_1>
      %up = trafo.get @up : !trafo.weight<96x64xq4_1>
      %down = trafo.get @down : !trafo.weight<64x96xq4_1>
      %0 = trafo.linear %x, %gate : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
      %1 = trafo.linear %x, %up : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
      %2 = trafo.activation gelu_tanh %0 : tensor<?x96xf32>
      %3 = arith.mulf %2, %1 : tensor<?x96xf32>
      %4 = trafo.linear %3, %down : tensor<?x96xf32>, !trafo.weight<64x96xq4_1> -> tensor<?x64xf32>
      %5 = arith.addf %x, %4 : tensor<?x64xf32>
      return %5 : tensor<?x64xf32>
    }
    func.func @fused(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %gate_up = trafo.get @gate_up : !trafo.weight<192x64xq4_1>
      %down = trafo.get @down : !trafo.weight<64x96xq4_1>
      %h = trafo.gate_up gelu_tanh %x weights(%gate_up : !trafo.weight<192x64xq4_1>) : tensor<?x64xf32> -> tensor<?x96xf32>
      %y = trafo.linear_add %h, %down onto %x : tensor<?x96xf32>, !trafo.weight<64x96xq4_1> -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
  )");
  Rows whole = run("whole"), parts = run("parts"), fused = run("fused");
  EXPECT_EQ(whole.values, parts.values);
  EXPECT_EQ(whole.values, fused.values);
  EXPECT_NE(whole.values, x.values);
}

TEST_F(InterpreterTest, FormsOfAttentionAgree) {
  parseFunctions(R"(
    func.func @parts(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index) -> tensor<?x64xf32> {
      %q = trafo.get @q : !trafo.weight<64x64xq4_1>
      %k = trafo.get @k : !trafo.weight<32x64xq4_1>
      %v = trafo.get @v : !trafo.weight<32x64xq4_1>
      %1 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
      %2 = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
      %3 = trafo.linear %x, %v : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
      %4 = trafo.rope %1, %rows heads 4 x 16 <dims = 16, base = 100.0> : tensor<?x64xf32>
      %5 = trafo.rope %2, %rows heads 2 x 16 <dims = 16, base = 100.0> : tensor<?x32xf32>
      trafo.kv_write %kv[%layer], %5, %3, %rows : !trafo.kv<1x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
      %6 = trafo.attention %4, %kv[%layer], %rows heads 4 scale 2.5e-01 : tensor<?x64xf32>, !trafo.kv<1x2x16xf16>
      return %6 : tensor<?x64xf32>
    }
    func.func @fused(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index) -> tensor<?x64xf32> {
      %qkv = trafo.get @qkv : !trafo.weight<128x64xq4_1>
      %table = trafo.get @table : !trafo.weight<16x32xf32>
      %0 = trafo.qkv_rope %x weights(%qkv : !trafo.weight<128x64xq4_1>) table %table : !trafo.weight<16x32xf32> cache %kv[%layer] rows %rows heads 4 : tensor<?x64xf32>, !trafo.kv<1x2x16xf16> -> tensor<?x64xf32>
      %1 = trafo.attention %0, %kv[%layer], %rows heads 4 scale 2.5e-01 : tensor<?x64xf32>, !trafo.kv<1x2x16xf16>
      return %1 : tensor<?x64xf32>
    }
  )");
  Rows parts = run("parts"), fused = run("fused"), compiled = run("fused", true);
  for (size_t i = 0; i < parts.values.size(); ++i) {
    ASSERT_NEAR(parts.values[i], fused.values[i], 1e-6);
    ASSERT_NEAR(parts.values[i], compiled.values[i], 1e-2);
    EXPECT_EQ(compiled.values[i], static_cast<float>(compiled.values[i])); // rounded to f32 as every result
  }
  EXPECT_NE(parts.values, compiled.values);
}

TEST_F(InterpreterTest, NormsOfSumsAreEqual) {
  parseFunctions(R"(
    func.func @parts(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %n = trafo.get @n : !trafo.weight<64xf32>
      %b = trafo.get @b : !trafo.weight<64xf32>
      %0 = trafo.layer_norm %x, %n bias %b : !trafo.weight<64xf32> eps 1.0e-05 : tensor<?x64xf32>, !trafo.weight<64xf32>
      %1 = arith.addf %0, %x : tensor<?x64xf32>
      %2 = trafo.rms_norm %1, %n eps 1.0e-05 : tensor<?x64xf32>, !trafo.weight<64xf32>
      return %2 : tensor<?x64xf32>
    }
    func.func @fused(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %n = trafo.get @n : !trafo.weight<64xf32>
      %b = trafo.get @b : !trafo.weight<64xf32>
      %0 = trafo.layer_norm %x, %n bias %b : !trafo.weight<64xf32> eps 1.0e-05 : tensor<?x64xf32>, !trafo.weight<64xf32>
      %1 = trafo.add_rms_norm %0, %x, %n eps 1.0e-05 : tensor<?x64xf32>, !trafo.weight<64xf32>
      return %1 : tensor<?x64xf32>
    }
  )");
  EXPECT_EQ(run("parts").values, run("fused").values);
}

TEST_F(InterpreterTest, NumericClassShowsOnlyAsCompiled) {
  parseFunctions(R"(
    func.func @plain(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %q = trafo.get @q : !trafo.weight<64x64xq4_1>
      %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
      return %0 : tensor<?x64xf32>
    }
    func.func @int8(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %q = trafo.get @q : !trafo.weight<64x64xq4_1>
      %0 = trafo.linear %x, %q via i8_g32 : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
      return %0 : tensor<?x64xf32>
    }
    func.func @two_terms(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %q = trafo.get @q : !trafo.weight<64x64xq4_1>
      %0 = trafo.linear %x, %q via i8x2_g32 : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
      return %0 : tensor<?x64xf32>
    }
  )");
  EXPECT_EQ(run("plain").values, run("int8").values);
  Rows exact = run("plain");
  auto worst = [&](const Rows &rounded) {
    double result = 0;
    for (size_t i = 0; i < exact.values.size(); ++i)
      result = std::max(result, std::fabs(exact.values[i] - rounded.values[i]));
    return result;
  };
  double one = worst(run("int8", true)), two = worst(run("two_terms", true));
  EXPECT_GT(one, 1e-5);
  EXPECT_LT(one, 2e-2);
  EXPECT_LT(two, one / 100); // codes are 256 times finer
  EXPECT_GT(two, 1e-9);
}

// What a row gives does not depend on the cut of its sequence into steps, nor on other sequences beside it.
TEST_F(InterpreterTest, CutsAndNeighboursChangeNothing) {
  parseTinyDecoder();
  Interpreter one(*module, {}), cut(*module, {}), beside(*module, {});
  auto whole = one.step(sequenceStep({7, 3, 90, 41, 8}));
  ASSERT_TRUE(mlir::succeeded(whole)) << message;
  EXPECT_EQ(whole->count, 5);
  EXPECT_EQ(whole->columns, 100);
  ASSERT_TRUE(mlir::succeeded(cut.step(sequenceStep({7, 3, 90}))));
  auto rest = cut.step(sequenceStep({41, 8}, 3));
  ASSERT_TRUE(mlir::succeeded(rest));
  StepRows mixed;
  mixed.tokens = {5, 7, 6, 3, 90, 41, 8};
  mixed.positions = {0, 0, 1, 1, 2, 3, 4};
  mixed.sequences = {1, 0, 1, 0, 0, 0, 0};
  mixed.outputs = {6};
  auto last = beside.step(mixed);
  ASSERT_TRUE(mlir::succeeded(last));
  ASSERT_EQ(last->count, 1);
  for (int64_t i = 0; i < 100; ++i) {
    ASSERT_EQ(whole->row(4)[i], rest->row(1)[i]);
    ASSERT_EQ(whole->row(4)[i], last->row(0)[i]);
  }
}

TEST_F(InterpreterTest, SaysWhatItCannotRun) {
  parseTinyDecoder();
  Interpreter interpreter(*module, {});
  EXPECT_TRUE(mlir::failed(interpreter.step(sequenceStep({1, 100}))));
  EXPECT_EQ(message, "token 100 is not in the table's 100 rows");
  parse("module {}");
  EXPECT_TRUE(mlir::failed(Interpreter(*module, {}).step(sequenceStep({1}))));
  EXPECT_EQ(message, "expects a function @step of trafo ops");
  parse(R"(func.func @step(%rows: !trafo.rows) -> tensor<?x4xf32> {
    %0 = "arith.constant"() {value = dense<1.0> : tensor<2x4xf32>} : () -> tensor<2x4xf32>
    %1 = builtin.unrealized_conversion_cast %0 : tensor<2x4xf32> to tensor<?x4xf32>
    return %1 : tensor<?x4xf32>
  })");
  EXPECT_TRUE(mlir::failed(Interpreter(*module, {}).step(sequenceStep({1}))));
  EXPECT_EQ(message, "the reference does not know 'arith.constant'");
}
} // namespace
