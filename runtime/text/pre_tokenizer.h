#ifndef TRAFO_RUNTIME_TEXT_PRE_TOKENIZER_H
#define TRAFO_RUNTIME_TEXT_PRE_TOKENIZER_H

#include "runtime/text/status.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace trafo::text {

/// What a name in `tokenizer.ggml.pre` means. A GGUF carries only the name; the patterns are part of what the name says.
struct PreTokenizerRule {
  const char *name;
  /// PCRE2 patterns, applied one after the other: each cuts the pieces of the one before into matches and gaps.
  /// nullptr ends the list.
  const char *patterns[5];
  bool wholeWords; ///< a piece that is a token is taken whole, without merges
  bool addsBos;    ///< where the file does not say
};

/// Null: no such rule.
const PreTokenizerRule *findPreTokenizer(std::string_view name);
/// The names, for messages: "default, gpt-2, ...".
std::string supportedPreTokenizers();

/// Cuts text into the words inside which byte pairs are merged.
class PreTokenizer {
public:
  /// Errors: TRAFO-TEXT-0002 naming \p name and what is supported.
  static Status create(std::string_view name, PreTokenizer *out);
  PreTokenizer();
  PreTokenizer(PreTokenizer &&) noexcept;
  PreTokenizer &operator=(PreTokenizer &&) noexcept;
  ~PreTokenizer();

  const PreTokenizerRule &rule() const { return *chosen; }

  /// Appends the ends of the words of \p text, which must be well-formed UTF-8; the last one is text.size(). Time is
  /// linear in the text for every rule. Error: TRAFO-TEXT-0003.
  Status split(std::string_view text, std::vector<uint32_t> *ends) const;

private:
  struct Pattern;
  const PreTokenizerRule *chosen = nullptr;
  std::vector<Pattern> patterns;
};

} // namespace trafo::text

#endif // TRAFO_RUNTIME_TEXT_PRE_TOKENIZER_H
