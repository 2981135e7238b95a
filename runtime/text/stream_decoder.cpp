#include "runtime/text/stream_decoder.h"

#include "runtime/text/utf8.h"

namespace trafo::text {
namespace {
constexpr char kReplacement[] = "\xEF\xBF\xBD"; // U+FFFD
}

void StreamDecoder::push(int32_t id, std::string *out) {
  if (showHidden || !tokenizer->isHidden(id))
    pushBytes(tokenizer->tokenBytes(id), out);
}

void StreamDecoder::pushBytes(std::string_view bytes, std::string *out) {
  // Finish what is held back byte by byte: `held` always is the start of a well-formed sequence.
  while (heldCount > 0 && !bytes.empty()) {
    held[heldCount] = bytes.front();
    size_t length;
    switch (classifyUtf8({held, heldCount + 1}, &length)) {
    case Utf8Start::Character:
      out->append(held, length);
      heldCount = 0;
      bytes.remove_prefix(1);
      break;
    case Utf8Start::Incomplete:
      ++heldCount;
      bytes.remove_prefix(1);
      break;
    case Utf8Start::Invalid: // what was held is the ill-formed part; the new byte gets a chance of its own
      *out += kReplacement;
      heldCount = 0;
      break;
    }
  }
  while (!bytes.empty()) {
    const size_t good = wellFormedPrefix(bytes);
    out->append(bytes.data(), good);
    bytes.remove_prefix(good);
    if (bytes.empty())
      return;
    size_t length;
    if (classifyUtf8(bytes, &length) == Utf8Start::Incomplete) {
      bytes.copy(held, length);
      heldCount = static_cast<unsigned>(length);
      return;
    }
    *out += kReplacement;
    bytes.remove_prefix(length);
  }
}

void StreamDecoder::finish(std::string *out) {
  if (heldCount > 0)
    *out += kReplacement;
  heldCount = 0;
}

} // namespace trafo::text
