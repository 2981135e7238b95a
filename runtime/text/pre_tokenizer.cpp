// The pre-tokenizers by name, and the cutting of text by their patterns.
//
// The names and what they stand for were fixed by llama.cpp's converter (convert_hf_to_gguf_update.py), the patterns by
// the `pre_tokenizer` of each model's tokenizer.json; GPT-2's is from its encoder.py. Two spellings differ on purpose:
// \s is written \p{White_Space}, since PCRE2's \s also takes U+180E, which the engines used in training do not; and
// contractions are matched by (?i:...) as in the originals.
#include "runtime/text/pre_tokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <new>

namespace trafo::text {
namespace {

#define TRAFO_SPACE "\\p{White_Space}"
#define TRAFO_NO_SPACE "\\P{White_Space}"
#define TRAFO_GPT2                                                                                                     \
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^" TRAFO_SPACE "\\p{L}\\p{N}]+|" TRAFO_SPACE "+(?!" TRAFO_NO_SPACE   \
  ")|" TRAFO_SPACE "+"
// Llama 3 and its kin: DIGITS is how many digits stand together.
#define TRAFO_LLAMA3(DIGITS)                                                                                           \
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" DIGITS "| ?[^" TRAFO_SPACE                             \
  "\\p{L}\\p{N}]+[\\r\\n]*|" TRAFO_SPACE "*[\\r\\n]+|" TRAFO_SPACE "+(?!" TRAFO_NO_SPACE ")|" TRAFO_SPACE "+"
#define TRAFO_UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define TRAFO_LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define TRAFO_TEKKEN                                                                                                   \
  "[^\\r\\n\\p{L}\\p{N}]?" TRAFO_UPPER "*" TRAFO_LOWER "+|[^\\r\\n\\p{L}\\p{N}]?" TRAFO_UPPER "+" TRAFO_LOWER          \
  "*|\\p{N}| ?[^" TRAFO_SPACE "\\p{L}\\p{N}]+[\\r\\n/]*|" TRAFO_SPACE "*[\\r\\n]+|" TRAFO_SPACE "+(?!" TRAFO_NO_SPACE  \
  ")|" TRAFO_SPACE "+"

constexpr PreTokenizerRule kRules[] = {
    // llama.cpp's own invention for files that name no pre-tokenizer.
    {"default", {"[\\p{P}$+<=>^~|]+", TRAFO_GPT2, "\\p{N}+", "[0-9][0-9][0-9]", nullptr}, false, false},
    {"gpt-2", {TRAFO_GPT2, nullptr}, false, false},
    {"gigachat", {TRAFO_GPT2, nullptr}, false, false},
    // Each digit is a word of its own, then GPT-2.
    {"smollm", {"\\p{N}", TRAFO_GPT2, nullptr}, false, false},
    {"starcoder", {"\\p{N}", TRAFO_GPT2, nullptr}, false, false},
    {"refact", {"\\p{N}", TRAFO_GPT2, nullptr}, false, false},
    {"command-r", {"\\p{N}", TRAFO_GPT2, nullptr}, false, false},
    {"codeshell", {"\\p{N}", TRAFO_GPT2, nullptr}, false, false},
    {"exaone", {"\\p{N}", TRAFO_GPT2, nullptr}, false, false},
    {"minerva-7b", {"\\p{N}", TRAFO_GPT2, nullptr}, false, false},
    {"llama-bpe", {TRAFO_LLAMA3("\\p{N}{1,3}"), nullptr}, true, true},
    {"llama3", {TRAFO_LLAMA3("\\p{N}{1,3}"), nullptr}, true, true},
    {"llama-v3", {TRAFO_LLAMA3("\\p{N}{1,3}"), nullptr}, true, true},
    {"smaug-bpe", {TRAFO_LLAMA3("\\p{N}{1,3}"), nullptr}, false, false},
    {"qwen2", {TRAFO_LLAMA3("\\p{N}"), nullptr}, false, false},
    {"deepseek-r1-qwen", {TRAFO_LLAMA3("\\p{N}"), nullptr}, false, false},
    {"megrez", {TRAFO_LLAMA3("\\p{N}"), nullptr}, false, false},
    {"tekken", {TRAFO_TEKKEN, nullptr}, true, true},
};

struct CodeDeleter {
  void operator()(pcre2_code *code) const { pcre2_code_free(code); }
};
struct MatchDataDeleter {
  void operator()(pcre2_match_data *data) const { pcre2_match_data_free(data); }
};
struct MatchContextDeleter {
  void operator()(pcre2_match_context *context) const { pcre2_match_context_free(context); }
};

// A greedy run that is given back character by character (`\s*[\r\n]+` over a run of spaces) costs one step each.
// Nothing in the table needs more; a limit turns a mistake there into an error in place of a hang.
constexpr uint64_t kStepsPerByte = 64;
constexpr uint64_t kStepsAtLeast = 1u << 20;
constexpr uint32_t kHeapLimitKib = 16384;

} // namespace

struct PreTokenizer::Pattern {
  std::unique_ptr<pcre2_code, CodeDeleter> code;
};

PreTokenizer::PreTokenizer() = default;
PreTokenizer::PreTokenizer(PreTokenizer &&) noexcept = default;
PreTokenizer &PreTokenizer::operator=(PreTokenizer &&) noexcept = default;
PreTokenizer::~PreTokenizer() = default;

const PreTokenizerRule *findPreTokenizer(std::string_view name) {
  for (const PreTokenizerRule &rule : kRules)
    if (name == rule.name)
      return &rule;
  return nullptr;
}

std::string supportedPreTokenizers() {
  std::string names;
  for (const PreTokenizerRule &rule : kRules)
    names += (names.empty() ? "" : ", ") + std::string(rule.name);
  return names;
}

Status PreTokenizer::create(std::string_view name, PreTokenizer *out) {
  PreTokenizer made;
  made.chosen = findPreTokenizer(name);
  if (!made.chosen)
    return Status::unknownPreTokenizer("tokenizer.ggml.pre: pre-tokenizer '" + std::string(name.substr(0, 64)) +
                                       "' is not known; supported: " + supportedPreTokenizers());
  for (const char *const *pattern = made.chosen->patterns; *pattern; ++pattern) {
    int error;
    PCRE2_SIZE offset;
    Pattern compiled{std::unique_ptr<pcre2_code, CodeDeleter>(
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(*pattern), PCRE2_ZERO_TERMINATED,
                      PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &offset, nullptr))};
    if (!compiled.code) // the patterns are ours and tested: only memory is left
      throw std::bad_alloc();
    made.patterns.push_back(std::move(compiled));
  }
  *out = std::move(made);
  return Status::success();
}

Status PreTokenizer::split(std::string_view text, std::vector<uint32_t> *ends) const {
  if (text.empty())
    return Status::success();
  const std::unique_ptr<pcre2_match_context, MatchContextDeleter> context(pcre2_match_context_create(nullptr));
  if (!context)
    throw std::bad_alloc();
  pcre2_set_match_limit(context.get(), static_cast<uint32_t>(std::min<uint64_t>(
                                           kStepsAtLeast + kStepsPerByte * text.size(), UINT32_MAX)));
  pcre2_set_heap_limit(context.get(), kHeapLimitKib);

  // Ends of the pieces so far; each pattern writes the next, finer list.
  std::vector<uint32_t> pieces{static_cast<uint32_t>(text.size())};
  std::vector<uint32_t> finer;
  for (const Pattern &pattern : patterns) {
    const std::unique_ptr<pcre2_match_data, MatchDataDeleter> data(
        pcre2_match_data_create_from_pattern(pattern.code.get(), nullptr));
    if (!data)
      throw std::bad_alloc();
    finer.clear();
    uint32_t begin = 0;
    for (uint32_t end : pieces) {
      // A piece is a subject of its own: look-ahead must not see past its end.
      const auto *subject = reinterpret_cast<PCRE2_SPTR>(text.data() + begin);
      const PCRE2_SIZE length = end - begin;
      PCRE2_SIZE position = 0;
      while (position < length) {
        const int matched =
            pcre2_match(pattern.code.get(), subject, length, position, PCRE2_NO_UTF_CHECK, data.get(), context.get());
        if (matched == PCRE2_ERROR_NOMEMORY)
          throw std::bad_alloc();
        if (matched < 0 && matched != PCRE2_ERROR_NOMATCH)
          return Status::matchLimit("pre-tokenizer '" + std::string(chosen->name) + "' gives up on " +
                                    std::to_string(length) + " bytes of text (PCRE2 error " + std::to_string(matched) +
                                    "); cut the text into parts");
        const PCRE2_SIZE *span = pcre2_get_ovector_pointer(data.get());
        // No pattern of the table matches nothing; should one ever, the rest is a gap.
        if (matched < 0 || span[1] == span[0])
          break;
        if (span[0] > position)
          finer.push_back(begin + static_cast<uint32_t>(span[0]));
        finer.push_back(begin + static_cast<uint32_t>(span[1]));
        position = span[1];
      }
      if (position < length)
        finer.push_back(end);
      begin = end;
    }
    pieces.swap(finer);
  }
  ends->insert(ends->end(), pieces.begin(), pieces.end());
  return Status::success();
}

} // namespace trafo::text
