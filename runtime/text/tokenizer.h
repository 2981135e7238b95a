#ifndef TRAFO_RUNTIME_TEXT_TOKENIZER_H
#define TRAFO_RUNTIME_TEXT_TOKENIZER_H

#include "runtime/text/status.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace trafo::text {

/// GGUF's token types (`tokenizer.ggml.token_type`).
enum class TokenType : uint8_t { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };

/// A stretch of a prompt. Only a trusted piece (one written by the chat template, or text the user asked to be read so)
/// may yield control and user-defined tokens; in an untrusted one "<|im_end|>" is ten ordinary characters.
struct TextPiece {
  std::string_view text;
  bool parseSpecial = false;
};

struct EncodeOptions {
  bool parseSpecial = false; ///< recognise control and user-defined tokens in the text
  bool addBos = false;       ///< put the BOS token first if the model file asks for one (`add_bos_token`)
};

/// A byte-level BPE tokenizer over a TEXT section (include/trafo/text_section.h). It points into the section and copies
/// nothing: the section must outlive it. All const members may be called from several threads at once.
class Tokenizer {
public:
  /// Checks every offset, order and id in `section` (so that no later call can read outside it) and compiles the
  /// pre-tokenizer's patterns. `*out` is untouched on error. Errors: TRAFO-TEXT-0001, -0002, -0007.
  static Status load(const uint8_t *section, size_t size, std::unique_ptr<Tokenizer> *out) noexcept;
  ~Tokenizer();
  Tokenizer(const Tokenizer &) = delete;
  Tokenizer &operator=(const Tokenizer &) = delete;

  /// Appends the ids of `text`. Ill-formed UTF-8 is no error: a maximal run of bytes that belong to no character is a
  /// word of its own, spelled with the byte tokens. A byte for which the vocabulary has no token at all is dropped, as
  /// the training-time tokenizers do; `*dropped`, if given, counts them. Errors: TRAFO-TEXT-0003, -0004, -0007; `out`
  /// is then as it was.
  Status encode(std::string_view text, const EncodeOptions &options, std::vector<int32_t> *out,
                size_t *dropped = nullptr) const noexcept;

  /// The same for a prompt put together from pieces. Special tokens are looked for inside trusted pieces only; what is
  /// left between two special tokens is tokenized as one text, across the seams of pieces, as the training-time
  /// tokenizer sees it.
  Status encodePieces(const TextPiece *pieces, size_t count, bool addBos, std::vector<int32_t> *out,
                      size_t *dropped = nullptr) const noexcept;

  /// The bytes of a token, empty for an id outside the vocabulary. They may be a fragment of a UTF-8 sequence: show
  /// them to people through a StreamDecoder.
  std::string_view tokenBytes(int32_t id) const;
  /// Unused for an id outside the vocabulary.
  TokenType tokenType(int32_t id) const;
  /// Control and unknown tokens: not shown to users.
  bool isHidden(int32_t id) const;
  /// The token ends the model's turn: EOS, and the end-of-turn control tokens found at compile time.
  bool isEndOfGeneration(int32_t id) const;

  uint32_t tokenCount() const;
  int32_t bos() const;     ///< -1: the file names none
  int32_t eos() const;     ///< -1: the file names none
  int32_t unknown() const; ///< -1: the file names none
  int32_t padding() const; ///< -1: the file names none
  bool addsBos() const;
  std::string_view preTokenizerName() const;

private:
  friend class ChatTemplate;
  struct State;
  explicit Tokenizer(std::unique_ptr<State> state);
  std::unique_ptr<State> state;
};

} // namespace trafo::text

#endif // TRAFO_RUNTIME_TEXT_TOKENIZER_H
