#include "runtime/text/chat_template.h"

#include "runtime/text/tokenizer_state.h"
#include "runtime/text/utf8.h"

#include <new>

namespace trafo::text {
namespace {

constexpr std::string_view kRoles[TRAFO_ROLE_COUNT] = {"system", "user", "assistant"};

Status refuses(const std::string &what) { return Status::badRole("the model's chat template does not take " + what); }

} // namespace

bool ChatTemplate::available() const { return tokenizer->state->section.hasChat(); }

Status ChatTemplate::pieces(const ChatMessage *messages, size_t count, bool addGenerationPrompt,
                            std::vector<TextPiece> *out) const {
  if (!available())
    return Status::noChatTemplate("this model has no chat template; pass a raw prompt");
  if (count == 0)
    return Status::badRole("a conversation needs at least one message");
  const SectionView &section = tokenizer->state->section;
  const trafo_text_chat_t &chat = section.chat;
  uint32_t previous = 0;
  for (size_t index = 0; index < count; ++index) {
    uint32_t role = 0;
    while (role < TRAFO_ROLE_COUNT && messages[index].role != kRoles[role])
      ++role;
    if (role == TRAFO_ROLE_COUNT)
      return Status::badRole("message " + std::to_string(index + 1) + ": role '" +
                             std::string(messages[index].role.substr(0, 64)) +
                             "' is not known; use system, user or assistant");
    const trafo_text_span_t before = index == 0 ? chat.open[role] : chat.between[previous][role];
    if (before.offset == TRAFO_TEXT_REFUSED)
      return refuses(index == 0 ? "a conversation that begins with '" + std::string(kRoles[role]) + "'"
                                : "'" + std::string(kRoles[role]) + "' after '" + std::string(kRoles[previous]) + "'");
    out->push_back({section.text(before), true});
    out->push_back(
        {trimSpace(messages[index].content, chat.trims[role] & TRAFO_TRIM_FRONT, chat.trims[role] & TRAFO_TRIM_BACK),
         false});
    previous = role;
  }
  const trafo_text_span_t after = (addGenerationPrompt ? chat.close_generate : chat.close)[previous];
  if (after.offset == TRAFO_TEXT_REFUSED)
    return refuses("a conversation that ends with '" + std::string(kRoles[previous]) + "'");
  out->push_back({section.text(after), true});
  return Status::success();
}

Status ChatTemplate::render(const ChatMessage *messages, size_t count, bool addGenerationPrompt,
                            std::vector<int32_t> *out) const noexcept {
  try {
    std::vector<TextPiece> list;
    if (Status status = pieces(messages, count, addGenerationPrompt, &list); !status.ok())
      return status;
    // Many templates write the BOS token themselves: never two of them.
    const int32_t bos = tokenizer->bos();
    const bool writesBos =
        bos >= 0 && list.front().text.substr(0, tokenizer->tokenBytes(bos).size()) == tokenizer->tokenBytes(bos);
    return tokenizer->encodePieces(list.data(), list.size(), !writesBos, out);
  } catch (const std::bad_alloc &) {
    return Status::outOfMemory();
  }
}

Status ChatTemplate::renderText(const ChatMessage *messages, size_t count, bool addGenerationPrompt,
                                std::string *out) const noexcept {
  try {
    std::vector<TextPiece> list;
    if (Status status = pieces(messages, count, addGenerationPrompt, &list); !status.ok())
      return status;
    std::string text;
    for (const TextPiece &piece : list)
      text += piece.text;
    *out += text;
    return Status::success();
  } catch (const std::bad_alloc &) {
    return Status::outOfMemory();
  }
}

} // namespace trafo::text
