//===- JinjaLexer.h - tokens of chat templates ----------------------------===//
#ifndef TRAFO_IMPORT_TEXT_JINJALEXER_H
#define TRAFO_IMPORT_TEXT_JINJALEXER_H

#include "lib/Import/Text/JinjaSyntax.h"

namespace trafo::jinja {

struct Token {
  enum class Kind {
    Text,       ///< outside of tags; `text` is what is left after white space control
    BlockBegin, ///< {%
    BlockEnd,
    PrintBegin, ///< {{
    PrintEnd,
    Name,
    Integer,
    Float,
    String,   ///< `text` with its escapes undone
    Operator, ///< `text`
    End
  };
  Kind kind;
  unsigned line;
  std::string text;
};

/// Cuts a template into tokens; the last one is End.
std::optional<Failure> lexTemplate(std::string_view source, std::vector<Token> *out);

} // namespace trafo::jinja

#endif // TRAFO_IMPORT_TEXT_JINJALEXER_H
