#ifndef TRAFO_TEST_RUNTIME_TEXT_TINY_VOCABULARY_H
#define TRAFO_TEST_RUNTIME_TEXT_TINY_VOCABULARY_H

#include "lib/Import/Text/TextSection.h"
#include "runtime/text/tokenizer.h"

#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace trafo::test {

/// A vocabulary for tests: token b is the byte b, then one token for each merge in order, then the special tokens.
class TinyVocabulary {
public:
  explicit TinyVocabulary(std::string_view pre = "gpt-2");

  /// Adds a merge of two byte strings (spelled plainly) that are tokens already, and its result; gives the result's id.
  int32_t merge(std::string_view left, std::string_view right);
  /// Adds a token of a type other than normal.
  int32_t special(std::string_view text, text::TokenType type = text::TokenType::Control);
  /// Takes the byte out of the vocabulary: its token gets another text.
  void removeByte(uint8_t byte);

  /// The data as a file would have it; change what a test is about.
  TokenizerData data;

  /// The spelling of bytes in a byte-level vocabulary.
  static std::string spell(std::string_view bytes);
  std::string_view keep(std::string text);

private:
  std::deque<std::string> texts; ///< what the views in `data` point to
};

/// A section and the tokenizer over it; fails the running test if there is an error.
struct LoadedTokenizer {
  explicit LoadedTokenizer(const TokenizerData &data);
  std::vector<uint8_t> section;
  std::unique_ptr<text::Tokenizer> tokenizer;

  std::vector<int32_t> encode(std::string_view text, bool parseSpecial = false) const;
  std::string decode(const std::vector<int32_t> &ids) const;
  const text::Tokenizer &operator*() const { return *tokenizer; }
};

} // namespace trafo::test

#endif // TRAFO_TEST_RUNTIME_TEXT_TINY_VOCABULARY_H
