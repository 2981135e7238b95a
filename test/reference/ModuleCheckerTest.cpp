//===- ModuleCheckerTest.cpp - broken passes are named --------------------===//
#include "ParsedModule.h"
#include "dialects/Plan/IR/PlanOps.h"
#include "lib/Compiler/Register.h"
#include "lib/Reference/Bounds.h"
#include "lib/Reference/Reference.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

#include <limits>

using namespace trafo;

namespace {
class ModuleCheckerTest : public ParsedModule {
protected:
  static void SetUpTestSuite() {
    auto plugin = mlir::PassPlugin::load(TRAFO_BROKEN_REWRITE);
    ASSERT_TRUE(bool(plugin)) << llvm::toString(plugin.takeError());
    plugin->registerPassRegistryCallbacks();
    registerAllPasses();
  }
  bool check(llvm::StringRef pipeline) {
    mlir::PassManager passes(&context);
    EXPECT_TRUE(mlir::succeeded(mlir::parsePassPipeline(pipeline, passes))) << message;
    said.clear();
    llvm::raw_string_ostream out(said);
    return mlir::succeeded(checkModule(*module, passes, CheckOptions(), out));
  }
  std::string said;
};

TEST_F(ModuleCheckerTest, HonestPassIsEqual) {
  parseTinyDecoder();
  EXPECT_TRUE(check("test-harmless")) << message;
  EXPECT_NE(said.find("test-harmless                        equal"), std::string::npos) << said;
}

TEST_F(ModuleCheckerTest, PassThatChangesNothingIsNotRun) {
  parseTinyDecoder();
  EXPECT_TRUE(check("test-harmless,test-harmless")) << message;
  EXPECT_EQ(said.find("test-harmless"), said.rfind("test-harmless")) << said;
}

TEST_F(ModuleCheckerTest, SwappedGateAndUp) {
  parseTinyDecoder();
  EXPECT_FALSE(check("test-harmless,test-swap-gate-and-up,test-change-eps"));
  EXPECT_NE(message.find("pass 'test-swap-gate-and-up' breaks its bound: layer 0, trafo.gated_mlp ("),
            std::string::npos)
      << message;
  EXPECT_NE(said.find("test-swap-gate-and-up                BROKEN"), std::string::npos) << said;
  EXPECT_EQ(said.find("test-change-eps"), std::string::npos) << "only the first one is named\n" << said;
}

TEST_F(ModuleCheckerTest, ChangedEps) {
  parseTinyDecoder();
  EXPECT_FALSE(check("test-change-eps"));
  EXPECT_NE(message.find("pass 'test-change-eps' breaks its bound: layer 0, trafo.rms_norm ("), std::string::npos)
      << message;
}

TEST_F(ModuleCheckerTest, WeightOfAnotherLayer) {
  parseTinyDecoder();
  EXPECT_FALSE(check("test-mix-up-layers"));
  EXPECT_NE(message.find("pass 'test-mix-up-layers' breaks its bound: layer 1, trafo.linear ("), std::string::npos)
      << message;
}

TEST_F(ModuleCheckerTest, EveryPassUpToQuantize) {
  parseTinyDecoder();
  EXPECT_TRUE(check("trafo-normalize-pipeline,trafo-fuse-pipeline,trafo-quantize-pipeline")) << message << said;
  for (llvm::StringRef line :
       {"trafo-decompose-mlp                  equal", "trafo-fuse-qkv                       within",
        "trafo-fuse-gate-up                   equal", "trafo-fuse-linear-add                equal",
        "trafo-assign-numerics                equal"})
    EXPECT_NE(said.find(line), std::string::npos) << line.str() << "\n" << said;
}

/// The road up to Quantize.
#define TRAFO_TEST_ROAD "trafo-normalize-pipeline,trafo-fuse-pipeline,trafo-quantize-pipeline,"

class StageCheckerTest : public ModuleCheckerTest {
protected:
  void SetUp() override {
    context.loadDialect<plan::PlanDialect>();
    parseTinyDecoder();
    (*module)->setAttr(plan::kTargetAttr,
                       plan::TargetAttr::get(&context, "test", "x86_64-unknown-linux-gnu", "x86-64", "", 0,
                                             plan::DotKind::Generic, /*tile_tokens=*/2, /*tile_groups=*/3,
                                             /*panel_rows=*/8, /*prefetch_bytes=*/0, plan::LibraryForm::None,
                                             plan::LibraryForm::None,
                                             /*float_tokens=*/6, /*pair_tokens=*/3));
  }
};

TEST_F(StageCheckerTest, EveryPassDownToLower) {
  EXPECT_TRUE(check(TRAFO_TEST_ROAD "trafo-plan-pipeline,trafo-tile-pipeline,trafo-x86-pipeline,trafo-lower-pipeline"))
      << message << said;
  for (llvm::StringRef line :
       {"trafo-plan-step", "trafo-pack-weights", "trafo-tile-contract", "trafo-tile-attention", "trafo-outline-stages",
        "trafo-lower-block-contract-generic", "convert-func-to-llvm", "trafo-emit-entry"})
    EXPECT_NE(said.find(line), std::string::npos) << line.str() << "\n" << said;
  EXPECT_EQ(said.find("BROKEN"), std::string::npos) << said;
  RecordProperty("verdicts", said);
}

TEST_F(StageCheckerTest, ForgottenProduct) {
  EXPECT_FALSE(check(TRAFO_TEST_ROAD "trafo-plan-pipeline,test-forget-product,trafo-tile-pipeline"));
  EXPECT_NE(message.find("pass 'test-forget-product' breaks its bound: layer 0, trafo.gate_up ("), std::string::npos)
      << message;
  EXPECT_NE(message.find("stage @decoder.gate_up"), std::string::npos) << message;
}

TEST_F(StageCheckerTest, CodesRoundedDown) {
  EXPECT_FALSE(check(TRAFO_TEST_ROAD "trafo-plan-pipeline,trafo-pack-weights,trafo-tile-contract,trafo-tile-prepare,"
                                     "test-round-down,trafo-tile-embed"));
  EXPECT_NE(message.find("pass 'test-round-down' breaks its bound: layer 0, trafo.qkv_rope ("), std::string::npos)
      << message;
}

TEST_F(ModuleCheckerTest, ModuleThatCannotBeRun) {
  parse("module {}");
  EXPECT_FALSE(check("test-harmless"));
  EXPECT_EQ(message, "expects a module at trafo level, with a function @step, to check");
}

TraceEntry entry(std::vector<std::string> names, int64_t columns, int64_t layer = 0) {
  TraceEntry result;
  result.layer = layer;
  result.names = std::move(names);
  result.rows = Rows(1, columns);
  return result;
}

TEST(Partners, ByNameShapeAndLayer) {
  Trace before = {entry({"gate"}, 8), entry({"up"}, 8),   entry({"act"}, 8),
                  entry({"mul"}, 8),  entry({"down"}, 4), entry({"gate"}, 8, 1)};
  // A fused op gives what the last of its parts gave; a part of the wrong shape has no partner.
  Trace after = {entry({"act", "gate", "mul", "up"}, 8), entry({"down"}, 4), entry({"down"}, 5), entry({"new"}, 8),
                 entry({"gate"}, 8, 1)};
  EXPECT_EQ(partners(before, after), (std::vector<int64_t>{3, 4, -1, -1, 5}));
  // One op that became several: the last of its shape has its result.
  EXPECT_EQ(partners({entry({"mlp"}, 4)}, {entry({"mlp"}, 8), entry({"mlp"}, 4), entry({"mlp"}, 4)}),
            (std::vector<int64_t>{-1, -1, 0}));
}

TEST(LocationNames, OfParts) {
  mlir::MLIRContext context;
  auto named = [&](llvm::StringRef name, mlir::Location of) {
    return mlir::NameLoc::get(mlir::StringAttr::get(&context, name), of);
  };
  mlir::Location ffn = named("ffn", mlir::UnknownLoc::get(&context));
  mlir::Location gate = named("gate", ffn), line = mlir::FileLineColLoc::get(&context, "x.mlir", 3, 4);
  EXPECT_EQ(locationNames(ffn), (std::vector<std::string>{"ffn"}));
  EXPECT_EQ(locationNames(gate), (std::vector<std::string>{"ffn.gate"}));
  EXPECT_EQ(locationNames(mlir::FusedLoc::get(&context, {named("up", line), gate})),
            (std::vector<std::string>{"ffn.gate", "x.mlir:3:4.up"}));
}

TEST(RelativeDifference, OfRows) {
  Rows a(2, 2), b(2, 2);
  a.values = {1, -4, 10, 20};
  b.values = {1, -4, 10, 20};
  EXPECT_EQ(relativeDifference(a, b, false), 0);
  b.values[0] = 1.5;
  EXPECT_EQ(relativeDifference(a, b, false), 0.125);
  b.values = {-4, 1, 20, 10};
  EXPECT_GT(relativeDifference(a, b, false), 0);
  EXPECT_EQ(relativeDifference(a, b, true), 0);
  b.values = a.values;
  b.values[3] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(relativeDifference(a, b, false), std::numeric_limits<double>::infinity());
}

// A few rows may have a code on the other side of a rounding; most may not, and none far off.
TEST(CompareStage, FewRowsMayDiffer) {
  Rows want(9, 2), got(9, 2);
  for (size_t i = 0; i < want.values.size(); ++i)
    want.values[i] = got.values[i] = 1.0 + static_cast<double>(i);
  StageBound bound{1e-4, 1e-2};
  EXPECT_FALSE(compareStage(want, got, bound).broken);
  for (int64_t r = 0; r < 3; ++r)
    got.row(r)[1] *= 1.005;
  EXPECT_FALSE(compareStage(want, got, bound).broken);
  got.row(5)[0] *= 1.002;
  EXPECT_TRUE(compareStage(want, got, bound).broken);
  EXPECT_EQ(compareStage(want, got, bound).bound, 1e-4);
  got = want;
  got.row(8)[1] *= 1.02;
  EXPECT_TRUE(compareStage(want, got, bound).broken);
  EXPECT_EQ(compareStage(want, got, bound).bound, 1e-2);
}

TEST(Bounds, AreZeroUnlessStated) {
  EXPECT_EQ(boundOf("trafo-fuse-gate-up", "trafo.gate_up").relative, 0.0);
  EXPECT_EQ(boundOf("anything", "trafo.linear").relative, 0.0);
  EXPECT_TRUE(boundOf("trafo-pair-rope", "trafo.rope").anyOrder);
  EXPECT_FALSE(boundOf("trafo-pair-rope", "trafo.attention").anyOrder);
  EXPECT_GT(boundOf("trafo-fuse-qkv", "trafo.attention").relative, 0.0);
}
} // namespace
