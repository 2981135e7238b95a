#include "lib/Import/Text/ChatForm.h"

#include "runtime/text/chat_template.h"
#include "test/runtime/text/tiny_vocabulary.h"

#include <gtest/gtest.h>

namespace trafo::test {
namespace {

constexpr uint32_t S = TRAFO_ROLE_SYSTEM, U = TRAFO_ROLE_USER, A = TRAFO_ROLE_ASSISTANT;

class ChatForms : public testing::Test {
protected:
  Result<trafo::ChatForm> derive(std::string_view source) {
    data.chatTemplate = source;
    return deriveChatForm(data);
  }
  trafo::ChatForm form(std::string_view source) {
    Result<trafo::ChatForm> made = derive(source);
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : trafo::ChatForm();
  }
  std::string failure(std::string_view source) {
    Result<trafo::ChatForm> made = derive(source);
    return made ? "no error" : made.error().message;
  }
  ChatForms() {
    vocabulary.data.bos = vocabulary.special("<s>");
    vocabulary.data.eos = vocabulary.special("</s>");
    data = vocabulary.data;
  }
  TinyVocabulary vocabulary;
  TokenizerData data;
};

TEST_F(ChatForms, defaultSystemPromptStandsInTheOpening) {
  const trafo::ChatForm made = form("{% if messages[0]['role'] != 'system' %}[system]Be kind.{% endif %}"
                                    "{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}"
                                    "{% if add_generation_prompt %}[assistant]{% endif %}");
  EXPECT_EQ(made.open[S], "[system]");
  EXPECT_EQ(made.open[U], "[system]Be kind.[user]");
  EXPECT_EQ(made.between[S][U], "\n[user]");
  EXPECT_EQ(made.between[A][U], "\n[user]");
  EXPECT_EQ(made.close[A], "\n");
  EXPECT_EQ(made.closeGenerate[U], "\n[assistant]");
  EXPECT_EQ(made.trims[U], 0u);
  EXPECT_EQ(made.between[U][U], "\n[user]"); // an unusual order that the template takes
}

TEST_F(ChatForms, headersTrimmedContentsAndBos) {
  const trafo::ChatForm made =
      form("{% set ns = namespace(first=true) %}"
           "{% for m in messages %}{% set text = '<|' + m['role'] + '|>\n\n' + m['content'] | trim + eos_token %}"
           "{% if loop.index0 == 0 %}{% set text = bos_token + text %}{% endif %}{{ text }}{% endfor %}"
           "{% if add_generation_prompt %}{{ '<|assistant|>\n\n' }}{% endif %}");
  EXPECT_EQ(made.open[U], "<s><|user|>\n\n");
  EXPECT_EQ(made.between[U][A], "</s><|assistant|>\n\n");
  EXPECT_EQ(made.closeGenerate[U], "</s><|assistant|>\n\n");
  EXPECT_EQ(made.trims, (std::array<uint32_t, 3>{3, 3, 3}));
}

TEST_F(ChatForms, onlySomeRolesAreTrimmed) {
  const trafo::ChatForm made =
      form("{% for m in messages %}{% if m.role == 'assistant' %}B:{{ m.content.strip() }}{% elif m.role == 'user' %}"
           "A:{{ m.content }}{% else %}S:{{ m.content.rstrip() }}{% endif %}{% endfor %}");
  EXPECT_EQ(made.trims[A], uint32_t{TRAFO_TRIM_FRONT | TRAFO_TRIM_BACK});
  EXPECT_EQ(made.trims[U], 0u);
  EXPECT_EQ(made.trims[S], uint32_t{TRAFO_TRIM_BACK});
}

// As templates of reasoning models do.
TEST_F(ChatForms, aLastAnswerOfItsOwnKindIsRefused) {
  const trafo::ChatForm made =
      form("{% for m in messages %}<{{ m.role }}>{% if m.role == 'assistant' and loop.last %}<think></think>{% endif %}"
           "{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}");
  EXPECT_EQ(made.between[U][A], "<assistant>");
  EXPECT_EQ(made.close[A], std::nullopt);
  EXPECT_EQ(made.closeGenerate[A], std::nullopt);
  EXPECT_EQ(made.closeGenerate[U], "<assistant>");
}

TEST_F(ChatForms, systemPromptInsideTheFirstQuestion) {
  const trafo::ChatForm made = form(
      "{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}{% set system = messages[0]['content'] %}"
      "{% else %}{% set rest = messages %}{% set system = false %}{% endif %}{% for m in rest %}"
      "{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('alternate') }}{% endif %}"
      "{% if loop.index0 == 0 and system != false %}{% set c = '<<' + system + '>>' + m['content'] %}"
      "{% else %}{% set c = m['content'] %}{% endif %}"
      "{% if m['role'] == 'user' %}{{ bos_token + '[I] ' + c + ' [/I]' }}{% else %}{{ ' ' + c + eos_token }}{% endif %}"
      "{% endfor %}");
  EXPECT_EQ(made.open[S], "<s>[I] <<");
  EXPECT_EQ(made.between[S][U], ">>");
  EXPECT_EQ(made.open[U], "<s>[I] ");
  EXPECT_EQ(made.between[A][U], "</s><s>[I] ");
  EXPECT_EQ(made.between[U][U], std::nullopt);
  EXPECT_EQ(made.open[A], std::nullopt);
}

TEST_F(ChatForms, rolesTheTemplateRefusesAreRefused) {
  const trafo::ChatForm made = form("{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
                                    "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}");
  EXPECT_EQ(made.open[S], std::nullopt);
  EXPECT_EQ(made.open[U], "<user>");
  EXPECT_EQ(made.between[U][S], "<system>"); // which it takes later on
}

TEST_F(ChatForms, branchesForToolsAreNotTaken) {
  form("{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}{% if m.tool_calls %}{{ "
       "m.tool_calls[0].x.y }}"
       "{% endif %}{{ m.content }};{% endfor %}{{ strftime_now('%d') if strftime_now is defined else '' }}");
}

TEST_F(ChatForms, templatesThatAreNoData) {
  EXPECT_EQ(failure("{% for m in messages %}{% if loop.last %}LAST{% endif %}{{ m.content }}{% endfor %}"),
            "TRAFO-TEXT-0123: tiny.gguf: tokenizer.chat_template: what it writes between messages depends on more than "
            "their roles (user, assistant, user); compile with --no-chat-template and use raw prompts");
  EXPECT_NE(
      failure("{% for m in messages %}{{ m.content | upper }}{% endfor %}").find("does not write each message once"),
      std::string::npos);
  EXPECT_NE(failure("{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}").find("each message once"),
            std::string::npos);
  EXPECT_NE(failure("{{ messages[-1].content }}").find("each message once"), std::string::npos);
  EXPECT_NE(failure("{% for m in messages %}{{ m.content.replace('lines', 'l') }}{% endfor %}")
                .find("changes contents by more than white space at their ends"),
            std::string::npos);
  EXPECT_NE(failure("{% for m in messages %}{{ m.content }}{{ m.content|length }}{% endfor %}")
                .find("changes contents by more than white space"),
            std::string::npos);
}

TEST_F(ChatForms, failuresAreErrors) {
  EXPECT_NE(failure("{% for m in messages %}").find("TRAFO-TEXT-0120: tiny.gguf: tokenizer.chat_template: line 1"),
            std::string::npos);
  EXPECT_NE(failure("{{ messages[0].content + 1 }}").find("TRAFO-TEXT-0122"), std::string::npos);
  EXPECT_NE(failure("{{ raise_exception('never\nme') }}").find("TRAFO-TEXT-0122"), std::string::npos);
  EXPECT_EQ(failure("{{ raise_exception('never\nme') }}").find('\n'), std::string::npos);
  // T17: also when only some conversations loop, and with every run just inside its own budget.
  EXPECT_NE(failure("{% if messages|length == 4 %}{% for x in range(10**9) %}{% endfor %}{% endif %}"
                    "{% for m in messages %}{{ m.content }}{% endfor %}")
                .find("TRAFO-TEXT-0121"),
            std::string::npos);
  EXPECT_NE(failure("{% for x in range(30000) %}{% endfor %}{% for m in messages %}{{ m.content }}{% endfor %}")
                .find("too many steps"),
            std::string::npos);
}

TEST_F(ChatForms, noTemplateIfNotAsked) {
  data.chatTemplate = "{% nonsense %}";
  EXPECT_FALSE(buildTextSection(data));
  TextSectionOptions options;
  options.chatTemplate = false;
  Result<std::vector<uint8_t>> built = buildTextSection(data, options);
  ASSERT_TRUE(built) << built.error().message;
  std::unique_ptr<text::Tokenizer> tokenizer;
  ASSERT_TRUE(text::Tokenizer::load(built->data(), built->size(), &tokenizer).ok());
  EXPECT_FALSE(text::ChatTemplate(*tokenizer).available());
}

} // namespace
} // namespace trafo::test
