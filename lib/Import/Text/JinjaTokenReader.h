//===- JinjaTokenReader.h - reading the tokens of chat templates ----------===//
#ifndef TRAFO_IMPORT_TEXT_JINJATOKENREADER_H
#define TRAFO_IMPORT_TEXT_JINJATOKENREADER_H

#include "lib/Import/Text/JinjaLexer.h"

#include <algorithm>

namespace trafo::jinja {

/// A position in a list of tokens, and the first failure. Once something has failed, everything reads End, so that every
/// loop of a parser comes to its end.
class TokenReader {
public:
  /// \p tokens end in End.
  explicit TokenReader(std::vector<Token> tokens) : tokens(std::move(tokens)) {}

  bool failed() const { return failure.has_value(); }
  const Token &peek(size_t ahead = 0) const {
    return failure ? tokens.back() : tokens[std::min(position + ahead, tokens.size() - 1)];
  }
  Token take() {
    Token token = peek();
    if (position + 1 < tokens.size())
      ++position;
    return token;
  }
  bool atOperator(std::string_view text) const { return peek().kind == Token::Kind::Operator && peek().text == text; }
  bool atName(std::string_view text) const { return peek().kind == Token::Kind::Name && peek().text == text; }
  bool skipOperator(std::string_view text) {
    if (!atOperator(text))
      return false;
    take();
    return true;
  }
  bool skipName(std::string_view text) {
    if (!atName(text))
      return false;
    take();
    return true;
  }
  void fail(const std::string &message, Failure::Kind kind = Failure::Kind::Syntax) {
    if (!failure)
      failure = Failure{kind, "line " + std::to_string(peek().line) + ": " + message};
  }
  void expectOperator(std::string_view text) {
    if (!skipOperator(text))
      fail("expects '" + std::string(text) + "'");
  }
  void expectBlockEnd() {
    if (peek().kind != Token::Kind::BlockEnd)
      fail("expects the end of the block");
    take();
  }
  std::string expectName(const char *what) {
    if (peek().kind != Token::Kind::Name) {
      fail(std::string("expects ") + what);
      return "";
    }
    return take().text;
  }

  std::optional<Failure> failure;

private:
  std::vector<Token> tokens;
  size_t position = 0;
};

} // namespace trafo::jinja

#endif // TRAFO_IMPORT_TEXT_JINJATOKENREADER_H
