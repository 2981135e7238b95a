// After its start a session allocates nothing: every call of malloc and its kin in this program is counted.
#include "temporary.h"
#include "toy_artifact.h"

#include <atomic>
#include <cerrno>
#include <gtest/gtest.h>

extern "C" {
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
}

namespace {
std::atomic<uint64_t> allocations{0};
}

extern "C" {
void *malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void *realloc(void *memory, size_t size) {
  ++allocations;
  return __libc_realloc(memory, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}
}

namespace {

using namespace trafo;

uint64_t afterFirst = 0;
int32_t note(void *state, int32_t token, trafo_string_t) {
  uint64_t *tokens = static_cast<uint64_t *>(state);
  // The first token ends the start: memory for the text is reserved before it.
  if (token >= 0 && ++*tokens == 1)
    afterFirst = allocations.load();
  return 0;
}

class SteadyState : public testing::TestWithParam<int32_t> {};

TEST_P(SteadyState, ATokenAllocatesNothing) {
  test::Temporary folder;
  test::ToyOptions options;
  options.output = folder.file("toy");
  options.script = "Grüße, 世界! 🙂 and quite some more to say";
  ASSERT_EQ(test::writeToy(options), "");
  trafo_model_t *model = nullptr;
  ASSERT_EQ(trafo_model_load_path(options.output.c_str(), nullptr, nullptr, &model), TRAFO_OK);
  trafo_session_options_t with;
  trafo_session_options_initialize(&with);
  with.threads = GetParam();
  trafo_session_t *session = nullptr;
  ASSERT_EQ(trafo_session_create(model, &with, nullptr, &session), TRAFO_OK);
  uint64_t before = allocations.load();
  void *volatile proof = malloc(1000);
  free(proof);
  ASSERT_GT(allocations.load(), before) << "the counter does not count";

  for (float temperature : {0.0f, 0.8f})
    for (int32_t topK : {0, 40})
      for (float topP : {1.0f, 0.9f}) {
        int32_t prompt[2] = {'a', TOY_GO}, length = 0;
        uint64_t tokens = 0;
        trafo_generate_options_t request;
        trafo_generate_options_initialize(&request);
        request.sampling = {sizeof(trafo_sampling_t), temperature, topK, topP, 1};
        request.on_token = note;
        request.on_token_state = &tokens;
        request.ignore_end = 1; // past the end of the script everything is drawn at random
        request.max_tokens = 600;
        request.keep = 1; // 256 positions: the context is shifted on the way
        trafo_generated_t generated;
        ASSERT_EQ(trafo_sequence_truncate(session, 0, 0, nullptr, &length), TRAFO_OK);
        ASSERT_EQ(trafo_generate(session, prompt, 2, &request, nullptr, &generated), TRAFO_OK);
        EXPECT_EQ(tokens, 600u);
        EXPECT_GE(generated.shifts, 2);
        EXPECT_EQ(allocations.load(), afterFirst) << "temperature " << temperature << " top-k " << topK;
      }
  trafo_session_release(session);
  trafo_model_release(model);
}
INSTANTIATE_TEST_SUITE_P(Threads, SteadyState, testing::Values(1, 2, 4));

/// An allocator of the caller's is used for all tables, and gets all of them back.
TEST(CallersAllocator, GetsBackWhatItGave) {
  struct Count {
    int64_t live = 0, calls = 0;
  } count;
  trafo_allocator_t allocator = {&count,
                                 [](void *state, size_t size, size_t alignment) {
                                   auto *c = static_cast<Count *>(state);
                                   c->live += static_cast<int64_t>(size);
                                   ++c->calls;
                                   return __libc_memalign(alignment < 16 ? 16 : alignment, size);
                                 },
                                 [](void *state, void *memory, size_t size) {
                                   static_cast<Count *>(state)->live -= static_cast<int64_t>(size);
                                   free(memory);
                                 }};
  test::Temporary folder;
  test::ToyOptions options;
  options.output = folder.file("toy");
  ASSERT_EQ(test::writeToy(options), "");
  trafo_load_options_t load;
  trafo_load_options_initialize(&load);
  load.allocator = &allocator;
  trafo_model_t *model = nullptr;
  ASSERT_EQ(trafo_model_load_path(options.output.c_str(), &load, nullptr, &model), TRAFO_OK);
  trafo_session_t *session = nullptr;
  ASSERT_EQ(trafo_session_create(model, nullptr, nullptr, &session), TRAFO_OK);
  EXPECT_GT(count.calls, 5);
  trafo_session_release(session);
  trafo_model_release(model);
  EXPECT_EQ(count.live, 0);

  // A31: whichever allocation fails, the answer is an error and nothing is lost.
  int64_t calls = count.calls;
  for (int64_t fails = 0; fails < calls; ++fails) {
    struct Failing {
      Count count;
      int64_t failAt;
    } failing = {{}, fails};
    trafo_allocator_t limited = allocator;
    limited.state = &failing;
    limited.allocate = [](void *state, size_t size, size_t alignment) -> void * {
      auto *f = static_cast<Failing *>(state);
      if (f->count.calls++ == f->failAt)
        return nullptr;
      f->count.live += static_cast<int64_t>(size);
      return __libc_memalign(alignment < 16 ? 16 : alignment, size);
    };
    load.allocator = &limited;
    trafo_error_t error = {};
    trafo_model_t *other = nullptr;
    trafo_session_t *none = nullptr;
    trafo_status_t status = trafo_model_load_path(options.output.c_str(), &load, &error, &other);
    if (!status)
      status = trafo_session_create(other, nullptr, &error, &none);
    EXPECT_EQ(status, TRAFO_NO_RESOURCE) << "allocation " << fails;
    EXPECT_EQ(none, nullptr);
    trafo_model_release(other);
    EXPECT_EQ(failing.count.live, 0) << "allocation " << fails;
  }
}

} // namespace
