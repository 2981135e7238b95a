//===- ChatForm.h - a chat template as data -------------------------------===//
#ifndef TRAFO_IMPORT_TEXT_CHATFORM_H
#define TRAFO_IMPORT_TEXT_CHATFORM_H

#include "lib/Import/Error.h"
#include "lib/Import/Text/TokenizerData.h"
#include "trafo/text_section.h"

#include <array>

namespace trafo {

/// What a chat template writes around the contents of a conversation, by the roles of the neighbours. A text that is
/// not there: the template refuses these neighbours.
struct ChatForm {
  using Text = std::optional<std::string>;
  std::array<Text, TRAFO_ROLE_COUNT> open;                                  ///< before a first message
  std::array<std::array<Text, TRAFO_ROLE_COUNT>, TRAFO_ROLE_COUNT> between; ///< [earlier][later]
  std::array<Text, TRAFO_ROLE_COUNT> close;                                 ///< after the last message
  std::array<Text, TRAFO_ROLE_COUNT> closeGenerate; ///< the same, with the opening of the answer
  std::array<uint32_t, TRAFO_ROLE_COUNT> trims{};   ///< TRAFO_TRIM_*: white space of the content that goes
};

/// Runs the chat template of \p data on conversations whose contents are marks, reads off what stands around the marks,
/// and checks that this form writes what the template writes for conversations of one to five messages, with and
/// without a system prompt, with contents that have lines, white space at the ends and non-ASCII text. A template that
/// writes a conversation's last answer in a way of its own (as reasoning models' do) gives a form that refuses
/// conversations which end with an answer. What a template does only for certain contents (such as dropping reasoning in
/// tags from earlier answers) is not seen.
/// Errors: TemplateSyntax (not in the subset), TemplateBudget (steps, output, nesting), TemplateFails (an operation that
/// fails, or even a plain question is refused), TemplateForm (it does more than put texts between contents).
Result<ChatForm> deriveChatForm(const TokenizerData &data);

} // namespace trafo

#endif // TRAFO_IMPORT_TEXT_CHATFORM_H
