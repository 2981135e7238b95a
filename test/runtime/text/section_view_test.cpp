// Damaged TEXT sections: an error that says what is wrong, or a tokenizer that answers something; never a wild read
// (which the asan preset would show).
#include "test/runtime/text/section_input.h"
#include "test/runtime/text/tiny_vocabulary.h"
#include "trafo/text_section.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <random>

namespace trafo::test {
namespace {

const std::vector<uint8_t> &section() {
  static const std::vector<uint8_t> made = [] {
    TinyVocabulary vocabulary("llama-bpe");
    vocabulary.merge("a", "b");
    vocabulary.merge("ab", "c");
    vocabulary.data.bos = vocabulary.special("<s>");
    vocabulary.data.eos = vocabulary.special("<e>");
    vocabulary.data.addBos = true;
    vocabulary.data.chatTemplate = "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}"
                                   "{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";
    return LoadedTokenizer(vocabulary.data).section;
  }();
  return made;
}

trafo_text_header_t header() {
  trafo_text_header_t value;
  std::memcpy(&value, section().data(), sizeof(value));
  return value;
}

/// The message of loading a section with a changed header; empty if it loads.
std::string loadWith(const std::function<void(trafo_text_header_t *)> &change) {
  std::vector<uint8_t> bytes = section();
  trafo_text_header_t changed = header();
  change(&changed);
  std::memcpy(bytes.data(), &changed, sizeof(changed));
  return useSection(bytes.data(), bytes.size());
}

/// The same with a changed 32-bit word at \p offset.
std::string loadWithWord(uint32_t offset, uint32_t word) {
  std::vector<uint8_t> bytes = section();
  std::memcpy(bytes.data() + offset, &word, 4);
  return useSection(bytes.data(), bytes.size());
}

void expectSays(const std::string &message, const std::string &part) {
  EXPECT_NE(message.find(part), std::string::npos) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

TEST(SectionView, loadsWhatTheBuilderMade) { EXPECT_EQ(useSection(section().data(), section().size()), ""); }

TEST(SectionView, needsNoAlignment) {
  std::vector<uint8_t> shifted(section().size() + 1);
  std::memcpy(shifted.data() + 1, section().data(), section().size());
  EXPECT_EQ(useSection(shifted.data() + 1, section().size()), "");
}

TEST(SectionView, everyTruncationIsAnError) {
  for (size_t size = 0; size < section().size(); ++size) {
    const std::vector<uint8_t> cut(section().begin(), section().begin() + static_cast<ptrdiff_t>(size));
    EXPECT_NE(useSection(cut.data(), cut.size()), "") << size;
  }
}

TEST(SectionView, headerFieldsAreChecked) {
  expectSays(loadWith([](auto *h) { h->magic[0] = 'X'; }), "the magic number is not 'TRAFOTXT'");
  expectSays(loadWith([](auto *h) { h->version = 2; }), "version is 2, this program reads 1");
  expectSays(loadWith([](auto *h) { h->size += 1; }), "size in the header");
  expectSays(loadWith([](auto *h) { h->reserved[7] = 5; }), "a reserved field is 5, limit 0");
  expectSays(loadWith([](auto *h) { h->token_count = 0; }), "token_count is 0");
  expectSays(loadWith([](auto *h) { h->token_count = 0xffffffff; }), "token_count is 4294967295, limit 2097152");
  expectSays(loadWith([](auto *h) { h->token_count += 1; }), "size of token_offsets");
  expectSays(loadWith([](auto *h) { h->token_bytes.offset = 0xffffffff; }), "offset of token_bytes is 4294967295");
  expectSays(loadWith([](auto *h) { h->merges.size = 0xfffffffc; }), "size of merges is 4294967292");
  expectSays(loadWith([](auto *h) { h->merges.size -= 4; }), "size of merges (not a multiple of its element)");
  expectSays(loadWith([](auto *h) { h->token_types.size -= 1; }), "size of token_types");
  expectSays(loadWith([](auto *h) { h->byte_tokens.size = 4; }), "size of byte_tokens is 4, limit 1024");
  expectSays(loadWith([](auto *h) { h->chat.size *= 2; }), "size of chat");
  expectSays(loadWith([](auto *h) { h->bos = 100000; }), "id of a special token is 100000");
  expectSays(loadWith([](auto *h) { h->eos = -2; }), "id of a special token");
  expectSays(loadWith([](auto *h) { h->pre_tokenizer.size = 3; }), "pre-tokenizer 'lla' is not known");
}

TEST(SectionView, tablesAreChecked) {
  const trafo_text_header_t h = header();
  expectSays(loadWithWord(h.token_offsets.offset + 4, 0xfffffff0), "length of token 0 is 4294967280, limit 4096");
  expectSays(loadWithWord(h.token_offsets.offset + 4 * 10, 0), "offset of token");
  expectSays(loadWithWord(h.token_types.offset, 0x01010109), "type of token 0 is 9, limit 6");
  expectSays(loadWithWord(h.byte_tokens.offset, 0x7fffffff), "token of byte 0 is 2147483647");
  expectSays(loadWithWord(h.byte_tokens.offset, 0x80000000), "token of byte 0 is 2147483648");
  expectSays(loadWithWord(h.merge_rows.offset + 4 * 3, 0xffffffff), "merge row of token 3");
  expectSays(loadWithWord(h.merges.offset, h.token_count), "token id in merge 0");
  expectSays(loadWithWord(h.merges.offset + 8, 0xffffffff), "token id in merge 0");
  expectSays(loadWithWord(h.words.offset, h.token_count), "token id in words");
  expectSays(loadWithWord(h.specials.offset, 0xffffffff), "token id in specials");
  expectSays(loadWithWord(h.end_tokens.offset, h.token_count), "token id in end_tokens");
  expectSays(loadWithWord(h.chat.offset, 0x10000000), "end of a text of the chat template");
  expectSays(loadWithWord(h.chat.offset + 4, 0xffffffff), "end of a text of the chat template");
  expectSays(loadWithWord(h.chat.offset + 144, 4), "a trim flag of the chat template");
  expectSays(loadWithWord(h.chat.offset + 156, 1), "a reserved field of the chat template");
}

// Every bit of the header, then random bytes anywhere: what loads must also work.
TEST(SectionView, flippedBitsNeverCrash) {
  size_t errors = 0;
  std::vector<uint8_t> bytes = section();
  for (size_t bit = 0; bit < 8 * sizeof(trafo_text_header_t); ++bit) {
    bytes[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    errors += !useSection(bytes.data(), bytes.size()).empty();
    bytes[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
  }
  EXPECT_GT(errors, 1000u);
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    std::vector<uint8_t> damaged = section();
    for (unsigned change = 0; change < 1 + round % 4u; ++change)
      damaged[random() % damaged.size()] = static_cast<uint8_t>(random());
    errors += !useSection(damaged.data(), damaged.size()).empty();
  }
  EXPECT_GT(errors, 2000u);
}

} // namespace
} // namespace trafo::test
