//===- models_test.cpp - what good models are described as ----------------===//
#include "lib/Import/Gguf.h"
#include "lib/Import/Models/DecoderKeys.h"
#include "lib/Import/Models/Models.h"
#include "test/import/GgufBuilder.h"

#include <gtest/gtest.h>

#include <cstdlib>

using namespace trafo;
using namespace trafo::test;

namespace {

Result<Checkpoint> read(const std::string &bytes) {
  return readGguf(MappedFile::view("test.gguf", {reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}));
}

Result<DecoderSpec> describe(const GgufBuilder &builder) {
  std::string bytes = builder.bytes();
  auto checkpoint = read(bytes);
  if (!checkpoint)
    return std::move(checkpoint.error());
  return describeModel(*checkpoint);
}

TEST(Llama, Tiny) {
  auto spec = describe(tinyLlama());
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->architecture, "llama");
  EXPECT_EQ(spec->hidden, 32);
  EXPECT_EQ(spec->layers, 1);
  EXPECT_EQ(spec->heads, 2);
  EXPECT_EQ(spec->kvHeads, 1);
  EXPECT_EQ(spec->headSize, 16);
  EXPECT_EQ(spec->ffn, 64);
  EXPECT_EQ(spec->vocab, 8);
  EXPECT_EQ(spec->contextLength, 64);
  EXPECT_EQ(spec->normEps, 1e-5f);
  EXPECT_EQ(spec->ropeBase, 10000.0f);
  EXPECT_EQ(spec->ropeDims, 16);
  EXPECT_EQ(spec->ropePairing, RopePairing::Interleaved);
  EXPECT_EQ(spec->ropeScaling.kind, RopeScalingKind::None);
  EXPECT_EQ(spec->attentionScale, 0.25f);
  EXPECT_EQ(spec->window, 0);
  EXPECT_TRUE(spec->tiedHead);
  EXPECT_EQ(spec->output, "token_embd.weight");
  EXPECT_FALSE(spec->hasQkvBias || spec->hasOutBias || spec->hasMlpBias);
  EXPECT_EQ(spec->bos, 0u);
  EXPECT_EQ(spec->eos, 1u);
  ASSERT_EQ(spec->layerTensors.size(), 1u);
  EXPECT_EQ(spec->layerTensors[0].q, "blk.0.attn_q.weight");
  EXPECT_EQ(spec->layerTensors[0].down, "blk.0.ffn_down.weight");
  EXPECT_EQ(spec->layerTensors[0].qBias, "");
}

TEST(Llama, DefaultsOfAbsentKeys) {
  GgufBuilder builder = tinyLlama();
  builder.erase("llama.rope.freq_base").erase("llama.rope.dimension_count").erase("llama.vocab_size");
  auto spec = describe(builder);
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->ropeBase, 10000.0f);
  EXPECT_EQ(spec->ropeDims, 16);
  EXPECT_EQ(spec->vocab, 8);
}

TEST(Llama, HeadOfItsOwnAndBiases) {
  GgufBuilder builder = tinyLlama();
  builder.tensor("output.weight", {32, 8}, 8);
  for (auto [role, size] : {std::pair("attn_q", 32), {"attn_k", 16}, {"attn_v", 16}})
    builder.tensor(std::string("blk.0.") + role + ".bias", {static_cast<uint64_t>(size)});
  auto spec = describe(builder);
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_FALSE(spec->tiedHead);
  EXPECT_EQ(spec->output, "output.weight");
  EXPECT_TRUE(spec->hasQkvBias);
  EXPECT_FALSE(spec->hasOutBias);
  EXPECT_EQ(spec->layerTensors[0].kBias, "blk.0.attn_k.bias");
}

TEST(Llama, BiasOnOneFeedForwardLinearAlone) {
  GgufBuilder builder = tinyLlama();
  builder.tensor("blk.0.ffn_gate.bias", {64});
  auto spec = describe(builder);
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_TRUE(spec->hasMlpBias);
  EXPECT_EQ(spec->layerTensors[0].gateBias, "blk.0.ffn_gate.bias");
  EXPECT_EQ(spec->layerTensors[0].upBias, "");
}

TEST(Llama, HeadSizeOfItsOwn) {
  GgufBuilder builder = tinyLlama();
  builder.key("llama.attention.key_length", vU32(32)).key("llama.attention.value_length", vU32(32));
  builder.named("blk.0.attn_q.weight").dims = {32, 64};
  builder.named("blk.0.attn_q.weight").bytes *= 2;
  for (const char *name : {"blk.0.attn_k.weight", "blk.0.attn_v.weight"}) {
    builder.named(name).dims = {32, 32};
    builder.named(name).bytes *= 2;
  }
  builder.named("blk.0.attn_output.weight").dims = {64, 32};
  builder.named("blk.0.attn_output.weight").bytes *= 2;
  auto spec = describe(builder);
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->headSize, 32);
  EXPECT_EQ(spec->ropeDims, 16);
}

TEST(Llama, CountsGivenForEachLayer) {
  GgufBuilder builder = tinyLlama();
  builder.key("llama.attention.head_count", vNumbers<uint32_t>(kU32, {2}));
  builder.key("llama.attention.head_count_kv", vNumbers<int32_t>(kI32, {1}));
  auto spec = describe(builder);
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->heads, 2);
  EXPECT_EQ(spec->kvHeads, 1);
}

TEST(Llama, AWindowIsEveryLayersUnlessAPatternSaysOtherwise) {
  GgufBuilder builder = tinyLlama();
  builder.key("llama.attention.sliding_window", vU32(20));
  auto spec = describe(builder);
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->windowOf(0), 20);
  spec = describe(builder.key("llama.attention.sliding_window_pattern", vU32(1)));
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->windowOf(0), 0);
}

TEST(DecoderKeys, PatternOfLayers) {
  auto pattern = [](const std::string &value) -> std::string {
    std::string bytes = tinyLlama().key("llama.pattern", value).bytes();
    auto checkpoint = read(bytes);
    EXPECT_TRUE(checkpoint);
    DecoderKeys keys(*checkpoint);
    std::string text;
    for (bool has : keys.pattern("pattern", 4, true))
      text += has ? 'x' : '-';
    auto done = keys.finish();
    return done ? text : done.error().message;
  };
  EXPECT_EQ(pattern(vU32(0)), "xxxx");
  EXPECT_EQ(pattern(vU32(1)), "----");
  EXPECT_EQ(pattern(vU32(2)), "x-x-");
  EXPECT_EQ(pattern(vU32(3)), "xx-x");
  EXPECT_EQ(pattern(vNumbers<uint8_t>(kBool, {0, 1, 1, 0})), "-xx-");
  EXPECT_NE(pattern(vU32(5)).find("key \"llama.pattern\" is 5, expected 0 to 4"), std::string::npos);
  EXPECT_NE(pattern(vNumbers<uint8_t>(kBool, {0, 1, 1})).find("has 3 elements, expected one for each of 4 layers"),
            std::string::npos);
  EXPECT_NE(pattern(vNumbers<uint32_t>(kU32, {0, 1, 1, 0})).find("expected u32 or array of bool"), std::string::npos);
}

TEST(Llama, RopeScalings) {
  auto scaled = [](const char *type) {
    GgufBuilder builder = tinyLlama();
    builder.key("llama.rope.scaling.type", vText(type)).key("llama.rope.scaling.factor", vF32(4));
    return builder;
  };
  auto linear = describe(scaled("linear"));
  ASSERT_TRUE(linear) << linear.error().message;
  EXPECT_EQ(linear->ropeScaling.kind, RopeScalingKind::Linear);
  EXPECT_EQ(linear->ropeScaling.factor, 4.0f);

  auto yarn = describe(scaled("yarn")
                           .key("llama.rope.scaling.original_context_length", vU32(16))
                           .key("llama.rope.scaling.attn_factor", vF32(1.5f)));
  ASSERT_TRUE(yarn) << yarn.error().message;
  EXPECT_EQ(yarn->ropeScaling.kind, RopeScalingKind::Yarn);
  EXPECT_EQ(yarn->ropeScaling.originalContext, 16);
  EXPECT_EQ(yarn->ropeScaling.attentionFactor, 1.5f);
  EXPECT_EQ(yarn->ropeScaling.betaFast, 32.0f);

  GgufBuilder legacy = tinyLlama();
  legacy.key("llama.rope.scale_linear", vF32(2));
  auto old = describe(legacy);
  ASSERT_TRUE(old) << old.error().message;
  EXPECT_EQ(old->ropeScaling.kind, RopeScalingKind::Linear);
  EXPECT_EQ(old->ropeScaling.factor, 2.0f);

  GgufBuilder factors = tinyLlama();
  factors.tensor("rope_freqs.weight", {8});
  auto byTensor = describe(factors);
  ASSERT_TRUE(byTensor) << byTensor.error().message;
  EXPECT_EQ(byTensor->ropeScaling.kind, RopeScalingKind::Factors);
  EXPECT_EQ(byTensor->ropeScaling.factors, "rope_freqs.weight");
}

TEST(Llama, TheRealModel) {
  const char *path = std::getenv("TRAFO_TEST_MODEL");
  ASSERT_NE(path, nullptr);
  auto checkpoint = readGguf(path);
  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  auto spec = describeModel(*checkpoint);
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->hidden, 576);
  EXPECT_EQ(spec->layers, 30);
  EXPECT_EQ(spec->heads, 9);
  EXPECT_EQ(spec->kvHeads, 3);
  EXPECT_EQ(spec->headSize, 64);
  EXPECT_EQ(spec->ffn, 1536);
  EXPECT_EQ(spec->vocab, 49152);
  EXPECT_EQ(spec->contextLength, 8192);
  EXPECT_EQ(spec->ropeBase, 100000.0f);
  EXPECT_TRUE(spec->tiedHead);
  EXPECT_EQ(spec->eos, 2u);
}

} // namespace
