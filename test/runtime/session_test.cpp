#include "runtime/cts/driver_suite.h"
#include "temporary.h"
#include "toy_artifact.h"

#include <algorithm>
#include <gtest/gtest.h>

using namespace trafo;

namespace {

class Toy : public testing::Test {
protected:
  void SetUp() override {
    options.output = folder.file("toy");
    write();
    ASSERT_EQ(trafo_session_create(model, nullptr, &error, &session), TRAFO_OK) << error.message;
  }
  void TearDown() override {
    trafo_session_release(session);
    trafo_model_release(model);
  }
  void write() {
    ASSERT_EQ(test::writeToy(options), "");
    ASSERT_EQ(trafo_model_load_path(options.output.c_str(), nullptr, &error, &model), TRAFO_OK) << error.message;
  }
  trafo_status_t step(std::vector<int32_t> tokens, std::vector<int32_t> positions, std::vector<int32_t> sequences,
                      std::vector<int32_t> outputs) {
    trafo_rows_t rows = {sizeof(trafo_rows_t),
                         static_cast<int32_t>(tokens.size()),
                         tokens.data(),
                         positions.data(),
                         sequences.data(),
                         outputs.data(),
                         static_cast<int32_t>(outputs.size()),
                         0};
    return trafo_step(session, &rows, &error, &logits);
  }
  trafo_status_t prefill(int32_t sequence, size_t count) {
    std::vector<int32_t> tokens(count, 'x');
    return trafo_prefill(session, sequence, tokens.data(), count, nullptr, 0, &error, &logits);
  }

  test::Temporary folder;
  test::ToyOptions options;
  trafo_error_t error = {};
  trafo_model_t *model = nullptr;
  trafo_session_t *session = nullptr;
  const float *logits = nullptr;
};

TEST_F(Toy, RowsMustContinueTheirSequences) {
  EXPECT_EQ(step({1, 2}, {0, 1}, {0, 0}, {1}), TRAFO_OK);
  EXPECT_EQ(trafo_sequence_length(session, 0), 2);
  EXPECT_EQ(step({3}, {3}, {0}, {0}), TRAFO_USAGE); // leaves a hole
  EXPECT_EQ(step({3}, {1}, {0}, {0}), TRAFO_USAGE); // goes back
  EXPECT_EQ(step({3, 4}, {2, 2}, {0, 0}, {0}), TRAFO_USAGE);
  EXPECT_EQ(trafo_sequence_length(session, 0), 2);
  EXPECT_EQ(step({3, 4, 5}, {0, 2, 1}, {1, 0, 1}, {0, 2}), TRAFO_OK);
  EXPECT_EQ(trafo_sequence_length(session, 0), 3);
  EXPECT_EQ(trafo_sequence_length(session, 1), 2);
}

TEST_F(Toy, ArgumentsOutOfRangeChangeNothing) {
  EXPECT_EQ(step({TOY_VOCABULARY}, {0}, {0}, {0}), TRAFO_USAGE);
  EXPECT_STREQ(error.code, "TRAFO-RUN-0001");
  EXPECT_EQ(step({-1}, {0}, {0}, {0}), TRAFO_USAGE);
  EXPECT_EQ(step({1}, {0}, {TOY_SEQUENCES}, {0}), TRAFO_USAGE);
  EXPECT_EQ(step({1}, {0}, {-1}, {0}), TRAFO_USAGE);
  EXPECT_EQ(step({1}, {0}, {0}, {1}), TRAFO_USAGE);
  EXPECT_EQ(step({1, 2}, {0, 1}, {0, 0}, {1, 0}), TRAFO_USAGE);
  EXPECT_EQ(step({}, {}, {}, {}), TRAFO_USAGE);
  EXPECT_EQ(step(std::vector<int32_t>(TOY_ROWS + 1, 1), std::vector<int32_t>(TOY_ROWS + 1, 0),
                 std::vector<int32_t>(TOY_ROWS + 1, 0), {}),
            TRAFO_USAGE);
  EXPECT_EQ(trafo_sequence_length(session, 0), 0);
  EXPECT_EQ(step({1}, {0}, {0}, {}), TRAFO_OK);
  EXPECT_EQ(logits, nullptr);
}

TEST_F(Toy, NullWhereACallNeedsMemoryIsRefused) {
  const int32_t one[] = {0};
  trafo_model_t *otherModel = model;
  trafo_session_t *otherSession = session;
  int32_t length = 0, token = 0, ids[4] = {};
  size_t count = 0;
  char text[4];
  trafo_sampling_t sampling;
  trafo_sampling_initialize(&sampling);
  trafo_generate_options_t generate;
  trafo_generate_options_initialize(&generate);
  trafo_generated_t generated;
  auto refuses = [&](const char *name, trafo_status_t status) {
    EXPECT_EQ(status, TRAFO_USAGE) << name;
    EXPECT_STREQ(error.code, "TRAFO-RUN-0001");
    EXPECT_EQ(std::string(error.message).find(std::string(name) + " is NULL"), 0u) << error.message;
  };
  refuses("path", trafo_model_load_path(nullptr, nullptr, &error, &otherModel));
  EXPECT_EQ(otherModel, nullptr);
  refuses("out_model", trafo_model_load_path("x", nullptr, &error, nullptr));
  refuses("name", trafo_model_load_fd(0, nullptr, nullptr, &error, &otherModel));
  refuses("out_model", trafo_model_load_self(nullptr, &error, nullptr));
  refuses("model", trafo_session_create(nullptr, nullptr, &error, &otherSession));
  EXPECT_EQ(otherSession, nullptr);
  refuses("out_session", trafo_session_create(model, nullptr, &error, nullptr));
  auto steps = [&](const int32_t *tokens, const int32_t *positions, const int32_t *sequences, const int32_t *outputs) {
    trafo_rows_t rows = {sizeof(trafo_rows_t), 1, tokens, positions, sequences, outputs, 1, 0};
    return trafo_step(session, &rows, &error, &logits);
  };
  refuses("rows", trafo_step(session, nullptr, &error, &logits));
  refuses("tokens of a step", steps(nullptr, one, one, one));
  refuses("positions of a step", steps(one, nullptr, one, one));
  refuses("sequences of a step", steps(one, one, nullptr, one));
  refuses("outputs of a step", steps(one, one, one, nullptr));
  refuses("tokens", trafo_prefill(session, 0, nullptr, 1, nullptr, 0, &error, &logits));
  refuses("cuts", trafo_prefill(session, 0, one, 1, nullptr, 2, &error, &logits));
  refuses("out_logits", trafo_prefill(session, 0, one, 1, nullptr, 0, &error, nullptr));
  refuses("out_length", trafo_sequence_truncate(session, 0, 0, &error, nullptr));
  refuses("session", trafo_sequence_truncate(nullptr, 0, 0, &error, &length));
  refuses("out_logits", trafo_sequence_shift(session, 0, 0, &error, nullptr));
  refuses("logits", trafo_sample(session, nullptr, &sampling, 0, &error, &token));
  refuses("sampling", trafo_sample(session, reinterpret_cast<const float *>(one), nullptr, 0, &error, &token));
  refuses("tokens", trafo_generate(session, nullptr, 1, &generate, &error, &generated));
  refuses("options", trafo_generate(session, one, 1, nullptr, &error, &generated));
  refuses("out_generated", trafo_generate(session, one, 1, &generate, &error, nullptr));
  refuses("tokens", trafo_tokenize(model, {"a", 1}, 0, nullptr, 4, &error, &count));
  refuses("out_count", trafo_tokenize(model, {"a", 1}, 0, ids, 4, &error, nullptr));
  refuses("tokens", trafo_detokenize(model, nullptr, 1, 0, text, 4, &error, &count));
  refuses("text", trafo_detokenize(model, ids, 1, 0, nullptr, 4, &error, &count));
  refuses("messages", trafo_chat(model, nullptr, 1, 1, ids, 4, &error, &count));
  EXPECT_EQ(trafo_sequence_length(session, 0), 0);
}

TEST_F(Toy, StructsOfAnotherVersionAndUnknownFlagsAreRefused) {
  trafo_generate_options_t generate;
  trafo_generate_options_initialize(&generate);
  generate.sampling.struct_size = 1;
  const int32_t one[] = {0};
  trafo_generated_t generated;
  EXPECT_EQ(trafo_generate(session, one, 1, &generate, &error, &generated), TRAFO_USAGE);
  EXPECT_STREQ(error.message, "trafo_sampling_t has struct_size 1, expects 24");
  trafo_load_options_t load;
  trafo_load_options_initialize(&load);
  load.flags = TRAFO_LOAD_VERIFY | 1u << 9;
  trafo_model_t *other = nullptr;
  EXPECT_EQ(trafo_model_load_path(options.output.c_str(), &load, &error, &other), TRAFO_USAGE);
  EXPECT_STREQ(error.message, "flags of trafo_load_options_t are 0x201, expects none but 0x7");
  EXPECT_EQ(other, nullptr);
}

TEST_F(Toy, ThePoolOfPagesRunsOutWithoutDamage) {
  ASSERT_EQ(prefill(0, 256), TRAFO_OK); // 4 of 6 pages
  ASSERT_EQ(prefill(1, 64), TRAFO_OK);
  ASSERT_EQ(prefill(2, 63), TRAFO_OK);
  EXPECT_EQ(step({1}, {64}, {1}, {0}), TRAFO_NO_RESOURCE);
  EXPECT_STREQ(error.code, "TRAFO-RUN-0003");
  // A step that needs one page too many takes none at all.
  EXPECT_EQ(step({1, 1}, {63, 64}, {2, 1}, {0}), TRAFO_NO_RESOURCE);
  EXPECT_EQ(trafo_sequence_length(session, 1), 64);
  EXPECT_EQ(trafo_sequence_length(session, 2), 63);
  EXPECT_EQ(step({1}, {63}, {2}, {0}), TRAFO_OK);
  int32_t length = 0;
  ASSERT_EQ(trafo_sequence_truncate(session, 0, 10, &error, &length), TRAFO_OK);
  EXPECT_EQ(step({1}, {64}, {1}, {0}), TRAFO_OK);
}

TEST_F(Toy, TheContextEnds) {
  EXPECT_EQ(prefill(0, TOY_CONTEXT + 1), TRAFO_BAD_DATA);
  EXPECT_STREQ(error.code, "TRAFO-RUN-0002");
  EXPECT_NE(std::string(error.message).find("257"), std::string::npos) << error.message;
  ASSERT_EQ(prefill(0, TOY_CONTEXT), TRAFO_OK);
  EXPECT_EQ(step({1}, {TOY_CONTEXT}, {0}, {0}), TRAFO_BAD_DATA);
}

/// A model that sees a window needs a few pages, however long its sequences are.
TEST_F(Toy, SequencesRunPastTheirPagesWhereRowsSeeAWindow) {
  const int32_t kLong = TOY_CONTEXT; // 4 pages, of 6 that three sequences share
  ASSERT_EQ(prefill(0, kLong), TRAFO_OK);
  const std::vector<float> full(logits, logits + TOY_VOCABULARY);
  TearDown();
  options.window = 2;
  write();
  ASSERT_EQ(trafo_session_create(model, nullptr, &error, &session), TRAFO_OK);
  for (int32_t sequence = 0; sequence < TOY_SEQUENCES; ++sequence) {
    ASSERT_EQ(prefill(sequence, kLong), TRAFO_OK) << error.message;
    EXPECT_EQ(std::vector<float>(logits, logits + TOY_VOCABULARY), full);
  }
  int32_t length = -1;
  ASSERT_EQ(trafo_sequence_truncate(session, 0, kLong - TOY_ROWS, &error, &length), TRAFO_OK);
  EXPECT_EQ(length, kLong - TOY_ROWS);
  ASSERT_EQ(prefill(0, TOY_ROWS), TRAFO_OK);
  EXPECT_EQ(std::vector<float>(logits, logits + TOY_VOCABULARY), full);
  ASSERT_EQ(trafo_sequence_truncate(session, 0, 10, &error, &length), TRAFO_OK);
  EXPECT_EQ(length, 0) << "what the next row would see is gone";
  EXPECT_EQ(trafo_sequence_length(session, 0), 0);
  ASSERT_EQ(prefill(0, kLong), TRAFO_OK);
  EXPECT_EQ(std::vector<float>(logits, logits + TOY_VOCABULARY), full);
}

struct Told {
  std::string text;
  std::vector<int32_t> tokens;
  size_t stopAfter = SIZE_MAX;
};

int32_t tell(void *state, int32_t token, trafo_string_t text) {
  Told &told = *static_cast<Told *>(state);
  told.text.append(text.data, text.size);
  if (token >= 0)
    told.tokens.push_back(token);
  return told.tokens.size() >= told.stopAfter;
}

trafo_generated_t generate(trafo_session_t *session, const std::vector<int32_t> &prompt, Told *told,
                           int32_t maxTokens = 0) {
  trafo_generate_options_t request;
  trafo_generate_options_initialize(&request);
  request.max_tokens = maxTokens;
  request.on_token = tell;
  request.on_token_state = told;
  trafo_generated_t generated;
  trafo_error_t error = {};
  EXPECT_EQ(trafo_generate(session, prompt.data(), prompt.size(), &request, &error, &generated), TRAFO_OK)
      << error.message;
  return generated;
}

TEST_F(Toy, GeneratesUntilTheModelEnds) {
  Told told;
  trafo_generated_t generated = generate(session, {'a', TOY_GO}, &told);
  EXPECT_EQ(told.text, "Hello");
  EXPECT_EQ(generated.stop, TRAFO_STOP_END);
  EXPECT_EQ(generated.tokens, 6); // with the end token
  EXPECT_EQ(generated.prompt_tokens, 2);
  EXPECT_EQ(trafo_sequence_length(session, 0), 7); // the end token was not stepped
}

TEST_F(Toy, GeneratesUntilToldToStop) {
  Told told;
  told.stopAfter = 3;
  EXPECT_EQ(generate(session, {TOY_GO}, &told).stop, TRAFO_STOP_CALLER);
  EXPECT_EQ(told.text, "Hel");
  Told limited;
  EXPECT_EQ(generate(session, {TOY_GO}, &limited, 2).stop, TRAFO_STOP_MAX_TOKENS);
  EXPECT_EQ(limited.text, "He");
}

TEST_F(Toy, GeneratesUntilTheContextIsFull) {
  Told told;
  EXPECT_EQ(generate(session, std::vector<int32_t>(250, 'q'), &told).stop, TRAFO_STOP_CONTEXT);
  EXPECT_EQ(told.tokens.size(), 7u); // positions 250 to 255, and what follows the last
}

/// What stays of a full context, by the rule of trafo_sequence_shift.
std::vector<int32_t> shifted(const std::vector<int32_t> &tokens, size_t keep) {
  std::vector<int32_t> kept(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(keep));
  size_t leftOut = (tokens.size() - keep) / 2;
  kept.insert(kept.end(), tokens.begin() + static_cast<std::ptrdiff_t>(keep + leftOut), tokens.end());
  return kept;
}

std::vector<int32_t> manyTokens(int32_t count) {
  std::vector<int32_t> tokens;
  for (int32_t i = 0; i < count; ++i)
    tokens.push_back(i * 37 % 256);
  return tokens;
}

/// With and without a window, in which the kept start may have left the cache.
class Shifts : public Toy, public testing::WithParamInterface<uint64_t> {
protected:
  void SetUp() override {
    options.window = GetParam();
    Toy::SetUp();
    ASSERT_EQ(trafo_session_create(model, nullptr, &error, &other), TRAFO_OK);
  }
  void TearDown() override {
    trafo_session_release(other);
    Toy::TearDown();
  }
  /// The logits after these tokens alone, in another session.
  std::vector<float> fresh(const std::vector<int32_t> &tokens) {
    int32_t length = 0;
    const float *row = nullptr;
    EXPECT_EQ(trafo_sequence_truncate(other, 0, 0, &error, &length), TRAFO_OK);
    EXPECT_EQ(trafo_prefill(other, 0, tokens.data(), tokens.size(), nullptr, 0, &error, &row), TRAFO_OK)
        << error.message;
    return {row, row + TOY_VOCABULARY};
  }
  trafo_session_t *other = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Windows, Shifts, testing::Values(0, 2));

TEST_P(Shifts, LeaveWhatAFreshSequenceOfTheKeptTokensWouldHave) {
  for (int32_t length : {2, 3, 100, 255, 256})
    for (int32_t keep : {0, 1, 63, 64, length - 2}) {
      if (keep > length - 2)
        continue;
      std::vector<int32_t> tokens = manyTokens(length), kept = shifted(tokens, static_cast<size_t>(keep));
      int32_t now = 0;
      ASSERT_EQ(trafo_sequence_truncate(session, 0, 0, &error, &now), TRAFO_OK);
      ASSERT_EQ(trafo_prefill(session, 0, tokens.data(), tokens.size(), nullptr, 0, &error, &logits), TRAFO_OK);
      ASSERT_EQ(trafo_sequence_shift(session, 0, keep, &error, &logits), TRAFO_OK) << error.message;
      std::vector<float> got(logits, logits + TOY_VOCABULARY);
      ASSERT_EQ(trafo_sequence_length(session, 0), static_cast<int32_t>(kept.size()));
      const int32_t *held = trafo_sequence_tokens(session, 0);
      EXPECT_EQ(std::vector<int32_t>(held, held + kept.size()), kept);
      EXPECT_EQ(got, fresh(kept)) << length << " tokens, of them " << keep << " kept";
    }
}

TEST_P(Shifts, LetGenerationGoOnForEver) {
  std::vector<int32_t> prompt = manyTokens(200);
  trafo_generate_options_t request;
  trafo_generate_options_initialize(&request);
  request.ignore_end = 1;
  request.max_tokens = 500;
  request.keep = 7;
  Told told;
  request.on_token = tell;
  request.on_token_state = &told;
  std::vector<std::pair<int32_t, int32_t>> shifts;
  request.on_shift = [](void *state, int32_t leftOut, int32_t kept) {
    static_cast<decltype(shifts) *>(state)->push_back({leftOut, kept});
  };
  request.on_shift_state = &shifts;
  trafo_generated_t generated;
  ASSERT_EQ(trafo_generate(session, prompt.data(), prompt.size(), &request, &error, &generated), TRAFO_OK)
      << error.message;
  EXPECT_EQ(generated.stop, TRAFO_STOP_MAX_TOKENS);
  EXPECT_EQ(generated.shifts, 4); // at 56 tokens, and after each 124 or 125 more
  std::pair<int32_t, int32_t> each(124, 132);
  EXPECT_EQ(shifts, std::vector(4, each));

  // The same by hand: whatever the sequence was, its tokens alone decide.
  std::vector<int32_t> tokens = prompt, expected;
  while (expected.size() < 500) {
    std::vector<float> row = fresh(tokens);
    expected.push_back(static_cast<int32_t>(std::max_element(row.begin(), row.end()) - row.begin()));
    if (tokens.size() == TOY_CONTEXT)
      tokens = shifted(tokens, 7);
    tokens.push_back(expected.back());
  }
  EXPECT_EQ(told.tokens, expected);
}

TEST_F(Toy, ShiftsOutOfRangeChangeNothing) {
  ASSERT_EQ(prefill(0, 10), TRAFO_OK);
  for (auto [sequence, keep] : {std::pair(0, -1), {0, 9}, {0, INT32_MAX}, {-1, 0}, {TOY_SEQUENCES, 0}, {1, 0}}) {
    EXPECT_EQ(trafo_sequence_shift(session, sequence, keep, &error, &logits), TRAFO_USAGE) << sequence << " " << keep;
    EXPECT_STREQ(error.code, "TRAFO-RUN-0001");
    EXPECT_EQ(logits, nullptr);
  }
  EXPECT_EQ(trafo_sequence_length(session, 0), 10);
  EXPECT_EQ(trafo_sequence_tokens(session, -1), nullptr);
  EXPECT_EQ(trafo_sequence_tokens(session, TOY_SEQUENCES), nullptr);
  for (int32_t keep : {-2, TOY_CONTEXT - 1, INT32_MAX}) {
    trafo_generate_options_t request;
    trafo_generate_options_initialize(&request);
    request.keep = keep;
    int32_t token = 'a';
    trafo_generated_t generated;
    EXPECT_EQ(trafo_generate(session, &token, 1, &request, &error, &generated), TRAFO_USAGE);
    EXPECT_NE(std::string(error.message).find("expects 0 to 254"), std::string::npos) << error.message;
  }
  EXPECT_EQ(trafo_sequence_length(session, 0), 10);
}

TEST_F(Toy, ChatAndTextRoundTrip) {
  trafo_message_t message = {{"user", 4}, {"h<|go|>i", 8}};
  size_t count = 0;
  ASSERT_EQ(trafo_chat(model, &message, 1, 1, nullptr, 0, &error, &count), TRAFO_OK) << error.message;
  std::vector<int32_t> tokens(count);
  ASSERT_EQ(trafo_chat(model, &message, 1, 1, tokens.data(), count, &error, &count), TRAFO_OK);
  EXPECT_EQ(tokens.front(), TOY_START);
  EXPECT_EQ(tokens.back(), TOY_GO);
  EXPECT_EQ(std::count(tokens.begin(), tokens.end(), TOY_GO), 1) << "user text became a control token";
  char text[64];
  size_t size = 0;
  ASSERT_EQ(trafo_detokenize(model, tokens.data(), count, 0, text, sizeof(text), &error, &size), TRAFO_OK);
  EXPECT_EQ(std::string(text, size), "user\nh<|go|>i");
}

TEST_F(Toy, NonFiniteLogitsAreAnError) {
  TearDown();
  options.script = "ab\xff";
  write();
  ASSERT_EQ(trafo_session_create(model, nullptr, &error, &session), TRAFO_OK);
  trafo_generate_options_t request;
  trafo_generate_options_initialize(&request);
  int32_t go = TOY_GO;
  trafo_generated_t generated;
  EXPECT_EQ(trafo_generate(session, &go, 1, &request, &error, &generated), TRAFO_INTERNAL);
  EXPECT_STREQ(error.code, "TRAFO-RUN-0005");
  EXPECT_NE(std::string(error.message).find("at step 2"), std::string::npos) << error.message;
}

TEST_F(Toy, UnknownDriversAreRefused) {
  trafo_session_options_t with;
  trafo_session_options_initialize(&with);
  with.driver = "abacus";
  trafo_session_t *none = nullptr;
  EXPECT_EQ(trafo_session_create(model, &with, &error, &none), TRAFO_USAGE);
  EXPECT_EQ(none, nullptr);
  with.struct_size = 1;
  EXPECT_EQ(trafo_session_create(model, &with, &error, &none), TRAFO_USAGE);
}

/// runtime/cts over every driver.
class DriverSuite : public testing::TestWithParam<const char *> {};

TEST_P(DriverSuite, Passes) {
  test::Temporary folder;
  test::ToyOptions options;
  options.output = folder.file("toy");
  ASSERT_EQ(test::writeToy(options), "");
  trafo_model_t *model = nullptr;
  ASSERT_EQ(trafo_model_load_path(options.output.c_str(), nullptr, nullptr, &model), TRAFO_OK);
  for (const cts::Case &test : cts::cases())
    EXPECT_EQ(test.run({model, GetParam()}), "") << test.name;
  trafo_model_release(model);
}
INSTANTIATE_TEST_SUITE_P(Drivers, DriverSuite, testing::Values("cpu", "null"),
                         [](const auto &info) { return std::string(info.param); });

} // namespace
