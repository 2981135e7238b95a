//===- JinjaExpressions.h - expressions of chat templates -----------------===//
#ifndef TRAFO_IMPORT_TEXT_JINJAEXPRESSIONS_H
#define TRAFO_IMPORT_TEXT_JINJAEXPRESSIONS_H

#include "lib/Import/Text/JinjaTokenReader.h"

namespace trafo::jinja {

/// Parses one expression. Without \p withCondition, an `if` after it is left to the caller (a loop's filter). Never null;
/// on a failure, which \p reader remembers, what it gives means nothing.
std::unique_ptr<Expression> parseExpression(TokenReader &reader, bool withCondition = true);

/// The same; several expressions with commas between are one list.
std::unique_ptr<Expression> parseTuple(TokenReader &reader, bool withCondition = true);

} // namespace trafo::jinja

#endif // TRAFO_IMPORT_TEXT_JINJAEXPRESSIONS_H
