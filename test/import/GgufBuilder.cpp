#include "test/import/GgufBuilder.h"

#include <algorithm>

using namespace trafo::test;

GgufBuilder &GgufBuilder::key(std::string_view name, std::string value) {
  for (auto &[known, old] : keys)
    if (known == name) {
      old = std::move(value);
      return *this;
    }
  return again(name, std::move(value));
}

GgufBuilder &GgufBuilder::again(std::string_view name, std::string value) {
  keys.emplace_back(name, std::move(value));
  return *this;
}

GgufBuilder &GgufBuilder::erase(std::string_view name) {
  keys.erase(std::remove_if(keys.begin(), keys.end(), [&](const auto &key) { return key.first == name; }), keys.end());
  return *this;
}

GgufBuilder &GgufBuilder::tensor(std::string_view name, std::vector<uint64_t> dims, uint32_t type) {
  BuiltTensor tensor;
  tensor.name = name;
  tensor.dims = std::move(dims);
  tensor.type = type;
  tensor.bytes = 1;
  for (uint64_t dim : tensor.dims)
    tensor.bytes *= dim;
  constexpr uint32_t f32 = 0, f16 = 1, q8 = 8;
  tensor.bytes = type == f32   ? tensor.bytes * 4
                 : type == f16 ? tensor.bytes * 2
                 : type == q8  ? tensor.bytes / 32 * 34
                               : 0;
  tensors.push_back(std::move(tensor));
  return *this;
}

BuiltTensor &GgufBuilder::named(std::string_view name) {
  return *std::find_if(tensors.begin(), tensors.end(), [&](const BuiltTensor &t) { return t.name == name; });
}

GgufBuilder &GgufBuilder::eraseTensor(std::string_view name) {
  tensors.erase(
      std::remove_if(tensors.begin(), tensors.end(), [&](const BuiltTensor &tensor) { return tensor.name == name; }),
      tensors.end());
  return *this;
}

std::vector<uint64_t> GgufBuilder::offsets() const {
  std::vector<uint64_t> out;
  uint64_t next = 0;
  for (const BuiltTensor &tensor : tensors) {
    out.push_back(tensor.offset.value_or(next));
    next += (tensor.bytes + alignment - 1) / alignment * alignment;
  }
  return out;
}

std::string GgufBuilder::header() const {
  std::string out =
      magic + u32(version) + u64(tensorCount.value_or(tensors.size())) + u64(keyCount.value_or(keys.size()));
  for (const auto &[name, value] : keys)
    out += text(name) + value;
  std::vector<uint64_t> at = offsets();
  for (size_t i = 0; i < tensors.size(); ++i) {
    const BuiltTensor &tensor = tensors[i];
    out += u64(tensor.nameSize.value_or(tensor.name.size())) + tensor.name;
    out += u32(tensor.rank.value_or(static_cast<uint32_t>(tensor.dims.size())));
    for (uint64_t dim : tensor.dims)
      out += u64(dim);
    out += u32(tensor.type) + u64(at[i]);
  }
  return out;
}

std::string GgufBuilder::bytes() const {
  std::string out = header();
  auto pad = [&] { out.resize((out.size() + alignment - 1) / alignment * alignment); };
  for (const BuiltTensor &tensor : tensors) {
    pad();
    out.resize(out.size() + tensor.bytes);
  }
  return out;
}

GgufBuilder trafo::test::bare() {
  GgufBuilder builder;
  builder.key("general.architecture", vText("llama"));
  return builder;
}

GgufBuilder trafo::test::tinyLlama() {
  GgufBuilder b = bare();
  b.key("llama.block_count", vU32(1))
      .key("llama.context_length", vU32(64))
      .key("llama.embedding_length", vU32(32))
      .key("llama.feed_forward_length", vU32(64))
      .key("llama.attention.head_count", vU32(2))
      .key("llama.attention.head_count_kv", vU32(1))
      .key("llama.attention.layer_norm_rms_epsilon", vF32(1e-5f))
      .key("llama.rope.freq_base", vF32(10000.0f))
      .key("llama.rope.dimension_count", vU32(16))
      .key("llama.vocab_size", vU32(8))
      .key("tokenizer.ggml.model", vText("gpt2"))
      .key("tokenizer.ggml.pre", vText("smollm"))
      .key("tokenizer.ggml.tokens", vTexts({"a", "b", "c", "d", "e", "f", "g", "ab"}))
      .key("tokenizer.ggml.token_type", vNumbers<int32_t>(kI32, {1, 1, 1, 1, 1, 1, 1, 1}))
      .key("tokenizer.ggml.merges", vTexts({"a b"}))
      .key("tokenizer.ggml.bos_token_id", vU32(0))
      .key("tokenizer.ggml.eos_token_id", vU32(1));
  constexpr uint32_t q8 = 8;
  b.tensor("token_embd.weight", {32, 8}, q8)
      .tensor("blk.0.attn_norm.weight", {32})
      .tensor("blk.0.attn_q.weight", {32, 32}, q8)
      .tensor("blk.0.attn_k.weight", {32, 16}, q8)
      .tensor("blk.0.attn_v.weight", {32, 16}, q8)
      .tensor("blk.0.attn_output.weight", {32, 32}, q8)
      .tensor("blk.0.ffn_norm.weight", {32})
      .tensor("blk.0.ffn_gate.weight", {32, 64}, q8)
      .tensor("blk.0.ffn_up.weight", {32, 64}, q8)
      .tensor("blk.0.ffn_down.weight", {64, 32}, q8)
      .tensor("output_norm.weight", {32});
  return b;
}
