#ifndef TRAFO_RUNTIME_TEXT_STREAM_DECODER_H
#define TRAFO_RUNTIME_TEXT_STREAM_DECODER_H

#include "runtime/text/tokenizer.h"

#include <string>

namespace trafo::text {

/// Turns a stream of token ids into text that is well-formed UTF-8 at every moment. Bytes that may still become a
/// character are held back (at most three); bytes that cannot are replaced by U+FFFD, one per maximal ill-formed part as
/// the Unicode standard recommends. Allocates nothing of its own: reserve `out` and a token costs no allocation.
class StreamDecoder {
public:
  /// `showHidden`: control tokens appear as their text instead of nothing.
  explicit StreamDecoder(const Tokenizer &tokenizer, bool showHidden = false)
      : tokenizer(&tokenizer), showHidden(showHidden) {}

  /// Appends to `out` the text that `id` completes; possibly nothing.
  void push(int32_t id, std::string *out);
  /// Appends raw bytes by the same rules.
  void pushBytes(std::string_view bytes, std::string *out);
  /// The stream has ended: what is held back becomes one U+FFFD. The decoder is then as new.
  void finish(std::string *out);

private:
  const Tokenizer *tokenizer;
  bool showHidden;
  unsigned heldCount = 0; ///< bytes of `held` in use
  char held[4] = {};
};

} // namespace trafo::text

#endif // TRAFO_RUNTIME_TEXT_STREAM_DECODER_H
