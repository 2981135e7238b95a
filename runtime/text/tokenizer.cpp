// From text to tokens: special tokens are cut out, ill-formed bytes set apart, the rest is cut into words by the
// pre-tokenizer, and inside each word byte pairs are merged.
#include "runtime/text/byte_pair_merger.h"
#include "runtime/text/tokenizer_state.h"
#include "runtime/text/utf8.h"

#include <new>

namespace trafo::text {
namespace {

/// Positions are 32 bits, and a word of n bytes needs some 30 n bytes of memory: enough for every prompt, and the caller
/// with a longer text cuts it (a model's context is far shorter).
constexpr size_t kMaxTextBytes = size_t{16} << 20;

/// A stretch of the joined text, between special tokens.
class Encoder {
public:
  Encoder(const SectionView &section, const PreTokenizer &preTokenizer, std::vector<int32_t> *out)
      : section(section), preTokenizer(preTokenizer), merger(section), out(out) {}

  Status encode(std::string_view text) {
    while (!text.empty()) {
      const size_t good = wellFormedPrefix(text);
      if (Status status = encodeWellFormed(text.substr(0, good)); !status.ok())
        return status;
      text.remove_prefix(good);
      size_t ill = 0, length;
      while (ill < text.size() && classifyUtf8(text.substr(ill), &length) != Utf8Start::Character)
        ill += length;
      if (ill > 0)
        merger.encode(text.substr(0, ill), out, &dropped);
      text.remove_prefix(ill);
    }
    return Status::success();
  }
  size_t droppedBytes() const { return dropped; }

private:
  Status encodeWellFormed(std::string_view text) {
    ends.clear();
    if (Status status = preTokenizer.split(text, &ends); !status.ok())
      return status;
    const bool wholeWords = section.header.flags & TRAFO_TEXT_WHOLE_WORDS;
    uint32_t begin = 0;
    for (uint32_t end : ends) {
      const std::string_view word = text.substr(begin, end - begin);
      const int32_t whole = wholeWords ? section.findWord(word) : -1;
      if (whole >= 0)
        out->push_back(whole);
      else
        merger.encode(word, out, &dropped);
      begin = end;
    }
    return Status::success();
  }

  const SectionView &section;
  const PreTokenizer &preTokenizer;
  BytePairMerger merger;
  std::vector<int32_t> *out;
  std::vector<uint32_t> ends;
  size_t dropped = 0;
};

} // namespace

Tokenizer::Tokenizer(std::unique_ptr<State> state) : state(std::move(state)) {}
Tokenizer::~Tokenizer() = default;

Status Tokenizer::load(const uint8_t *section, size_t size, std::unique_ptr<Tokenizer> *out) noexcept {
  try {
    auto state = std::make_unique<State>();
    if (Status status = SectionView::open(section, size, &state->section); !status.ok())
      return status;
    const std::string_view name = state->section.text(state->section.header.pre_tokenizer);
    if (Status status = PreTokenizer::create(name, &state->preTokenizer); !status.ok())
      return status;
    state->specials = SpecialMatcher(state->section);
    out->reset(new Tokenizer(std::move(state)));
    return Status::success();
  } catch (const std::bad_alloc &) {
    return Status::outOfMemory();
  }
}

Status Tokenizer::encode(std::string_view text, const EncodeOptions &options, std::vector<int32_t> *out,
                         size_t *dropped) const noexcept {
  const TextPiece piece{text, options.parseSpecial};
  return encodePieces(&piece, 1, options.addBos, out, dropped);
}

Status Tokenizer::encodePieces(const TextPiece *pieces, size_t count, bool addBos, std::vector<int32_t> *out,
                               size_t *dropped) const noexcept {
  const size_t before = out->size();
  try {
    size_t total = 0;
    for (size_t index = 0; index < count; ++index) {
      total += pieces[index].text.size();
      if (pieces[index].text.size() > kMaxTextBytes || total > kMaxTextBytes)
        return Status::textTooLong("text of more than " + std::to_string(total) + " bytes, limit " +
                                   std::to_string(kMaxTextBytes) + "; cut it into parts");
    }
    std::string joined;
    std::string_view text;
    if (count == 1) {
      text = pieces[0].text;
    } else {
      joined.reserve(total);
      for (size_t index = 0; index < count; ++index)
        joined += pieces[index].text;
      text = joined;
    }

    const SectionView &section = state->section;
    if (addBos && addsBos() && bos() >= 0)
      out->push_back(bos());
    Encoder encoder(section, state->preTokenizer, out);
    size_t done = 0; // all of `text` before it is tokenized
    size_t pieceBegin = 0;
    Status status;
    for (size_t index = 0; status.ok() && index < count; ++index) {
      const size_t pieceEnd = pieceBegin + pieces[index].text.size();
      int32_t id;
      size_t begin, end = pieceBegin;
      while (status.ok() && pieces[index].parseSpecial &&
             state->specials.find(section, text.substr(0, pieceEnd), end, &id, &begin, &end)) {
        status = encoder.encode(text.substr(done, begin - done));
        out->push_back(id);
        done = end;
      }
      pieceBegin = pieceEnd;
    }
    if (status.ok())
      status = encoder.encode(text.substr(done));
    if (!status.ok())
      out->resize(before);
    else if (dropped)
      *dropped = encoder.droppedBytes();
    return status;
  } catch (const std::bad_alloc &) {
    out->resize(before);
    return Status::outOfMemory();
  }
}

std::string_view Tokenizer::tokenBytes(int32_t id) const {
  return state->section.isToken(id) ? state->section.tokenBytes(static_cast<uint32_t>(id)) : std::string_view();
}

TokenType Tokenizer::tokenType(int32_t id) const {
  return state->section.isToken(id) ? static_cast<TokenType>(state->section.tokenType(static_cast<uint32_t>(id)))
                                    : TokenType::Unused;
}

bool Tokenizer::isHidden(int32_t id) const {
  const TokenType type = tokenType(id);
  return type == TokenType::Control || type == TokenType::Unknown;
}

bool Tokenizer::isEndOfGeneration(int32_t id) const {
  for (uint32_t index = 0; index < state->section.endTokenCount(); ++index)
    if (id >= 0 && state->section.endToken(index) == static_cast<uint32_t>(id))
      return true;
  return false;
}

uint32_t Tokenizer::tokenCount() const { return state->section.tokenCount(); }
int32_t Tokenizer::bos() const { return state->section.header.bos; }
int32_t Tokenizer::eos() const { return state->section.header.eos; }
int32_t Tokenizer::unknown() const { return state->section.header.unknown; }
int32_t Tokenizer::padding() const { return state->section.header.padding; }
bool Tokenizer::addsBos() const { return state->section.header.flags & TRAFO_TEXT_ADD_BOS; }
std::string_view Tokenizer::preTokenizerName() const {
  return state->section.text(state->section.header.pre_tokenizer);
}

} // namespace trafo::text
