//===- SameLogitsTest.cpp - passes keep what a model computes -------------===//
//
// Runs variants of the decoder of two layers through the interpreter before and after each of the first stages. What
// moves values must give the same bits; what reorders a sum or rounds may differ by that.
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/TrafoDialect.h"
#include "lib/Reference/Interpreter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Fuse/Passes.h"
#include "passes/Normalize/Passes.h"
#include "passes/Quantize/Passes.h"
#include "gtest/gtest.h"

#include <cmath>
#include <fstream>
#include <sstream>

using namespace trafo;

namespace {
/// A replacement in the decoder's text.
struct Change {
  std::string from, to;
};

class SameLogits : public testing::Test {
protected:
  SameLogits() {
    context.loadDialect<TrafoDialect, mlir::arith::ArithDialect, mlir::func::FuncDialect>();
    context.getDiagEngine().registerHandler([this](mlir::Diagnostic &diagnostic) { message = diagnostic.str(); });
  }

  void parse(const std::vector<Change> &changes) {
    std::stringstream text;
    text << std::ifstream(TRAFO_TINY_DECODER).rdbuf();
    std::string ir = text.str();
    for (const Change &change : changes) {
      size_t at = ir.find(change.from);
      ASSERT_NE(at, std::string::npos) << change.from;
      for (; at != std::string::npos; at = ir.find(change.from, at + change.to.size()))
        ir.replace(at, change.from.size(), change.to);
    }
    module = mlir::parseSourceString<mlir::ModuleOp>(ir, mlir::ParserConfig(&context));
    ASSERT_TRUE(module) << message;
  }

  /// The logits of six tokens, the last two in a step of their own.
  std::vector<double> logits() {
    Interpreter interpreter(*module, {});
    std::vector<double> all;
    for (const StepRows &step : {sequenceStep({3, 14, 15, 92}), sequenceStep({65, 35}, 4)}) {
      auto rows = interpreter.step(step);
      EXPECT_TRUE(mlir::succeeded(rows)) << message;
      if (mlir::succeeded(rows))
        all.insert(all.end(), rows->values.begin(), rows->values.end());
    }
    EXPECT_EQ(all.size(), 600u);
    return all;
  }

  template <class Build> void run(Build build) {
    mlir::PassManager pm(&context);
    build(pm);
    ASSERT_TRUE(mlir::succeeded(pm.run(*module))) << message;
  }

  /// The greatest difference, as a part of the greatest logit.
  static double distance(const std::vector<double> &a, const std::vector<double> &b) {
    double difference = 0, greatest = 0;
    for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
      difference = std::max(difference, std::isfinite(b[i]) ? std::abs(a[i] - b[i]) : INFINITY);
      greatest = std::max(greatest, std::abs(a[i]));
    }
    EXPECT_GT(greatest, 0);
    return difference / greatest;
  }

  /// Runs both stages; `normalize` bounds what the first may change. Fuse's cosines and sines are rounded to f32.
  void keepsLogits(const std::vector<Change> &changes, double normalize = 0, double fuse = 1e-6) {
    ASSERT_NO_FATAL_FAILURE(parse(changes));
    std::vector<double> imported = logits();
    run([](mlir::OpPassManager &pm) { buildNormalizePipeline(pm); });
    std::vector<double> normalized = logits();
    EXPECT_LE(distance(imported, normalized), normalize);
    run([](mlir::OpPassManager &pm) { buildFusePipeline(pm); });
    std::vector<double> fused = logits();
    EXPECT_LE(distance(normalized, fused), fuse);
    run([](mlir::OpPassManager &pm) { buildQuantizePipeline(pm); });
    EXPECT_EQ(logits(), fused); // numeric classes count where rounding is asked for, and here it is not
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string message;
};

const Change kHalves = {"base = 1.0e+05", "base = 1.0e+05, pairing = halves"};
const Change kPartly = {"<dims = 16", "<dims = 10"};

TEST_F(SameLogits, Imported) { keepsLogits({}); }
// Dot products of permuted heads are added up in another order.
TEST_F(SameLogits, Halves) { keepsLogits({kHalves}, 1e-12); }
TEST_F(SameLogits, HalvesOfAPartOfTheHead) { keepsLogits({kHalves, kPartly}, 1e-12); }
TEST_F(SameLogits, APartOfTheHead) { keepsLogits({kPartly}); }
TEST_F(SameLogits, LinearScaling) {
  keepsLogits({{"base = 1.0e+05", "base = 1.0e+04, scaling = linear, factor = 4.0"}});
}
TEST_F(SameLogits, Yarn) {
  keepsLogits({{"base = 1.0e+05", "base = 1.0e+04, scaling = yarn, factor = 4.0, original_context = 64"}});
}
TEST_F(SameLogits, NoRope) {
  keepsLogits({{"%4 = trafo.rope %1, %rows heads 4 x 16 <dims = 16, base = 1.0e+05> : tensor<?x64xf32>", ""},
               {"%5 = trafo.rope %2, %rows heads 2 x 16 <dims = 16, base = 1.0e+05> : tensor<?x32xf32>", ""},
               {"%5, %3, %rows", "%2, %3, %rows"},
               {"trafo.attention %4,", "trafo.attention %1,"}},
              0, 0);
}
TEST_F(SameLogits, FormatsOfQKVDiffer) {
  keepsLogits({{"%v: !trafo.weight<32x64xq4_1>", "%v: !trafo.weight<32x64xq5_0>"},
               {"%v : tensor<?x64xf32>, !trafo.weight<32x64xq4_1>", "%v : tensor<?x64xf32>, !trafo.weight<32x64xq5_0>"},
               {"attn_v.weight : !trafo.weight<32x64xq4_1>", "attn_v.weight : !trafo.weight<32x64xq5_0>"}});
}
TEST_F(SameLogits, FormatsOfGateAndUpDiffer) {
  keepsLogits({{"%up: !trafo.weight<96x64xq4_1>", "%up: !trafo.weight<96x64xq8_0>"},
               {"!trafo.weight<96x64xq4_1>, !trafo.weight<96x64xq4_1>, !trafo.weight<64x96xq4_1>\n",
                "!trafo.weight<96x64xq4_1>, !trafo.weight<96x64xq8_0>, !trafo.weight<64x96xq4_1>\n"},
               {"ffn_up.weight : !trafo.weight<96x64xq4_1>", "ffn_up.weight : !trafo.weight<96x64xq8_0>"}});
}
TEST_F(SameLogits, BiasesInHalves) {
  keepsLogits({kHalves,
               {"  func.func private @decoder(", "  trafo.weight @qb : !trafo.weight<64xf32> from #trafo.random<2>\n"
                                                 "  trafo.weight @kb : !trafo.weight<32xf32> from #trafo.random<3>\n"
                                                 "  func.func private @decoder("},
               {"%down: !trafo.weight<64x96xq4_1>)",
                "%down: !trafo.weight<64x96xq4_1>, %qb: !trafo.weight<64xf32>, %kb: !trafo.weight<32xf32>)"},
               {"ffn_down.weight]>", "ffn_down.weight, @qb, @kb]>"},
               {"trafo.linear %0, %q :", "trafo.linear %0, %q bias %qb : !trafo.weight<64xf32> :"},
               {"trafo.linear %0, %k :", "trafo.linear %0, %k bias %kb : !trafo.weight<32xf32> :"},
               {"trafo.linear %0, %v :", "trafo.linear %0, %v bias %kb : !trafo.weight<32xf32> :"}},
              1e-12);
}
/// The gated MLP as it is imported where it has biases; `up` is its format.
std::vector<Change> biasedMlp(const std::string &up) {
  std::string wide = "tensor<?x96xf32>", in = "tensor<?x64xf32>, ";
  auto linear = [](std::string operands, std::string bias, std::string size, std::string types) {
    return "trafo.linear " + operands + " bias " + bias + " : !trafo.weight<" + size + "xf32> : " + types + "\n";
  };
  return {{"  func.func private @decoder(", "  trafo.weight @gb : !trafo.weight<96xf32> from #trafo.random<2>\n"
                                            "  trafo.weight @ub : !trafo.weight<96xf32> from #trafo.random<3>\n"
                                            "  trafo.weight @db : !trafo.weight<64xf32> from #trafo.random<4>\n"
                                            "  func.func private @decoder("},
          {"%down: !trafo.weight<64x96xq4_1>)", "%down: !trafo.weight<64x96xq4_1>, %gb: !trafo.weight<96xf32>, "
                                                "%ub: !trafo.weight<96xf32>, %db: !trafo.weight<64xf32>)"},
          {"%up: !trafo.weight<96x64xq4_1>", "%up: !trafo.weight<96x64x" + up + ">"},
          {"ffn_up.weight : !trafo.weight<96x64xq4_1>", "ffn_up.weight : !trafo.weight<96x64x" + up + ">"},
          {"ffn_down.weight]>", "ffn_down.weight, @gb, @ub, @db]>"},
          {"%10 = trafo.gated_mlp silu %9, %gate, %up, %down : tensor<?x64xf32>, !trafo.weight<96x64xq4_1>, "
           "!trafo.weight<96x64xq4_1>, !trafo.weight<64x96xq4_1>",
           "%g = " + linear("%9, %gate", "%gb", "96", in + "!trafo.weight<96x64xq4_1> -> " + wide) +
               "%u = " + linear("%9, %up", "%ub", "96", in + "!trafo.weight<96x64x" + up + "> -> " + wide) +
               "%a = trafo.activation silu %g : " + wide + "\n%m = arith.mulf %a, %u : " + wide + "\n%10 = " +
               linear("%m, %down", "%db", "64", wide + ", !trafo.weight<64x96xq4_1> -> tensor<?x64xf32>")}};
}
TEST_F(SameLogits, BiasedMlp) { keepsLogits(biasedMlp("q4_1")); }
TEST_F(SameLogits, BiasedMlpOfTwoFormats) { keepsLogits(biasedMlp("q8_0")); }
TEST_F(SameLogits, FrequencyFactors) {
  keepsLogits({{"  func.func private @decoder(", "  trafo.weight @ff : !trafo.weight<8xf32> from #trafo.splat<2.0>\n"
                                                 "  func.func private @decoder("},
               {"%down: !trafo.weight<64x96xq4_1>)", "%down: !trafo.weight<64x96xq4_1>, %ff: !trafo.weight<8xf32>)"},
               {"ffn_down.weight]>", "ffn_down.weight, @ff]>"},
               {"%rows heads 4 x", "%rows factors %ff : !trafo.weight<8xf32> heads 4 x"},
               {"%rows heads 2 x", "%rows factors %ff : !trafo.weight<8xf32> heads 2 x"}});
}
TEST_F(SameLogits, WindowAndSoftcap) {
  keepsLogits({{"scale 2.5e-01", "scale 2.5e-01 {window = 3 : i64, softcap = 1.0 : f32}"}});
}
// The residual stream is read by nothing but the norm: the sum goes into the norm, or onto the projection before it.
TEST_F(SameLogits, NormedOnTheWay) {
  keepsLogits({{"%8 = arith.addf %x, %7 : tensor<?x64xf32>", "%seven = trafo.activation relu %7 : tensor<?x64xf32>\n"
                                                             "    %8 = arith.addf %x, %seven : tensor<?x64xf32>"},
               {"%11 = arith.addf %8, %10 : tensor<?x64xf32>", "%11 = arith.addf %x, %10 : tensor<?x64xf32>"}});
}

// Requantising to a format that holds the values exactly changes nothing; to one that does not, something.
TEST_F(SameLogits, Requantize) {
  ASSERT_NO_FATAL_FAILURE(parse({{"xq4_1>", "xbf16>"}, {"xq8_0>", "xbf16>"}}));
  std::vector<double> before = logits();
  run([](mlir::OpPassManager &pm) { pm.addPass(createRequantizePass({"f32", ""})); });
  EXPECT_EQ(logits(), before);
  ASSERT_NO_FATAL_FAILURE(parse({{"xq4_1>", "xbf16>"}, {"xq8_0>", "xbf16>"}}));
  run([](mlir::OpPassManager &pm) {
    pm.addPass(createDecomposeMlpPass());
    pm.addPass(createRequantizePass({"q8_0", ""}));
  });
  std::vector<double> rounded = logits();
  EXPECT_GT(distance(before, rounded), 0);
  EXPECT_LT(distance(before, rounded), 0.05);
}
} // namespace
