#include "runtime/text/stream_decoder.h"

#include "runtime/text/utf8.h"
#include "test/runtime/text/tiny_vocabulary.h"

#include <gtest/gtest.h>

namespace trafo::test {
namespace {

const std::string kReplacement = "\xEF\xBF\xBD";

class StreamDecoder : public testing::Test {
protected:
  static std::string decode(std::string_view bytes, size_t chunk) {
    text::StreamDecoder decoder(*loaded());
    std::string out;
    for (size_t begin = 0; begin < bytes.size(); begin += chunk) {
      decoder.pushBytes(bytes.substr(begin, chunk), &out);
      EXPECT_EQ(text::wellFormedPrefix(out), out.size()) << "after " << begin;
    }
    decoder.finish(&out);
    EXPECT_EQ(text::wellFormedPrefix(out), out.size());
    return out;
  }
  static const LoadedTokenizer &loaded() {
    static const LoadedTokenizer tokenizer = [] {
      TinyVocabulary vocabulary;
      vocabulary.special("<x>");
      vocabulary.special("<y>", text::TokenType::UserDefined);
      return LoadedTokenizer(vocabulary.data);
    }();
    return tokenizer;
  }
};

// T15
TEST_F(StreamDecoder, charactersAppearWhole) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";
  for (size_t chunk = 1; chunk <= text.size(); ++chunk)
    EXPECT_EQ(decode(text, chunk), text) << chunk;
  text::StreamDecoder decoder(*loaded());
  std::string out;
  std::vector<size_t> lengths;
  for (char byte : text) {
    decoder.push(static_cast<uint8_t>(byte), &out);
    lengths.push_back(out.size());
  }
  EXPECT_EQ(lengths, (std::vector<size_t>{1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11}));
}

TEST_F(StreamDecoder, illFormedPartsAreReplaced) {
  const std::pair<std::string, std::string> cases[] = {
      {"\xFF", kReplacement},
      {"a\x80z", "a" + kReplacement + "z"},
      {"\xC0\xAF", kReplacement + kReplacement},
      {"\xE2\x82z", kReplacement + "z"},                            // one for a cut-off sequence
      {"\xE2\xE2\x82\xAC", kReplacement + "\xE2\x82\xAC"},          // its next byte starts anew
      {"\xED\xA0\x80", kReplacement + kReplacement + kReplacement}, // a surrogate
      {"\xF4\x90\x80\x80", kReplacement + kReplacement + kReplacement + kReplacement},
      {"\xF0\x9F\x98", kReplacement}, // at the end of the stream
      {"\xF0\x9F", kReplacement},
      {"\xF0\x9F\xC3\xA9", kReplacement + "\xC3\xA9"},
  };
  for (const auto &entry : cases)
    for (size_t chunk = 1; chunk <= entry.first.size(); ++chunk)
      EXPECT_EQ(decode(entry.first, chunk), entry.second) << chunk;
}

TEST_F(StreamDecoder, everyShortByteStringIsTheSameInEveryCut) {
  // All strings of up to four of these bytes: leads, continuations at the edges, ASCII.
  const unsigned char bytes[] = {0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xE0, 0xED, 0xE1, 0xF0, 0xF4, 0xF5};
  std::vector<std::string> texts{""};
  for (size_t begin = 0, length = 0; length < 4; ++length) {
    const size_t end = texts.size();
    for (; begin < end; ++begin)
      for (unsigned char byte : bytes)
        texts.push_back(texts[begin] + static_cast<char>(byte));
  }
  size_t different = 0;
  for (const std::string &text : texts)
    different += decode(text, 1) != decode(text, 4);
  EXPECT_EQ(different, 0u);
  EXPECT_EQ(texts.size(), 1u + 14 + 196 + 2744 + 38416);
}

TEST_F(StreamDecoder, controlTokensAreHidden) {
  for (bool show : {false, true}) {
    text::StreamDecoder decoder(*loaded(), show);
    std::string out;
    for (int32_t id : {int32_t{'a'}, 256, 257, -1, 100000})
      decoder.push(id, &out);
    EXPECT_EQ(out, show ? "a<x><y>" : "a<y>");
  }
}

} // namespace
} // namespace trafo::test
