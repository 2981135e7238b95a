#ifndef TRAFO_RUNTIME_TEXT_CHAT_TEMPLATE_H
#define TRAFO_RUNTIME_TEXT_CHAT_TEMPLATE_H

#include "runtime/text/tokenizer.h"

#include <string>
#include <string_view>
#include <vector>

namespace trafo::text {

/// One message of a conversation. `role` is "system", "user" or "assistant".
struct ChatMessage {
  std::string_view role;
  std::string_view content;
};

/// The model's chat template, which the compiler has turned into data: the text before the first message, between any
/// two neighbours and after the last one, by their roles (docs/decisions/0003). Nothing is interpreted at
/// run time. Contents are never searched for special tokens. Points into the TEXT section of `tokenizer`, which must
/// outlive it; may be used from several threads at once.
class ChatTemplate {
public:
  explicit ChatTemplate(const Tokenizer &tokenizer) : tokenizer(&tokenizer) {}

  /// False: the model came without a template (or was compiled without it); only raw prompts work.
  bool available() const;

  /// Appends the prompt's ids: all messages and, with `addGenerationPrompt`, the opening of the assistant's answer. If
  /// the first message is not "system", the template's own default system prompt is used where it has one. Errors:
  /// TRAFO-TEXT-0005 without a template, TRAFO-TEXT-0006 for a role or an order of roles that the template refuses, and
  /// those of Tokenizer::encode.
  Status render(const ChatMessage *messages, size_t count, bool addGenerationPrompt,
                std::vector<int32_t> *out) const noexcept;

  /// The same as text, for people and tests.
  Status renderText(const ChatMessage *messages, size_t count, bool addGenerationPrompt,
                    std::string *out) const noexcept;

private:
  Status pieces(const ChatMessage *messages, size_t count, bool addGenerationPrompt, std::vector<TextPiece> *out) const;
  const Tokenizer *tokenizer;
};

} // namespace trafo::text

#endif // TRAFO_RUNTIME_TEXT_CHAT_TEMPLATE_H
