//===- gguf_hostile_test.cpp - every hostile file gets its error ----------===//
#include "lib/Import/Gguf.h"
#include "lib/Import/Models/Models.h"
#include "test/import/HostileCases.h"
#include "test/import/TemporaryFile.h"

#include <gtest/gtest.h>

using namespace trafo;
using namespace trafo::test;

namespace {

/// What reading the file and describing its model gives.
std::optional<Error> firstError(const std::string &path) {
  auto checkpoint = readGguf(path);
  if (!checkpoint)
    return checkpoint.error();
  auto spec = describeModel(*checkpoint);
  if (!spec)
    return spec.error();
  return std::nullopt;
}

class GgufHostile : public testing::TestWithParam<HostileCase> {};

TEST_P(GgufHostile, GetsItsError) {
  const HostileCase &hostile = GetParam();
  TemporaryFile file(hostile);
  std::optional<Error> error = firstError(file.path());
  ASSERT_TRUE(error) << "was accepted";
  EXPECT_EQ(error->id(), hostile.id) << error->message;
  EXPECT_EQ(error->exitCode, hostile.exitCode) << error->message;
  EXPECT_EQ(error->message.find(hostile.id + ": " + file.path() + ": "), 0u) << error->message;
  for (const std::string &fact : hostile.facts)
    EXPECT_NE(error->message.find(fact), std::string::npos) << "no '" << fact << "' in: " << error->message;
  for (char c : error->message)
    EXPECT_TRUE(c >= 0x20 && c < 0x7f) << "byte " << int(c) << " in: " << error->message;
  EXPECT_NE(error->message.find("; "), std::string::npos) << "does not say what to do: " << error->message;
  EXPECT_LT(error->message.size(), 2048u);
}

std::string caseName(const testing::TestParamInfo<HostileCase> &info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Table, GgufHostile, testing::ValuesIn(hostileCases()), caseName);

TEST(GgufHostileFile, G41_TruncatedAtEveryByte) {
  std::string good = tinyLlama().bytes();
  for (size_t length = 0; length < good.size(); ++length) {
    auto file = MappedFile::view("cut.gguf", {reinterpret_cast<const uint8_t *>(good.data()), length});
    auto checkpoint = readGguf(file);
    ASSERT_FALSE(checkpoint) << length;
    EXPECT_EQ(checkpoint.error().exitCode, 65) << checkpoint.error().message;
    EXPECT_EQ(checkpoint.error().message.find('\n'), std::string::npos);
  }
}

// A byte changed anywhere may make another model or an error, nothing else.
TEST(GgufHostileFile, EveryHeaderByteChanged) {
  std::string good = tinyLlama().bytes();
  size_t header = tinyLlama().header().size();
  size_t errors = 0;
  for (size_t at = 0; at < header; ++at)
    for (int value : {0x00, 0x01, 0x7f, 0x80, 0xff, good[at] ^ 1}) {
      std::string changed = good;
      changed[at] = static_cast<char>(value);
      auto checkpoint =
          readGguf(MappedFile::view("m", {reinterpret_cast<const uint8_t *>(changed.data()), changed.size()}));
      if (checkpoint) {
        auto spec = describeModel(*checkpoint);
        errors += !spec;
        continue;
      }
      ++errors;
      EXPECT_EQ(checkpoint.error().message.find('\n'), std::string::npos);
    }
  EXPECT_GT(errors, header);
}

TEST(GgufHostileFile, PathIsMissing) {
  auto error = firstError("/nowhere/model.gguf");
  ASSERT_TRUE(error);
  EXPECT_STREQ(error->id(), "TRAFO-FILE-0001");
  EXPECT_EQ(error->exitCode, 66);
  EXPECT_NE(error->message.find("/nowhere/model.gguf"), std::string::npos);
}

TEST(GgufHostileFile, PathIsADirectoryOrDevice) {
  for (const char *path : {"/", "/dev/zero"}) {
    auto error = firstError(path);
    ASSERT_TRUE(error);
    EXPECT_STREQ(error->id(), "TRAFO-FILE-0002");
    EXPECT_EQ(error->exitCode, 66);
  }
}

TEST(GgufHostileFile, PathIsAFifoThatNobodyWrites) {
  TemporaryFile place(std::string{});
  std::string fifo = place.path() + ".fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  auto error = firstError(fifo);
  unlink(fifo.c_str());
  ASSERT_TRUE(error);
  EXPECT_STREQ(error->id(), "TRAFO-FILE-0002");
}

TEST(GgufHostileFile, PathWithANewlineStaysOneLine) {
  auto error = firstError("/nowhere/a\nb");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message.find('\n'), std::string::npos);
  EXPECT_NE(error->message.find("a\\x0ab"), std::string::npos);
}

} // namespace
