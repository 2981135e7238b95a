//===- BuildModuleTest.cpp - the Import form of described models ----------===//
#include "lib/Import/IR/BuildModule.h"
#include "dialects/Trafo/IR/TrafoOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

#include <deque>

using namespace trafo;

namespace {
class BuildModule : public testing::Test {
protected:
  BuildModule() {
    context.getDiagEngine().registerHandler([this](mlir::Diagnostic &diagnostic) { message = diagnostic.str(); });
    checkpoint.path = "m.gguf";
    spec.hidden = 64;
    spec.heads = 4;
    spec.kvHeads = 2;
    spec.headSize = 16;
    spec.ffn = 96;
    spec.vocab = 100;
    spec.normEps = 1e-5f;
    spec.ropeDims = 16;
    spec.attentionScale = 0.25f;
    spec.tiedHead = true;
    spec.embedding = spec.output = tensor("token_embd.weight", {100, 64}, Format::Q8_0);
    spec.outputNorm = tensor("output_norm.weight", {64}, Format::F32);
  }

  /// Adds a tensor to the checkpoint; its name.
  std::string tensor(const std::string &name, std::vector<int64_t> dims, Format format) {
    names.push_back(name);
    checkpoint.tensorsByName[names.back()] = checkpoint.tensors.size();
    checkpoint.tensors.push_back({names.back(), format, std::move(dims), 1000 + 32 * checkpoint.tensors.size(), 0});
    return name;
  }

  /// Adds a layer whose linears are of one format.
  LayerTensors &layer(Format format = Format::Q4_1) {
    std::string prefix = "blk." + std::to_string(spec.layers++) + ".";
    LayerTensors t;
    t.attnNorm = tensor(prefix + "attn_norm", {64}, Format::F32);
    t.q = tensor(prefix + "attn_q", {64, 64}, format);
    t.k = tensor(prefix + "attn_k", {32, 64}, format);
    t.v = tensor(prefix + "attn_v", {32, 64}, format);
    t.o = tensor(prefix + "attn_output", {64, 64}, format);
    t.ffnNorm = tensor(prefix + "ffn_norm", {64}, Format::F32);
    t.gate = tensor(prefix + "ffn_gate", {96, 64}, format);
    t.up = tensor(prefix + "ffn_up", {96, 64}, format);
    t.down = tensor(prefix + "ffn_down", {64, 96}, format);
    spec.layerTensors.push_back(t);
    return spec.layerTensors.back();
  }

  bool import() {
    auto result = importModel(context, checkpoint, spec, options);
    if (mlir::failed(result))
      return false;
    module = std::move(*result);
    return true;
  }

  mlir::func::FuncOp function(llvm::StringRef name) { return module->lookupSymbol<mlir::func::FuncOp>(name); }

  /// The mnemonics of a function's ops, and of the ops of a kind.
  std::string ops(llvm::StringRef name) {
    std::string text;
    for (mlir::Operation &op : function(name).getBody().front())
      text += op.getName().getStringRef().str() + " ";
    return text;
  }
  LayersOp layers() {
    LayersOp found;
    module->walk([&](LayersOp op) { found = op; });
    return found;
  }
  std::string schedule() {
    std::string text;
    for (auto entry : layers().getSchedule().getAsRange<LayerAttr>())
      text += entry.getBody().getValue().str() + " ";
    return text;
  }

  mlir::MLIRContext context;
  std::deque<std::string> names; // what the checkpoint's views look at
  Checkpoint checkpoint;
  DecoderSpec spec;
  ImportOptions options;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string message;
};

TEST_F(BuildModule, IsTheImportForm) {
  layer();
  layer();
  options.maxContext = 128;
  ASSERT_TRUE(import()) << message;
  auto config = (*module)->getAttrOfType<ConfigAttr>(kConfigAttrName);
  ASSERT_TRUE(config);
  EXPECT_EQ(config.getMaxContext(), 128);
  EXPECT_EQ(ops("step"), "trafo.get trafo.embedding trafo.layers trafo.select_rows trafo.get trafo.rms_norm "
                         "trafo.lm_head func.return ");
  EXPECT_EQ(ops("decoder"), "trafo.rms_norm trafo.linear trafo.linear trafo.linear trafo.rope trafo.rope "
                            "trafo.kv_write trafo.attention trafo.linear arith.addf trafo.rms_norm trafo.gated_mlp "
                            "arith.addf func.return ");
  EXPECT_TRUE(function("decoder").isPrivate());
  EXPECT_TRUE(function("step").isPublic());
  auto weight = module->lookupSymbol<WeightOp>("blk.1.attn_q");
  ASSERT_TRUE(weight);
  auto source = llvm::dyn_cast_or_null<FileAttr>(weight.getSourceAttr());
  ASSERT_TRUE(source);
  EXPECT_EQ(source.getPath(), "m.gguf");
  EXPECT_EQ(source.getOffset(), checkpoint.findTensor("blk.1.attn_q")->fileOffset);
  EXPECT_EQ(weight.getWeightType(), WeightType::get(&context, {64, 64}, Format::Q4_1));
}

TEST_F(BuildModule, DepthCostsWeightsNotBodies) {
  for (int i = 0; i < 40; ++i)
    layer();
  ASSERT_TRUE(import()) << message;
  EXPECT_EQ(std::distance(module->getOps<mlir::func::FuncOp>().begin(), module->getOps<mlir::func::FuncOp>().end()), 2);
  EXPECT_EQ(std::distance(module->getOps<WeightOp>().begin(), module->getOps<WeightOp>().end()), 2 + 40 * 9);
  EXPECT_EQ(layers().getSchedule().size(), 40u);
}

TEST_F(BuildModule, MixedFormatsHaveABodyEach) {
  layer(Format::Q4_1);
  layer(Format::Q8_0);
  layer(Format::Q4_1);
  layer(Format::F16);
  ASSERT_TRUE(import()) << message;
  EXPECT_EQ(schedule(), "decoder decoder_1 decoder decoder_2 ");
}

TEST_F(BuildModule, AnUntiedHeadIsItsOwnWeight) {
  layer();
  spec.tiedHead = false;
  spec.output = tensor("output.weight", {100, 64}, Format::F16);
  ASSERT_TRUE(import()) << message;
  LmHeadOp head;
  module->walk([&](LmHeadOp op) { head = op; });
  EXPECT_EQ(head.getWeight().getDefiningOp<GetOp>().getWeight(), "output.weight");
}

TEST_F(BuildModule, BiasesAreOperandsAndAnMlpWithThemIsLinears) {
  LayerTensors &t = layer();
  t.qBias = tensor("q.bias", {64}, Format::F32);
  t.kBias = tensor("k.bias", {32}, Format::F32);
  t.vBias = tensor("v.bias", {32}, Format::F32);
  ASSERT_TRUE(import()) << message;
  int biased = 0;
  module->walk([&](LinearOp op) { biased += op.getBias() ? 1 : 0; });
  EXPECT_EQ(biased, 3);
  t.downBias = tensor("down.bias", {64}, Format::F32);
  ASSERT_TRUE(import()) << message;
  EXPECT_EQ(ops("decoder").find("trafo.gated_mlp"), std::string::npos);
  EXPECT_NE(ops("decoder").find("trafo.activation arith.mulf trafo.linear arith.addf"), std::string::npos);
}

TEST_F(BuildModule, RopeIsWhatTheModelSays) {
  layer();
  spec.ropePairing = RopePairing::Halves;
  spec.ropeBase = 500000.0f;
  spec.ropeDims = 8;
  spec.ropeScaling.kind = RopeScalingKind::Linear;
  spec.ropeScaling.factor = 4.0f;
  ASSERT_TRUE(import()) << message;
  int ropes = 0;
  module->walk([&](RopeOp op) {
    ++ropes;
    EXPECT_EQ(op.getRope(),
              RopeAttr::get(&context, 8, 500000.0, RopePairingMode::Halves, RopeScalingMode::Linear, 4.0, 0));
    EXPECT_EQ(op.getHeadSize(), 16u);
  });
  EXPECT_EQ(ropes, 2);
}

TEST_F(BuildModule, FrequencyFactorsAreAWeightOfEveryLayer) {
  layer();
  layer();
  spec.ropeScaling.kind = RopeScalingKind::Factors;
  spec.ropeScaling.factors = tensor("rope_freqs.weight", {8}, Format::F32);
  ASSERT_TRUE(import()) << message;
  for (auto entry : layers().getSchedule().getAsRange<LayerAttr>())
    EXPECT_EQ(entry.getSlots().back().getValue(), "rope_freqs.weight");
  module->walk([&](RopeOp op) { EXPECT_TRUE(op.getFactors()); });
}

TEST_F(BuildModule, RandomWeightsNameNoFile) {
  layer();
  options.randomSeed = 7;
  ASSERT_TRUE(import()) << message;
  for (WeightOp weight : module->getOps<WeightOp>()) {
    auto source = llvm::dyn_cast_or_null<RandomAttr>(weight.getSourceAttr());
    ASSERT_TRUE(source);
    EXPECT_EQ(source.getSeed(), 7u);
  }
}

TEST_F(BuildModule, AttentionTakesWindowSoftcapAndCacheFormat) {
  layer();
  spec.window = 256;
  spec.attentionSoftcap = 50.0f;
  options.kvFormat = KVFormat::BF16;
  ASSERT_TRUE(import()) << message;
  module->walk([&](AttentionOp op) {
    EXPECT_EQ(op.getWindow(), 256u);
    EXPECT_EQ(op.getSoftcap().convertToFloat(), 50.0f);
    EXPECT_EQ(op.getScale().convertToFloat(), 0.25f);
    EXPECT_EQ(op.getCache().getType(), KVCacheType::get(&context, 1, 2, 16, KVFormat::BF16, 0));
  });
}

TEST_F(BuildModule, RefusesWhatTheDialectCanNotSay) {
  layer();
  spec.logitSoftcap = 30.0f;
  EXPECT_FALSE(import());
  EXPECT_NE(message.find("a soft cap of logits is not supported, got 3"), std::string::npos) << message;
  spec.logitSoftcap = 0;

  spec.ropeScaling.kind = RopeScalingKind::Yarn;
  spec.ropeScaling.originalContext = 4096;
  spec.ropeScaling.betaFast = 16.0f;
  EXPECT_FALSE(import());
  EXPECT_NE(message.find("yarn scaling is supported with"), std::string::npos) << message;
  spec.ropeScaling.betaFast = 32.0f;
  EXPECT_TRUE(import()) << message;
}

TEST_F(BuildModule, RefusesBoundsAndShapes) {
  layer();
  options.maxContext = 100;
  EXPECT_FALSE(import());
  EXPECT_NE(message.find("expects max_context to be a positive multiple of 64, got 100"), std::string::npos) << message;
  options.maxContext = 128;

  options.kvFormat = KVFormat::Int8;
  options.kvGroup = 12;
  EXPECT_FALSE(import());
  EXPECT_NE(message.find("KV cache: expects groups of int8 that divide the head size 16"), std::string::npos)
      << message;
  options.kvGroup = 0;

  spec.layerTensors[0].up = tensor("cube", {2, 48, 64}, Format::F32);
  EXPECT_FALSE(import());
  EXPECT_NE(message.find("tensor 'cube': expects a weight of 1 or 2 dimensions, got 3"), std::string::npos) << message;

  spec.layerTensors[0].up = "absent";
  EXPECT_FALSE(import());
  EXPECT_NE(message.find("expects a tensor 'absent', got none"), std::string::npos) << message;

  spec.layerTensors[0].up = tensor("narrow", {64, 64}, Format::F32);
  EXPECT_FALSE(import()) << "the verifier sees that gate and up differ";
  EXPECT_NE(message.find("expects gate and up of equal shapes"), std::string::npos) << message;
}
} // namespace
