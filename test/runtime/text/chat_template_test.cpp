#include "runtime/text/chat_template.h"

#include "test/runtime/text/tiny_vocabulary.h"

#include <gtest/gtest.h>

namespace trafo::test {
namespace {

using Ids = std::vector<int32_t>;

constexpr const char *kTemplate = "{{ bos_token }}{% for m in messages %}"
                                  "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
                                  "{{ raise_exception('roles must alternate') }}{% endif %}"
                                  "<{{ m.role }}>{{ m.content | trim }}{% endfor %}"
                                  "{% if add_generation_prompt %}<assistant>{% endif %}";

LoadedTokenizer load(const char *text, bool addBos) {
  TinyVocabulary vocabulary;
  vocabulary.special("<user>");
  vocabulary.special("<assistant>");
  vocabulary.data.bos = vocabulary.special("<s>");
  vocabulary.data.addBos = addBos;
  vocabulary.data.chatTemplate = text;
  return LoadedTokenizer(vocabulary.data);
}

TEST(ChatTemplate, rendersAndTokenizes) {
  for (bool addBos : {false, true}) { // the template writes BOS itself: never two
    const LoadedTokenizer loaded = load(kTemplate, addBos);
    const text::ChatTemplate chat(*loaded);
    const text::ChatMessage messages[] = {{"user", " a\n"}, {"assistant", "b"}, {"user", "<user>"}};
    std::string text;
    ASSERT_TRUE(chat.renderText(messages, 3, true, &text).ok());
    EXPECT_EQ(text, "<s><user>a<assistant>b<user><user><assistant>");
    Ids ids;
    ASSERT_TRUE(chat.render(messages, 3, true, &ids).ok());
    EXPECT_EQ(ids, (Ids{258, 256, 'a', 257, 'b', 256, '<', 'u', 's', 'e', 'r', '>', 257}));
  }
}

TEST(ChatTemplate, bosComesFirstWhereTheTemplateWritesNone) {
  const LoadedTokenizer loaded = load("{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}", true);
  const text::ChatMessage message{"user", "a"};
  Ids ids;
  ASSERT_TRUE(text::ChatTemplate(*loaded).render(&message, 1, false, &ids).ok());
  EXPECT_EQ(ids, (Ids{258, 256, 'a'}));
}

TEST(ChatTemplate, refusalsSayWhatIsRefused) {
  const LoadedTokenizer loaded = load(kTemplate, false);
  const text::ChatTemplate chat(*loaded);
  const auto message = [&](std::vector<text::ChatMessage> messages) {
    Ids ids{1};
    const text::Status status = chat.render(messages.data(), messages.size(), true, &ids);
    EXPECT_STREQ(status.code, "TRAFO-TEXT-0006");
    EXPECT_EQ(status.exitCode, 2);
    EXPECT_EQ(ids, (Ids{1}));
    return status.message;
  };
  EXPECT_EQ(message({}), "a conversation needs at least one message");
  EXPECT_EQ(message({{"user", "a"}, {"tool", "b"}}),
            "message 2: role 'tool' is not known; use system, user or assistant");
  EXPECT_EQ(message({{"user", "a"}, {"user", "b"}}), "the model's chat template does not take 'user' after 'user'");
  EXPECT_EQ(message({{"assistant", "a"}}),
            "the model's chat template does not take a conversation that begins with 'assistant'");
}

TEST(ChatTemplate, withoutTemplateOnlyRawPromptsWork) {
  const LoadedTokenizer loaded = load("", false);
  const text::ChatTemplate chat(*loaded);
  EXPECT_FALSE(chat.available());
  const text::ChatMessage message{"user", "a"};
  Ids ids;
  EXPECT_STREQ(chat.render(&message, 1, true, &ids).code, "TRAFO-TEXT-0005");
  std::string text;
  EXPECT_STREQ(chat.renderText(&message, 1, true, &text).code, "TRAFO-TEXT-0005");
}

} // namespace
} // namespace trafo::test
