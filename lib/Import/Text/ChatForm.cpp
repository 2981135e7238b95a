//===- ChatForm.cpp - a chat template as data -----------------------------===//
#include "lib/Import/Text/ChatForm.h"

#include "lib/Import/Text/JinjaEvaluator.h"
#include "runtime/text/utf8.h"

#include <algorithm>

namespace trafo {
namespace {

using jinja::Failure;
using jinja::Value;

constexpr const char *kRoles[TRAFO_ROLE_COUNT] = {"system", "user", "assistant"};
constexpr uint64_t kStepsPerRun = 1000000;
constexpr uint64_t kStepsInAll = 10000000;
constexpr unsigned kMostMessages = 5;

struct Message {
  uint32_t role;
  std::string content;
};
using Conversation = std::vector<Message>;
using Roles = std::vector<uint32_t>;

/// Contents that no template writes by itself and none changes, each found once in what it writes.
std::string mark(size_t index) { return "trafoProbe" + std::to_string(index) + "Mark"; }

Conversation withMarks(const Roles &roles) {
  Conversation conversation;
  for (uint32_t role : roles)
    conversation.push_back({role, mark(conversation.size())});
  return conversation;
}

std::string describe(const Roles &roles) {
  std::string text;
  for (uint32_t role : roles)
    text += (text.empty() ? "" : ", ") + std::string(kRoles[role]);
  return text;
}

class Deriver {
public:
  explicit Deriver(const TokenizerData &data) : data(data) {}

  Result<ChatForm> derive() {
    if (std::optional<Failure> failure = jinja::parseTemplate(data.chatTemplate, &parsed))
      return error(*failure);
    if (Result<void> done = readUsual(); !done)
      return std::move(done.error());
    if (Result<void> done = findTrims(); !done)
      return std::move(done.error());
    if (Result<void> done = readUnusual(); !done)
      return std::move(done.error());
    return std::move(form);
  }

private:
  enum class Outcome { Written, Refused, Failed };

  Error error(const Failure &failure) const {
    const ErrorCode code = failure.kind == Failure::Kind::Syntax   ? ErrorCode::TemplateSyntax
                           : failure.kind == Failure::Kind::Budget ? ErrorCode::TemplateBudget
                                                                   : ErrorCode::TemplateFails;
    return makeError(code, data.path, "tokenizer.chat_template: " + printable(failure.message));
  }
  Error formError(const std::string &detail) const {
    return makeError(ErrorCode::TemplateForm, data.path, "tokenizer.chat_template: " + detail);
  }
  /// Messages of failures may quote the template.
  static std::string printable(std::string text) {
    for (char &c : text)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
        c = ' ';
    return text;
  }

  Outcome run(const Conversation &conversation, bool generate, std::string *out) {
    Value::List messages;
    for (const Message &message : conversation)
      messages.push_back(
          Value::dict({{"role", Value::string(kRoles[message.role])}, {"content", Value::string(message.content)}}));
    const auto token = [&](const std::optional<uint32_t> &id) {
      return id && *id < data.tokens.size() ? Value::string(std::string(data.tokens[*id])) : Value();
    };
    Value::Dict globals{{"messages", Value::list(std::move(messages))},
                        {"add_generation_prompt", Value::boolean(generate)},
                        {"bos_token", token(data.bos)},
                        {"eos_token", token(data.eos)},
                        {"unk_token", token(data.unknown)},
                        {"pad_token", token(data.padding)},
                        {"tools", Value::none()},
                        {"documents", Value::none()}};
    uint64_t steps = std::min(kStepsPerRun, stepsLeft);
    const uint64_t before = steps;
    out->clear();
    failure = jinja::renderTemplate(parsed, std::move(globals), &steps, out);
    stepsLeft -= before - steps;
    if (!failure)
      return Outcome::Written;
    return failure->kind == Failure::Kind::Refused ? Outcome::Refused : Outcome::Failed;
  }

  /// What the form writes, or nothing where it has no text.
  std::optional<std::string> write(const Conversation &conversation, bool generate) const {
    std::string out;
    for (size_t index = 0; index < conversation.size(); ++index) {
      const Message &message = conversation[index];
      const ChatForm::Text &before =
          index == 0 ? form.open[message.role] : form.between[conversation[index - 1].role][message.role];
      if (!before)
        return std::nullopt;
      out += *before;
      out += text::trimSpace(message.content, form.trims[message.role] & TRAFO_TRIM_FRONT,
                             form.trims[message.role] & TRAFO_TRIM_BACK);
    }
    const ChatForm::Text &after = (generate ? form.closeGenerate : form.close)[conversation.back().role];
    if (!after)
      return std::nullopt;
    return out + *after;
  }

  /// Cuts \p text at the marks. False: they are not all there once and in order.
  static bool cut(const std::string &text, size_t count, std::vector<std::string> *pieces) {
    size_t position = 0;
    for (size_t index = 0; index < count; ++index) {
      const size_t found = text.find(mark(index));
      if (found == std::string::npos || found < position || text.find(mark(index), found + 1) != std::string::npos)
        return false;
      pieces->push_back(text.substr(position, found - position));
      position = found + mark(index).size();
    }
    pieces->push_back(text.substr(position));
    return true;
  }

  /// Where the text before message \p index, or after the last one, is kept.
  ChatForm::Text &place(const Roles &roles, size_t index, bool generate) {
    if (index == roles.size())
      return (generate ? form.closeGenerate : form.close)[roles.back()];
    return index == 0 ? form.open[roles[0]] : form.between[roles[index - 1]][roles[index]];
  }

  /// Questions and answers in turn, with or without a system prompt first.
  static std::vector<Roles> usual() {
    std::vector<Roles> all;
    for (bool system : {false, true})
      for (unsigned count = 1; count <= kMostMessages; ++count) {
        Roles roles;
        if (system)
          roles.push_back(TRAFO_ROLE_SYSTEM);
        for (unsigned index = 0; roles.size() < count + system; ++index)
          roles.push_back(index % 2 == 0 ? TRAFO_ROLE_USER : TRAFO_ROLE_ASSISTANT);
        all.push_back(std::move(roles));
      }
    return all;
  }

  /// Conversations that end with a question must be regular; those that end with an answer are kept if they are.
  Result<void> readUsual() {
    bool answersLast = true;
    for (bool question : {true, false})
      for (const Roles &roles : usual())
        for (bool generate : {true, false}) {
          if ((roles.back() == TRAFO_ROLE_USER) != question)
            continue;
          Result<bool> regular = readConversation(roles, generate, question);
          if (!regular)
            return std::move(regular.error());
          answersLast &= *regular;
        }
    if (!answersLast)
      refuseAnswersLast();
    return {};
  }
  void refuseAnswersLast() {
    form.close[TRAFO_ROLE_ASSISTANT] = form.closeGenerate[TRAFO_ROLE_ASSISTANT] = std::nullopt;
  }
  /// Keeps the texts of one conversation. False: they do not fit those of others; an error if they \p must.
  Result<bool> readConversation(const Roles &roles, bool generate, bool must) {
    std::string text;
    const Outcome outcome = run(withMarks(roles), generate, &text);
    const bool plain = roles.size() == 1 && generate;
    if (outcome == Outcome::Failed || (outcome == Outcome::Refused && plain))
      return error(*failure);
    if (outcome == Outcome::Refused)
      return true;
    std::vector<std::string> pieces;
    if (!cut(text, roles.size(), &pieces)) {
      if (must)
        return formError("it does not write each message once and in order (" + describe(roles) + ")");
      return false;
    }
    bool regular = true;
    for (size_t index = 0; index <= roles.size(); ++index) {
      ChatForm::Text &kept = place(roles, index, generate);
      if (!kept)
        kept = pieces[index];
      regular &= *kept == pieces[index];
    }
    if (must && !regular)
      return formError("what it writes between messages depends on more than their roles (" + describe(roles) + ")");
    return regular;
  }

  /// Conversations with contents like people's, which the form must write as the template does.
  static std::vector<Conversation> samples() {
    static const char *const kContents[] = {"  Two lines,\nwhite space around.\n\n", "Plain words.",
                                            "\tna\xC3\xAFve \xE2\x80\x94 \xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E ",
                                            "{{ 1 }} {% if %} <b>&amp;</b>"};
    std::vector<Conversation> all;
    size_t next = 0;
    for (const Roles &roles : usual())
      for (int round = 0; round < 3; ++round) {
        Conversation conversation;
        for (uint32_t role : roles)
          conversation.push_back({role, kContents[next++ % 4]});
        all.push_back(std::move(conversation));
      }
    return all;
  }

  Result<void> findTrims() {
    const std::vector<Conversation> conversations = samples();
    std::vector<std::pair<const Conversation *, bool>> shown;
    std::vector<std::string> written;
    std::string text;
    for (const Conversation &conversation : conversations)
      for (bool generate : {true, false}) {
        const Outcome outcome = run(conversation, generate, &text);
        if (outcome == Outcome::Failed)
          return error(*failure);
        if (outcome == Outcome::Refused)
          continue;
        shown.emplace_back(&conversation, generate);
        written.push_back(text);
      }
    for (unsigned choice = 0; choice < TRAFO_TRIM_CHOICES * TRAFO_TRIM_CHOICES * TRAFO_TRIM_CHOICES; ++choice) {
      unsigned rest = choice;
      for (uint32_t &trims : form.trims) {
        trims = rest % TRAFO_TRIM_CHOICES;
        rest /= TRAFO_TRIM_CHOICES;
      }
      bool agrees = true;
      for (size_t index = 0; agrees && index < shown.size(); ++index) {
        const std::optional<std::string> ours = write(*shown[index].first, shown[index].second);
        agrees = !ours || *ours == written[index]; // to refuse is never wrong
      }
      if (agrees)
        return {};
    }
    return formError("it changes contents by more than white space at their ends");
  }

  /// Other orders of roles (two questions in a row, a system prompt later on): kept where three messages show the
  /// template to be as regular there, otherwise refused.
  Result<void> readUnusual() {
    const std::vector<Roles> known = usual();
    std::vector<Roles> others;
    for (size_t count = 1; count <= 3; ++count) {
      const auto total = static_cast<unsigned>(count == 1 ? 3 : count == 2 ? 9 : 27);
      for (unsigned code = 0; code < total; ++code) {
        Roles roles;
        for (unsigned rest = code, left = 0; left < count; ++left, rest /= TRAFO_ROLE_COUNT)
          roles.push_back(rest % TRAFO_ROLE_COUNT);
        if (std::find(known.begin(), known.end(), roles) == known.end())
          others.push_back(std::move(roles));
      }
    }
    struct Shown {
      const Roles *roles;
      bool generate;
      std::optional<std::string> text;
    };
    std::vector<Shown> shown;
    // What is refused on purpose stays so.
    const bool answersLast = form.close[TRAFO_ROLE_ASSISTANT] || form.closeGenerate[TRAFO_ROLE_ASSISTANT];
    const ChatForm sure = form;
    for (const Roles &roles : others)
      for (bool generate : {true, false}) {
        std::string text;
        const Outcome outcome = run(withMarks(roles), generate, &text);
        if (outcome == Outcome::Failed && failure->kind == Failure::Kind::Budget)
          return error(*failure);
        std::vector<std::string> pieces;
        if (outcome != Outcome::Written || !cut(text, roles.size(), &pieces)) {
          shown.push_back({&roles, generate, std::nullopt});
          continue;
        }
        for (size_t index = 0; index <= roles.size(); ++index)
          if (ChatForm::Text &kept = place(roles, index, generate); !kept)
            kept = pieces[index];
        shown.push_back({&roles, generate, std::move(text)});
      }
    // Whatever is wrong about a conversation, the texts that only such conversations gave go.
    const ChatForm tried = form;
    std::vector<ChatForm::Text *> wrong;
    for (const Shown &entry : shown) {
      form = tried;
      const std::optional<std::string> ours = write(withMarks(*entry.roles), entry.generate);
      if (!ours || ours == entry.text)
        continue;
      form = sure;
      for (size_t index = 0; index <= entry.roles->size(); ++index) {
        ChatForm::Text &kept = place(*entry.roles, index, entry.generate);
        if (!kept)
          wrong.push_back(&kept);
      }
    }
    form = tried;
    for (ChatForm::Text *text : wrong)
      text->reset();
    if (!answersLast)
      refuseAnswersLast();
    return {};
  }

  const TokenizerData &data;
  jinja::Template parsed;
  ChatForm form;
  uint64_t stepsLeft = kStepsInAll;
  std::optional<Failure> failure;
};

} // namespace

Result<ChatForm> deriveChatForm(const TokenizerData &data) { return Deriver(data).derive(); }

} // namespace trafo
