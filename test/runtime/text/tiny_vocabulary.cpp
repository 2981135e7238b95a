#include "test/runtime/text/tiny_vocabulary.h"

#include "runtime/text/utf8.h"

#include <gtest/gtest.h>

namespace trafo::test {

std::string TinyVocabulary::spell(std::string_view bytes) {
  std::string out;
  for (char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    const auto printable = [](unsigned b) { return (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xFF && b != 0xAD); };
    uint32_t character = byte;
    if (!printable(byte)) {
      character = 0x100;
      for (unsigned below = 0; below < byte; ++below)
        character += !printable(below);
    }
    text::appendUtf8(character, &out);
  }
  return out;
}

std::string_view TinyVocabulary::keep(std::string text) { return texts.emplace_back(std::move(text)); }

TinyVocabulary::TinyVocabulary(std::string_view pre) {
  data.path = "tiny.gguf";
  data.model = "gpt2";
  data.pre = keep(std::string(pre));
  data.addBos = false;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    data.tokens.push_back(keep(spell({&c, 1})));
    data.types.push_back(1);
  }
  data.vocabularyRows = 256;
}

int32_t TinyVocabulary::merge(std::string_view left, std::string_view right) {
  data.merges.push_back(keep(spell(left) + " " + spell(right)));
  data.tokens.push_back(keep(spell(left) + spell(right)));
  data.types.push_back(1);
  data.vocabularyRows = data.tokens.size();
  return static_cast<int32_t>(data.tokens.size() - 1);
}

int32_t TinyVocabulary::special(std::string_view text, text::TokenType type) {
  data.tokens.push_back(keep(std::string(text)));
  data.types.push_back(static_cast<int32_t>(type));
  data.vocabularyRows = data.tokens.size();
  return static_cast<int32_t>(data.tokens.size() - 1);
}

void TinyVocabulary::removeByte(uint8_t byte) {
  data.tokens[byte] = keep("[removed " + std::to_string(byte) + "]");
  data.types[byte] = static_cast<int32_t>(text::TokenType::Unused);
}

LoadedTokenizer::LoadedTokenizer(const TokenizerData &data) {
  Result<std::vector<uint8_t>> built = buildTextSection(data);
  if (!built) {
    ADD_FAILURE() << built.error().message;
    return;
  }
  section = std::move(*built);
  const text::Status status = text::Tokenizer::load(section.data(), section.size(), &tokenizer);
  EXPECT_TRUE(status.ok()) << status.message;
}

std::vector<int32_t> LoadedTokenizer::encode(std::string_view text, bool parseSpecial) const {
  std::vector<int32_t> ids;
  const text::Status status = tokenizer->encode(text, {parseSpecial, false}, &ids);
  EXPECT_TRUE(status.ok()) << status.message;
  return ids;
}

std::string LoadedTokenizer::decode(const std::vector<int32_t> &ids) const {
  std::string out;
  for (int32_t id : ids)
    out += tokenizer->tokenBytes(id);
  return out;
}

} // namespace trafo::test
