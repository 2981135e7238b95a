#ifndef TRAFO_RUNTIME_TEXT_TOKENIZER_STATE_H
#define TRAFO_RUNTIME_TEXT_TOKENIZER_STATE_H

#include "runtime/text/pre_tokenizer.h"
#include "runtime/text/section_view.h"
#include "runtime/text/special_matcher.h"
#include "runtime/text/tokenizer.h"

namespace trafo::text {

/// What a Tokenizer holds: the checked section, and the little that is made at start.
struct Tokenizer::State {
  SectionView section;
  PreTokenizer preTokenizer;
  SpecialMatcher specials;
};

} // namespace trafo::text

#endif // TRAFO_RUNTIME_TEXT_TOKENIZER_STATE_H
