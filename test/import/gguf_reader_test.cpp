//===- gguf_reader_test.cpp - what a good file is read as -----------------===//
#include "lib/Import/Checked.h"
#include "lib/Import/Gguf.h"
#include "lib/Import/TokenizerKeys.h"
#include "test/import/GgufBuilder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

using namespace trafo;
using namespace trafo::test;

namespace {

Result<Checkpoint> read(const std::string &bytes) {
  return readGguf(MappedFile::view("test.gguf", {reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}));
}

TEST(GgufReader, ReadsVersions2And3) {
  for (uint32_t version : {2u, 3u}) {
    GgufBuilder builder = tinyLlama();
    builder.version = version;
    std::string bytes = builder.bytes();
    auto checkpoint = read(bytes);
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    EXPECT_EQ(checkpoint->version, version);
    EXPECT_EQ(checkpoint->architecture, "llama");
    EXPECT_EQ(checkpoint->alignment, 32u);
    EXPECT_EQ(checkpoint->headerBytes, builder.header().size());
    EXPECT_EQ(checkpoint->tensors.size(), 11u);
  }
}

TEST(GgufReader, DimensionsAreOutermostFirstAndOffsetsAbsolute) {
  std::string bytes = tinyLlama().bytes();
  auto checkpoint = read(bytes);
  ASSERT_TRUE(checkpoint);
  const TensorInfo *down = checkpoint->findTensor("blk.0.ffn_down.weight");
  ASSERT_NE(down, nullptr);
  EXPECT_EQ(down->dims, (std::vector<int64_t>{32, 64}));
  EXPECT_EQ(down->format, Format::Q8_0);
  EXPECT_EQ(down->byteSize, 32u * 64 / 32 * 34);
  EXPECT_EQ(down->elements(), 32 * 64);
  const TensorInfo *first = checkpoint->findTensor("token_embd.weight");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->fileOffset, (checkpoint->headerBytes + 31) / 32 * 32);
  EXPECT_EQ(checkpoint->tensorBytesOf(*first).data, checkpoint->file->bytes().data + first->fileOffset);
  EXPECT_EQ(checkpoint->findTensor("token_embd"), nullptr);
}

TEST(GgufReader, TensorsMayLieInAnyOrder) {
  GgufBuilder builder = bare();
  builder.tensor("a", {32}).tensor("b", {32});
  builder.named("a").offset = 128;
  builder.named("b").offset = 0;
  std::string bytes = builder.bytes();
  auto checkpoint = read(bytes);
  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  EXPECT_EQ(checkpoint->tensors[0].fileOffset, checkpoint->tensors[1].fileOffset + 128);
}

TEST(GgufReader, EndOfFileMayBePaddedOrNot) {
  GgufBuilder builder = bare();
  builder.tensor("a", {3});
  std::string bytes = builder.bytes();
  ASSERT_NE(bytes.size() % 32, 0u);
  EXPECT_TRUE(read(bytes));
  bytes.resize((bytes.size() + 31) / 32 * 32);
  EXPECT_TRUE(read(bytes));
}

TEST(GgufReader, OtherAlignments) {
  for (uint32_t alignment : {8u, 64u, 4096u}) {
    GgufBuilder builder = bare();
    builder.alignment = alignment;
    builder.key("general.alignment", vU32(alignment)).tensor("a", {8}).tensor("b", {8});
    std::string bytes = builder.bytes();
    auto checkpoint = read(bytes);
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    EXPECT_EQ(checkpoint->tensors[1].fileOffset % alignment, 0u);
  }
}

TEST(GgufReader, NoTensorsAtAll) { EXPECT_TRUE(read(bare().bytes())); }

TEST(GgufReader, AFileOfOneShardIsNotSplit) {
  std::string bytes = tinyLlama().key("split.count", vU16(1)).bytes();
  EXPECT_TRUE(read(bytes));
}

TEST(GgufReader, TypedValues) {
  GgufBuilder builder = bare();
  builder.key("u", vU32(7)).key("f", vF32(0.5f)).key("b", vBool(1)).key("s", vText("text"));
  builder.key("ss", vTexts({"one", "", "three"})).key("fs", vNumbers<float>(kF32, {1, -2}));
  builder.key("is", vNumbers<int32_t>(kI32, {-5})).key("none", vTexts({}));
  std::string bytes = builder.bytes();
  auto c = read(bytes);
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(*c->getU32("u"), 7u);
  EXPECT_EQ(*c->getF32("f"), 0.5f);
  EXPECT_EQ(*c->getBool("b"), true);
  EXPECT_EQ(*c->getString("s"), "text");
  EXPECT_EQ(c->getStrings("ss")->views(), (std::vector<std::string_view>{"one", "", "three"}));
  EXPECT_EQ((*c->getF32s("fs"))[1], -2.0f);
  EXPECT_EQ((*c->getI32s("is"))[0], -5);
  EXPECT_TRUE(c->getStrings("none")->empty());
  EXPECT_FALSE(c->findU32("absent")->has_value());
  EXPECT_STREQ(c->getU32("absent").error().id(), "TRAFO-GGUF-0021");
  EXPECT_STREQ(c->findU32("s").error().id(), "TRAFO-GGUF-0019");
  EXPECT_STREQ(c->getF32s("ss").error().id(), "TRAFO-GGUF-0019");
}

TEST(GgufReader, EntriesKnowTheirPlace) {
  std::string bytes = bare().key("k", vU32(1)).key("l", vTexts({"a"})).bytes();
  auto c = read(bytes);
  ASSERT_TRUE(c);
  const MetadataEntry *k = c->metadata.find("k"), *l = c->metadata.find("l");
  ASSERT_TRUE(k && l);
  EXPECT_EQ(k->offset, kBareEnd);
  EXPECT_EQ(k->bytes, 17u);
  EXPECT_EQ(l->offset, kBareEnd + 17);
  EXPECT_EQ(l->offset + l->bytes, bytes.size());
}

TEST(TokenizerKeys, AreRead) {
  std::string bytes = tinyLlama().bytes();
  auto checkpoint = read(bytes);
  ASSERT_TRUE(checkpoint);
  auto keys = readTokenizerKeys(*checkpoint);
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->model, "gpt2");
  EXPECT_EQ(keys->pre, "smollm");
  EXPECT_EQ(keys->tokens.size(), 8u);
  EXPECT_EQ(keys->merges.views(), std::vector<std::string_view>{"a b"});
  EXPECT_EQ(keys->eos, 1u);
  EXPECT_FALSE(keys->unknown);
  EXPECT_FALSE(keys->addBos);
}

TEST(Checked, RemembersOverflow) {
  using C = Checked<uint64_t>;
  EXPECT_EQ((C(3) * 4 + 5 - 17).get(), 0u);
  EXPECT_FALSE((C(UINT64_MAX) + 1).ok());
  EXPECT_FALSE((C(0) - 1).ok());
  EXPECT_FALSE((C(uint64_t(1) << 32) * (uint64_t(1) << 32)).ok());
  EXPECT_FALSE((C(UINT64_MAX) + 1 - 1).ok());
  EXPECT_EQ(C(33).alignTo(32).get(), 64u);
  EXPECT_EQ(C(64).alignTo(32).get(), 64u);
  EXPECT_FALSE(C(UINT64_MAX - 3).alignTo(32).ok());
}

TEST(Errors, BytesFromFilesAreQuoted) {
  EXPECT_EQ(trafo::quoted("plain text"), "\"plain text\"");
  EXPECT_EQ(trafo::quoted("a\"b\n\xff"), "\"a\\x22b\\x0a\\xff\"");
  EXPECT_EQ(trafo::quoted(std::string(1000, 'x')).size(), 96u + 5);
}

} // namespace
