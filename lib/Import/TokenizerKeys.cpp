#include "lib/Import/TokenizerKeys.h"

using namespace trafo;

namespace {
/// Takes the value of an optional key into `out`; keeps the first error.
class KeyReader {
public:
  explicit KeyReader(const Checkpoint &checkpoint) : checkpoint(checkpoint) {}

  template <class T> KeyReader &take(Result<std::optional<T>> value, std::optional<T> &out) {
    if (value)
      out = *value;
    else if (!failure)
      failure = std::move(value.error());
    return *this;
  }
  template <class T> KeyReader &take(Result<std::optional<T>> value, T &out) {
    std::optional<T> found;
    take(std::move(value), found);
    out = found.value_or(out);
    return *this;
  }

  void sameLength(std::string_view key, uint64_t length, uint64_t tokens) {
    if (!failure && length != 0 && length != tokens)
      failure = checkpoint.error(
          ErrorCode::ModelTokenizer,
          concat("key ", quoted(key), " has ", length, " elements, expected one for each of the ", tokens, " tokens"));
  }

  void insideVocabulary(std::string_view key, const std::optional<uint32_t> &id, uint64_t tokens) {
    if (!failure && id && *id >= tokens)
      failure = checkpoint.error(ErrorCode::ModelTokenizer,
                                 concat("key ", quoted(key), " is ", *id, ", expected an id below ", tokens));
  }

  std::optional<Error> failure;

private:
  const Checkpoint &checkpoint;
};
} // namespace

Result<TokenizerKeys> trafo::readTokenizerKeys(const Checkpoint &c) {
  TokenizerKeys keys;
  KeyReader reader(c);
  reader.take(c.findStrings("tokenizer.ggml.tokens"), keys.tokens)
      .take(c.findStrings("tokenizer.ggml.merges"), keys.merges)
      .take(c.findI32s("tokenizer.ggml.token_type"), keys.types)
      .take(c.findF32s("tokenizer.ggml.scores"), keys.scores)
      .take(c.findString("tokenizer.ggml.pre"), keys.pre)
      .take(c.findU32("tokenizer.ggml.bos_token_id"), keys.bos)
      .take(c.findU32("tokenizer.ggml.eos_token_id"), keys.eos)
      .take(c.findU32("tokenizer.ggml.eot_token_id"), keys.eot)
      .take(c.findU32("tokenizer.ggml.unknown_token_id"), keys.unknown)
      .take(c.findU32("tokenizer.ggml.padding_token_id"), keys.padding)
      .take(c.findBool("tokenizer.ggml.add_bos_token"), keys.addBos)
      .take(c.findBool("tokenizer.ggml.add_eos_token"), keys.addEos)
      .take(c.findBool("tokenizer.ggml.add_space_prefix"), keys.addSpacePrefix)
      .take(c.findString("tokenizer.chat_template"), keys.chatTemplate)
      .take(c.findString("tokenizer.ggml.model"), keys.model);
  uint64_t tokens = keys.tokens.size();
  if (tokens != 0) {
    if (!reader.failure && keys.model.empty())
      return c.error(ErrorCode::GgufKeyMissing, "key \"tokenizer.ggml.model\" is missing");
    reader.sameLength("tokenizer.ggml.token_type", keys.types.size(), tokens);
    reader.sameLength("tokenizer.ggml.scores", keys.scores.size(), tokens);
    reader.insideVocabulary("tokenizer.ggml.bos_token_id", keys.bos, tokens);
    reader.insideVocabulary("tokenizer.ggml.eos_token_id", keys.eos, tokens);
    reader.insideVocabulary("tokenizer.ggml.eot_token_id", keys.eot, tokens);
    reader.insideVocabulary("tokenizer.ggml.unknown_token_id", keys.unknown, tokens);
    reader.insideVocabulary("tokenizer.ggml.padding_token_id", keys.padding, tokens);
  }
  if (reader.failure)
    return std::move(*reader.failure);
  return keys;
}
