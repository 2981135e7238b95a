//===- Llama.cpp - architecture "llama" in GGUF files ---------------------===//
//
// Llama 1 to 3, Mistral 7B, SmolLM and others of the same shape. The converters reorder the rows of q and k so that
// rope turns neighbouring elements: pairing is Interleaved. Tensor names are those of llama.cpp's table.
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Limits.h"
#include "lib/Import/Models/DecoderKeys.h"
#include "lib/Import/Models/Models.h"
#include "lib/Import/TokenizerKeys.h"

#include <cmath>

using namespace trafo;

namespace {
using Content = DecoderKeys::Content;

void describeWidths(DecoderKeys &keys, DecoderSpec &spec) {
  spec.layers = keys.integer("block_count", 1, limits::kMaxLayers);
  spec.contextLength = keys.integer("context_length", 1, limits::kMaxContext);
  spec.hidden = keys.integer("embedding_length", 1, limits::kMaxWidth);
  spec.ffn = keys.sameInEveryLayer("feed_forward_length", spec.layers, 1, limits::kMaxWidth, std::nullopt);
  spec.heads = keys.sameInEveryLayer("attention.head_count", spec.layers, 1, limits::kMaxHeads, std::nullopt);
  spec.kvHeads = keys.sameInEveryLayer("attention.head_count_kv", spec.layers, 1, limits::kMaxHeads, spec.heads);
  if (keys.failed())
    return;
  if (spec.heads % spec.kvHeads != 0)
    return keys.fail(ErrorCode::ModelHyperparameter,
                     concat("key \"llama.attention.head_count\" is ", spec.heads,
                            ", expected a multiple of \"llama.attention.head_count_kv\", which is ", spec.kvHeads));
  if (!keys.has("attention.key_length") && spec.hidden % spec.heads != 0)
    return keys.fail(ErrorCode::ModelHyperparameter,
                     concat("key \"llama.embedding_length\" is ", spec.hidden,
                            ", expected a multiple of \"llama.attention.head_count\", which is ", spec.heads,
                            ", or a key \"llama.attention.key_length\""));
  spec.headSize = keys.integer("attention.key_length", 1, limits::kMaxHeadSize, spec.hidden / spec.heads);
  int64_t valueSize = keys.integer("attention.value_length", 1, limits::kMaxHeadSize, spec.headSize);
  if (valueSize != spec.headSize)
    keys.fail(ErrorCode::ModelUnsupported, concat("key \"llama.attention.value_length\" is ", valueSize,
                                                  ", supported is the same as the key length, ", spec.headSize));
}

void describeAttention(DecoderKeys &keys, DecoderSpec &spec) {
  spec.normEps = keys.positive("attention.layer_norm_rms_epsilon");
  float usual = spec.headSize > 0 ? 1.0f / std::sqrt(static_cast<float>(spec.headSize)) : 0.0f;
  spec.attentionScale = keys.positive("attention.scale", usual);
  spec.window = keys.integer("attention.sliding_window", 0, limits::kMaxContext, 0);
  spec.windowed = keys.pattern("attention.sliding_window_pattern", spec.layers, true);
  keys.onlyBool("attention.causal", true);
  keys.onlyInteger("expert_count", 0);
  keys.onlyInteger("expert_used_count", 0);
  keys.ignore("tensor_data_layout"); // how the converter's source was laid out
}

void describeRope(DecoderKeys &keys, DecoderSpec &spec) {
  spec.ropePairing = RopePairing::Interleaved;
  spec.ropeBase = keys.positive("rope.freq_base", 10000.0f);
  spec.ropeDims = keys.integer("rope.dimension_count", 2, spec.headSize, spec.headSize);
  if (keys.failed())
    return;
  if (spec.ropeDims % 2 != 0)
    return keys.fail(ErrorCode::ModelHyperparameter,
                     concat("key \"llama.rope.dimension_count\" is ", spec.ropeDims, ", expected an even number"));

  RopeScaling &scaling = spec.ropeScaling;
  bool isLegacyLinear = keys.has("rope.scale_linear") && !keys.has("rope.scaling.type");
  std::string type = keys.text("rope.scaling.type", isLegacyLinear ? "linear" : "none");
  if (type == "linear")
    scaling.kind = RopeScalingKind::Linear;
  else if (type == "yarn")
    scaling.kind = RopeScalingKind::Yarn;
  else if (type != "none")
    return keys.fail(ErrorCode::ModelUnsupported,
                     concat("key \"llama.rope.scaling.type\" is ", quoted(type), ", supported are none, linear, yarn"));
  if (isLegacyLinear)
    scaling.factor = keys.positive("rope.scale_linear");
  else
    scaling.factor = keys.positive("rope.scaling.factor", 1.0f);
  if (type != "none" && !isLegacyLinear && !keys.has("rope.scaling.factor"))
    keys.fail(ErrorCode::GgufKeyMissing,
              concat("key \"llama.rope.scaling.factor\" is missing, which rope scaling ", quoted(type), " needs"));
  scaling.originalContext =
      keys.integer("rope.scaling.original_context_length", 1, limits::kMaxContext, spec.contextLength);
  scaling.attentionFactor = keys.positive("rope.scaling.attn_factor", 1.0f);
  scaling.attentionFactor = keys.positive("rope.scaling.yarn_attn_factor", scaling.attentionFactor);
  scaling.extensionFactor = keys.positive("rope.scaling.yarn_ext_factor", 1.0f);
  scaling.betaFast = keys.positive("rope.scaling.yarn_beta_fast", 32.0f);
  scaling.betaSlow = keys.positive("rope.scaling.yarn_beta_slow", 1.0f);
  keys.ignore("rope.scaling.finetuned");
  if (type == "none")
    scaling.factor = 1.0f;
  scaling.factors = keys.optionalTensor("rope_freqs.weight", {spec.ropeDims / 2}, Content::Floats);
  if (scaling.factors.empty())
    return;
  if (scaling.kind != RopeScalingKind::None)
    return keys.fail(ErrorCode::ModelUnsupported, concat("tensor \"rope_freqs.weight\" comes with rope scaling ",
                                                         quoted(type), ", supported is one of the two"));
  scaling.kind = RopeScalingKind::Factors;
}

LayerTensors describeLayer(DecoderKeys &keys, const DecoderSpec &spec, int64_t layer) {
  int64_t hidden = spec.hidden, ffn = spec.ffn;
  int64_t q = spec.heads * spec.headSize, kv = spec.kvHeads * spec.headSize;
  auto name = [&](const char *role) { return concat("blk.", layer, ".", role); };
  auto vector = [&](const char *role, int64_t size) { return keys.tensor(name(role), {size}, Content::Floats); };
  auto bias = [&](const char *role, int64_t size) { return keys.optionalTensor(name(role), {size}, Content::Floats); };
  auto linear = [&](const char *role, int64_t out, int64_t in) {
    return keys.tensor(name(role), {out, in}, Content::Weights);
  };
  LayerTensors t;
  t.attnNorm = vector("attn_norm.weight", hidden);
  t.q = linear("attn_q.weight", q, hidden);
  t.k = linear("attn_k.weight", kv, hidden);
  t.v = linear("attn_v.weight", kv, hidden);
  t.o = linear("attn_output.weight", hidden, q);
  t.qBias = bias("attn_q.bias", q);
  t.kBias = bias("attn_k.bias", kv);
  t.vBias = bias("attn_v.bias", kv);
  t.oBias = bias("attn_output.bias", hidden);
  t.ffnNorm = vector("ffn_norm.weight", hidden);
  t.gate = linear("ffn_gate.weight", ffn, hidden);
  t.up = linear("ffn_up.weight", ffn, hidden);
  t.down = linear("ffn_down.weight", hidden, ffn);
  t.gateBias = bias("ffn_gate.bias", ffn);
  t.upBias = bias("ffn_up.bias", ffn);
  t.downBias = bias("ffn_down.bias", hidden);
  return t;
}

/// Biases come in groups that all layers have or none has; one body must fit every layer.
bool inEveryLayer(DecoderKeys &keys, const DecoderSpec &spec, const char *group,
                  std::initializer_list<std::string LayerTensors::*> members) {
  size_t present = 0;
  for (const LayerTensors &layer : spec.layerTensors)
    for (auto member : members)
      present += !(layer.*member).empty();
  size_t all = spec.layerTensors.size() * members.size();
  if (present != 0 && present != all)
    keys.fail(ErrorCode::ModelUnsupported,
              concat(group, " biases are there for ", present, " of ", all, " linears, supported are all or none"));
  return present != 0;
}

void describeTensors(DecoderKeys &keys, const Checkpoint &checkpoint, DecoderSpec &spec) {
  // The vocabulary is what the embedding has rows for; a key and the token list must agree.
  const TensorInfo *embedding = checkpoint.findTensor("token_embd.weight");
  int64_t rows = embedding && embedding->dims.size() == 2 ? embedding->dims.front() : 0;
  spec.vocab = keys.integer("vocab_size", 1, limits::kMaxVocabulary, rows);
  spec.embedding = keys.tensor("token_embd.weight", {spec.vocab, spec.hidden}, Content::Weights);
  spec.outputNorm = keys.tensor("output_norm.weight", {spec.hidden}, Content::Floats);
  spec.output = keys.optionalTensor("output.weight", {spec.vocab, spec.hidden}, Content::Weights);
  if (spec.output.empty()) {
    spec.tiedHead = true;
    spec.output = spec.embedding;
  }
  for (int64_t i = 0; i < spec.layers && !keys.failed(); ++i)
    spec.layerTensors.push_back(describeLayer(keys, spec, i));
  using L = LayerTensors;
  spec.hasQkvBias = inEveryLayer(keys, spec, "attention input", {&L::qBias, &L::kBias, &L::vBias});
  spec.hasOutBias = inEveryLayer(keys, spec, "attention output", {&L::oBias});
  for (auto [group, bias] : {std::pair("feed-forward gate", &L::gateBias),
                             {"feed-forward up", &L::upBias},
                             {"feed-forward down", &L::downBias}})
    spec.hasMlpBias |= inEveryLayer(keys, spec, group, {bias});
}
} // namespace

Result<DecoderSpec> trafo::describeLlama(const Checkpoint &checkpoint) {
  DecoderSpec spec;
  spec.architecture = checkpoint.architecture;
  if (auto name = checkpoint.findString("general.name"))
    spec.name = std::string(name->value_or(""));
  DecoderKeys keys(checkpoint);
  describeWidths(keys, spec);
  describeAttention(keys, spec);
  describeRope(keys, spec);
  describeTensors(keys, checkpoint, spec);
  keys.refuseUnread();
  if (auto done = keys.finish(); !done)
    return std::move(done.error());

  auto tokenizer = readTokenizerKeys(checkpoint);
  if (!tokenizer)
    return std::move(tokenizer.error());
  if (!tokenizer->tokens.empty() && tokenizer->tokens.size() != static_cast<uint64_t>(spec.vocab))
    return checkpoint.error(ErrorCode::ModelTokenizer,
                            concat("key \"tokenizer.ggml.tokens\" has ", tokenizer->tokens.size(),
                                   " tokens, expected one for each of the ", spec.vocab, " rows of the embedding"));
  spec.bos = tokenizer->bos;
  spec.eos = tokenizer->eos;
  return spec;
}
