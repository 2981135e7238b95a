#include "test/import/HostileCases.h"

#include <limits>

using namespace trafo::test;

namespace {
class Adder {
public:
  explicit Adder(HostileCases &cases) : cases(cases) {}
  /// The tiny model, changed, gets the error `id`.
  template <class Change>
  void operator()(std::string name, std::string id, int exitCode, std::vector<std::string> facts, Change change) {
    GgufBuilder builder = tinyLlama();
    change(builder);
    cases.push_back({std::move(name), builder.bytes(), "TRAFO-" + id, exitCode, std::move(facts)});
  }

private:
  HostileCases &cases;
};

void addTypeConfusion(Adder add) {
  using B = GgufBuilder &;
  add("G22_block_count_as_f32", "GGUF-0019", 65, {"\"llama.block_count\"", "is f32", "expected u32"},
      [](B b) { b.key("llama.block_count", vF32(1)); });
  add("G22_block_count_as_negative_i32", "GGUF-0019", 65, {"\"llama.block_count\"", "is i32", "expected u32"},
      [](B b) { b.key("llama.block_count", vI32(-1)); });
  add("G22_scores_as_u8_array", "GGUF-0019", 65,
      {"\"tokenizer.ggml.scores\"", "array of 8 u8", "expected array of f32"},
      [](B b) { b.key("tokenizer.ggml.scores", vNumbers<uint8_t>(kU8, {0, 0, 0, 0, 0, 0, 0, 0})); });
  add("G22_token_types_as_u32_array", "GGUF-0019", 65, {"\"tokenizer.ggml.token_type\"", "expected array of i32"},
      [](B b) { b.key("tokenizer.ggml.token_type", vNumbers<uint32_t>(kU32, {1, 1, 1, 1, 1, 1, 1, 1})); });
  add("G22_tokens_as_string", "GGUF-0019", 65, {"\"tokenizer.ggml.tokens\"", "is string", "expected array of string"},
      [](B b) { b.key("tokenizer.ggml.tokens", vText("abc")); });
  add("G22_chat_template_as_array", "GGUF-0019", 65, {"\"tokenizer.chat_template\"", "expected string"},
      [](B b) { b.key("tokenizer.chat_template", vTexts({"a"})); });
  add("G22_architecture_as_u32", "GGUF-0019", 65, {"\"general.architecture\"", "is u32", "expected string"},
      [](B b) { b.key("general.architecture", vU32(1)); });
  add("G22_head_count_of_wrong_length", "MODEL-0003", 65,
      {"\"llama.attention.head_count\"", "has 3 elements", "each of 1 layers"},
      [](B b) { b.key("llama.attention.head_count", vNumbers<uint32_t>(kU32, {2, 2, 2})); });
  add("G22_head_count_of_f32", "GGUF-0019", 65, {"\"llama.attention.head_count\"", "array of 1 f32"},
      [](B b) { b.key("llama.attention.head_count", vNumbers<float>(kF32, {2})); });
  add("G22_head_count_negative", "MODEL-0003", 65, {"\"llama.attention.head_count\"", "is -2", "1 to 65536"},
      [](B b) { b.key("llama.attention.head_count", vNumbers<int32_t>(kI32, {-2})); });
  add("G22_scores_of_wrong_length", "MODEL-0009", 65, {"\"tokenizer.ggml.scores\"", "2 elements", "8 tokens"},
      [](B b) { b.key("tokenizer.ggml.scores", vNumbers<float>(kF32, {0, 0})); });
  add("G22_eos_beyond_vocabulary", "MODEL-0009", 65, {"\"tokenizer.ggml.eos_token_id\"", "is 8", "below 8"},
      [](B b) { b.key("tokenizer.ggml.eos_token_id", vU32(8)); });
  add("G22_tokens_not_as_many_as_rows", "MODEL-0009", 65, {"\"tokenizer.ggml.tokens\"", "2 tokens", "8 rows"},
      [](B b) { b.key("tokenizer.ggml.tokens", vTexts({"a", "b"})).erase("tokenizer.ggml.token_type"); });
}

void addMissing(Adder add) {
  using B = GgufBuilder &;
  add("G42_architecture_missing", "GGUF-0021", 65, {"\"general.architecture\" is missing"},
      [](B b) { b.erase("general.architecture"); });
  for (const char *key :
       {"llama.block_count", "llama.context_length", "llama.embedding_length", "llama.feed_forward_length",
        "llama.attention.head_count", "llama.attention.layer_norm_rms_epsilon", "tokenizer.ggml.model"}) {
    std::string name = std::string("G42_missing_") + key;
    for (char &c : name)
      c = c == '.' ? '_' : c;
    add(name, "GGUF-0021", 65, {std::string("\"") + key + "\" is missing"}, [=](B b) { b.erase(key); });
  }
  for (const char *tensor :
       {"token_embd.weight", "output_norm.weight", "blk.0.attn_q.weight", "blk.0.ffn_down.weight"}) {
    std::string name = std::string("G42_missing_") + tensor;
    for (char &c : name)
      c = c == '.' ? '_' : c;
    add(name, "MODEL-0004", 65, {std::string("\"") + tensor + "\" is missing"}, [=](B b) { b.eraseTensor(tensor); });
  }
}

/// One file of a split model is refused before any other file is thought of, whatever its keys say.
void addSplit(Adder add) {
  using B = GgufBuilder &;
  auto shard = [](uint64_t number, std::string count) {
    return [=](B b) {
      b.key("split.no", vU16(static_cast<uint16_t>(number)))
          .key("split.count", count)
          .key("split.tensors.count", vI32(22));
    };
  };
  add("G42_shard_whose_others_are_missing", "GGUF-0023", 69, {"\"split.count\"", "one of 3 shards"}, shard(0, vU16(3)));
  add("G42_shard_count_2_to_32", "GGUF-0023", 69, {"\"split.count\" at offset", "is 4294967296"},
      shard(0, vU64(uint64_t(1) << 32)));
  add("G42_shard_of_another_model", "GGUF-0023", 69, {"one of 2 shards"}, [&](B b) {
    shard(1, vU16(2))(b);
    b.key("general.name", vText("another"));
  });
  add("G42_same_shard_twice", "GGUF-0023", 69, {"one of 2 shards"}, shard(1, vU16(2)));
  add("G42_shard_number_beyond_count", "GGUF-0023", 69, {"one of 2 shards"}, shard(7, vU16(2)));
  add("G42_shard_name_climbs", "GGUF-0023", 69, {"one of 2 shards"}, [&](B b) {
    shard(0, vU16(2))(b);
    b.key("split.prefix", vText("../../../etc/passwd"));
  });
  add("G42_shard_count_as_string", "GGUF-0019", 65, {"\"split.count\"", "is string", "expected u16"},
      shard(0, vText("2")));
}

void addHyperparameters(Adder add) {
  using B = GgufBuilder &;
  auto number = [&](std::string name, const char *key, uint32_t value, std::string id, int exitCode,
                    std::vector<std::string> facts) {
    facts.push_back(std::string("\"llama.") + key + "\"");
    add(std::move(name), std::move(id), exitCode, std::move(facts),
        [=](B b) { b.key(std::string("llama.") + key, vU32(value)); });
  };
  number("M_layers_0", "block_count", 0, "MODEL-0003", 65, {"is 0", "1 to 4096"});
  number("M_layers_1e9", "block_count", 1000000000, "MODEL-0003", 65, {"is 1000000000", "1 to 4096"});
  number("M_hidden_0", "embedding_length", 0, "MODEL-0003", 65, {"is 0"});
  number("M_hidden_2_to_32", "embedding_length", 0xffffffffu, "MODEL-0003", 65, {"is 4294967295", "1 to 16777216"});
  number("M_heads_0", "attention.head_count", 0, "MODEL-0003", 65, {"is 0"});
  number("M_heads_do_not_divide_hidden", "attention.head_count", 3, "MODEL-0003", 65,
         {"\"llama.embedding_length\" is 32", "which is 3"});
  number("M_kv_heads_0", "attention.head_count_kv", 0, "MODEL-0003", 65, {"is 0"});
  number("M_kv_heads_do_not_divide_heads", "attention.head_count_kv", 3, "MODEL-0003", 65, {"is 2", "which is 3"});
  number("M_rope_dimensions_odd", "rope.dimension_count", 15, "MODEL-0003", 65, {"is 15", "even"});
  number("M_rope_dimensions_beyond_head", "rope.dimension_count", 18, "MODEL-0003", 65, {"is 18", "2 to 16"});
  number("M_value_length_differs", "attention.value_length", 8, "MODEL-0002", 69, {"is 8", "16"});
  add("M_vocabulary_not_that_of_the_embedding", "MODEL-0005", 65, {"\"token_embd.weight\"", "[8, 32]", "[9, 32]"},
      [](B b) { b.key("llama.vocab_size", vU32(9)); });
  number("M_experts", "expert_count", 8, "MODEL-0002", 69, {"is 8", "supported is 0"});
  number("M_key_unknown", "attention.new_idea", 1, "MODEL-0008", 69, {"not understood", "attention.head_count"});
  constexpr float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (auto [name, value] : {std::pair("0", 0.0f), {"negative", -1.0f}, {"inf", inf}, {"nan", nan}})
    for (const char *key : {"rope.freq_base", "attention.layer_norm_rms_epsilon"})
      add(std::string("M_") + (key[0] == 'r' ? "rope_base_" : "epsilon_") + name, "MODEL-0003", 65,
          {std::string("\"llama.") + key, "finite number above 0"},
          [key = key, value = value](B b) { b.key(std::string("llama.") + key, vF32(value)); });
  add("M_not_causal", "MODEL-0002", 69, {"\"llama.attention.causal\" is false"},
      [](B b) { b.key("llama.attention.causal", vBool(0)); });
  add("M_rope_scaling_unknown", "MODEL-0002", 69, {"\"llama.rope.scaling.type\"", "\"longrope\"", "none, linear, yarn"},
      [](B b) { b.key("llama.rope.scaling.type", vText("longrope")); });
  add("M_rope_scaling_without_factor", "GGUF-0021", 65, {"\"llama.rope.scaling.factor\" is missing", "\"yarn\""},
      [](B b) { b.key("llama.rope.scaling.type", vText("yarn")); });
  add("M_heads_differ_by_layer", "MODEL-0002", 69, {"\"llama.attention.head_count\"", "2 in layer 0", "1 in layer 1"},
      [](B b) {
        b.key("llama.block_count", vU32(2));
        b.key("llama.attention.head_count", vNumbers<uint32_t>(kU32, {2, 1}));
      });
}

void addTensors(Adder add) {
  using B = GgufBuilder &;
  add("M_architecture_unknown", "MODEL-0001", 69, {"\"general.architecture\"", "\"mamba\"", "supported are llama"},
      [](B b) { b.key("general.architecture", vText("mamba")); });
  add("M_architecture_with_newlines", "MODEL-0001", 69, {"\"a\\x0ab\\x1b[2J\""},
      [](B b) { b.key("general.architecture", vText("a\nb\x1b[2J")); });
  add("M_tensor_of_wrong_shape", "MODEL-0005", 65, {"\"blk.0.attn_k.weight\"", "[32, 32]", "[16, 32]"}, [](B b) {
    b.named("blk.0.attn_k.weight").dims = {32, 32};
    b.named("blk.0.attn_k.weight").bytes *= 2;
  });
  add("M_tensor_of_wrong_rank", "MODEL-0005", 65, {"\"token_embd.weight\"", "[8, 1, 32]", "[8, 32]"},
      [](B b) { b.named("token_embd.weight").dims = {32, 1, 8}; });
  add("M_norm_in_blocks", "MODEL-0006", 69, {"\"output_norm.weight\"", "q8_0", "f32, f16, bf16"}, [](B b) {
    b.named("output_norm.weight").type = 8;
    b.named("output_norm.weight").bytes = 34;
  });
  add("M_tensor_unknown", "MODEL-0007", 69, {"\"blk.0.attn_q_norm.weight\"", "[16]"},
      [](B b) { b.tensor("blk.0.attn_q_norm.weight", {16}); });
  add("M_layer_beyond_count", "MODEL-0007", 69, {"\"blk.1.attn_norm.weight\""},
      [](B b) { b.tensor("blk.1.attn_norm.weight", {32}); });
  add("M_bias_in_part", "MODEL-0002", 69, {"attention input biases", "1 of 3"},
      [](B b) { b.tensor("blk.0.attn_q.bias", {32}); });
  add("M_rope_factors_and_scaling", "MODEL-0002", 69, {"\"rope_freqs.weight\"", "\"linear\""}, [](B b) {
    b.key("llama.rope.scaling.type", vText("linear")).key("llama.rope.scaling.factor", vF32(2));
    b.tensor("rope_freqs.weight", {8});
  });
}
} // namespace

void trafo::test::addModelCases(HostileCases &cases) {
  addTypeConfusion(Adder(cases));
  addMissing(Adder(cases));
  addSplit(Adder(cases));
  addHyperparameters(Adder(cases));
  addTensors(Adder(cases));
}
