// T01 to T10 of the catalogue of bad input: what is wrong with a vocabulary is found at compile time and named.
#include "lib/Import/Text/TextSection.h"

#include "lib/Import/Text/ByteAlphabet.h"
#include "test/runtime/text/tiny_vocabulary.h"

#include <gtest/gtest.h>

#include <cmath>

namespace trafo::test {
namespace {

class VocabularyErrors : public testing::Test {
protected:
  TinyVocabulary vocabulary;
  TokenizerData &data = vocabulary.data;

  void expect(const std::string &start) {
    Result<std::vector<uint8_t>> built = buildTextSection(data);
    ASSERT_FALSE(built) << start;
    EXPECT_EQ(built.error().message.substr(0, start.size()), start) << built.error().message;
    EXPECT_EQ(built.error().message.find('\n'), std::string::npos);
    EXPECT_NE(built.error().exitCode, 0);
  }
  void addToken(std::string text) {
    data.tokens.push_back(vocabulary.keep(std::move(text)));
    data.types.push_back(1);
    data.vocabularyRows = data.tokens.size();
  }
};

TEST_F(VocabularyErrors, model) {
  data.model = "llama";
  expect("TRAFO-TEXT-0101: tiny.gguf: tokenizer.ggml.model: \"llama\" is not supported; supported: gpt2");
}

// T12
TEST_F(VocabularyErrors, preTokenizer) {
  data.pre = "(a+)+b";
  expect("TRAFO-TEXT-0102: tiny.gguf: tokenizer.ggml.pre: \"(a+)+b\" is not known; supported: default, gpt-2");
  data.pre = "";
  EXPECT_TRUE(buildTextSection(data)); // "default"
}

TEST_F(VocabularyErrors, T01_mergesOfAbsentTokens) {
  data.merges.push_back("x yz");
  expect("TRAFO-TEXT-0106: tiny.gguf: tokenizer.ggml.merges: merge 0 \"x yz\" names \"yz\", which is no token");
  data.merges = {"x y"};
  expect("TRAFO-TEXT-0106: tiny.gguf: tokenizer.ggml.merges: merge 0 \"x y\" names \"xy\", which is no token");
}

TEST_F(VocabularyErrors, T02_duplicateMerge) {
  vocabulary.merge("a", "b");
  vocabulary.merge("c", "d");
  data.merges.push_back("a b");
  expect("TRAFO-TEXT-0106: tiny.gguf: tokenizer.ggml.merges: merge 2 \"a b\" is also merge 0");
}

// A merge's result is longer than its parts, so merges cannot go in circles; what is no two parts is refused.
TEST_F(VocabularyErrors, T03_mergesThatAreNoPair) {
  for (const char *merge : {"", " ", "a", "a ", " a", "a b c", "a  b"}) {
    data.merges = {merge};
    expect("TRAFO-TEXT-0106: tiny.gguf: tokenizer.ggml.merges: merge 0");
  }
}

TEST_F(VocabularyErrors, mergesIntoControlTokens) {
  vocabulary.special("<x");
  data.merges.push_back("< x");
  expect("TRAFO-TEXT-0106: tiny.gguf: tokenizer.ggml.merges: merge 0 \"< x\" names the control token \"<x\"");
}

TEST_F(VocabularyErrors, T04_tooManyMerges) {
  data.merges.assign(10000000, "a b");
  expect("TRAFO-TEXT-0103: tiny.gguf: tokenizer.ggml.merges: 10000000 merges, limit 4194304");
}

TEST_F(VocabularyErrors, T06_vocabularyAndEmbeddingDiffer) {
  data.vocabularyRows = 255;
  expect("TRAFO-TEXT-0103: tiny.gguf: tokenizer.ggml.tokens: 256 tokens, but the embedding has 255 rows");
  data.vocabularyRows = 257;
  expect("TRAFO-TEXT-0103: tiny.gguf: tokenizer.ggml.tokens: 256 tokens, but the embedding has 257 rows");
}

TEST_F(VocabularyErrors, T07_repeatedTokens) {
  addToken("a");
  expect("TRAFO-TEXT-0104: tiny.gguf: tokenizer.ggml.tokens: token 256 \"a\" is also token 97");
}

TEST_F(VocabularyErrors, T08_specialIdsOutOfRange) {
  for (auto id : {&TokenizerData::bos, &TokenizerData::eos, &TokenizerData::eot, &TokenizerData::eom,
                  &TokenizerData::unknown, &TokenizerData::padding}) {
    for (uint32_t value : {256u, 0x80000000u, 0xffffffffu}) {
      data.*id = value;
      expect("TRAFO-TEXT-0107: tiny.gguf: tokenizer.ggml.");
    }
    data.*id = std::nullopt;
  }
  data.bos = 256;
  expect("TRAFO-TEXT-0107: tiny.gguf: tokenizer.ggml.bos_token_id: 256, expected an id below 256");
}

TEST_F(VocabularyErrors, T09_tokens) {
  addToken("");
  expect("TRAFO-TEXT-0104: tiny.gguf: tokenizer.ggml.tokens: token 256 is empty");
  data.tokens.back() = "\xFF";
  expect("TRAFO-TEXT-0104: tiny.gguf: tokenizer.ggml.tokens: token 256 \"\\xff\" is not UTF-8");
  const std::string megabyte(1 << 20, 'a');
  data.tokens.back() = megabyte;
  expect("TRAFO-TEXT-0104: tiny.gguf: tokenizer.ggml.tokens: token 256 has 1048576 bytes, limit 4096");
  data.types.back() = 3;
  expect("TRAFO-TEXT-0104: tiny.gguf: tokenizer.ggml.tokens: token 256 has 1048576 bytes, limit 256");
  data.types.back() = 7;
  expect("TRAFO-TEXT-0104: tiny.gguf: tokenizer.ggml.token_type: type of token 256 is 7, expected 1 to 6");
}

TEST_F(VocabularyErrors, T10_scoresAndTypes) {
  data.scores.assign(255, 0.0f);
  expect("TRAFO-TEXT-0103: tiny.gguf: tokenizer.ggml.scores: 255 scores for 256 tokens");
  data.scores.assign(256, 0.0f);
  EXPECT_TRUE(buildTextSection(data));
  data.scores[7] = NAN;
  expect("TRAFO-TEXT-0105: tiny.gguf: tokenizer.ggml.scores: score 7 is not finite");
  data.scores[7] = INFINITY;
  expect("TRAFO-TEXT-0105: tiny.gguf: tokenizer.ggml.scores: score 7 is not finite");
  data.scores.clear();
  data.types.pop_back();
  expect("TRAFO-TEXT-0103: tiny.gguf: tokenizer.ggml.token_type: 255 types for 256 tokens");
}

TEST_F(VocabularyErrors, noTokens) {
  data.tokens.clear();
  expect("TRAFO-TEXT-0103: tiny.gguf: tokenizer.ggml.tokens: 0 tokens");
}

TEST(ByteAlphabet, spellsEveryByteOnce) {
  std::string all;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::string one(1, static_cast<char>(byte));
    EXPECT_EQ(spelledBytes(TinyVocabulary::spell(one)), one);
  }
  EXPECT_EQ(spelledBytes("\xC4\xA0t\xC4\x8A"), " t\n"); // as published vocabularies have it
  EXPECT_EQ(spelledBytes(" "), std::nullopt);
  EXPECT_EQ(spelledBytes("\xC5\x84"), std::nullopt); // U+0144, one past the last
}

TEST(Vocabulary, tokensOutsideTheAlphabetAreNeverMadeFromText) {
  TinyVocabulary vocabulary("llama-bpe"); // which takes whole words
  vocabulary.data.tokens.push_back("\xE6\x97\xA5");
  vocabulary.data.types.push_back(1);
  vocabulary.data.vocabularyRows = vocabulary.data.tokens.size();
  LoadedTokenizer loaded(vocabulary.data);
  EXPECT_EQ(loaded.encode("\xE6\x97\xA5"), (std::vector<int32_t>{0xE6, 0x97, 0xA5}));
  EXPECT_EQ((*loaded).tokenBytes(256), "\xE6\x97\xA5");
}

TEST(EndTokens, areFoundByIdAndByName) {
  TinyVocabulary vocabulary;
  const int32_t named = vocabulary.special("<|im_end|>");
  const int32_t user = vocabulary.special("<|eot_id|>", text::TokenType::UserDefined); // not a control token
  const int32_t eos = vocabulary.special("<done>");
  const int32_t eot = vocabulary.special("<turn>");
  vocabulary.data.eos = eos;
  vocabulary.data.eot = eot;
  LoadedTokenizer loaded(vocabulary.data);
  for (int32_t id = -1; id < 262; ++id)
    EXPECT_EQ((*loaded).isEndOfGeneration(id), id == named || id == eos || id == eot) << id << " " << user;
}

} // namespace
} // namespace trafo::test
