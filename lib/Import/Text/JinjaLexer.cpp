//===- JinjaLexer.cpp - tokens of chat templates --------------------------===//
//
// White space around tags follows Jinja's lexer with trim_blocks and lstrip_blocks: a newline right after a block or
// comment goes; spaces between the start of a line and a block or comment go; `-` takes all white space on its side,
// `+` keeps it.
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Text/JinjaLexer.h"

#include "runtime/text/utf8.h"

#include <algorithm>

namespace trafo::jinja {
namespace {

bool isNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f'; }

class Lexer {
public:
  Lexer(std::string_view source, std::vector<Token> *out) : source(source), out(out) {}

  std::optional<Failure> run() {
    while (position < source.size()) {
      const size_t tag = findTag();
      readText(tag);
      if (tag == std::string_view::npos)
        break;
      position = tag + 2;
      const char kind = source[tag + 1];
      lineStarts = false;
      if (position < source.size() && (source[position] == '-' || source[position] == '+'))
        ++position;
      const bool good = kind == '#' ? readComment() : kind == '{' ? readTag(Token::Kind::PrintBegin) : readBlock();
      if (!good)
        return failure;
    }
    add(Token::Kind::End, "");
    return std::nullopt;
  }

private:
  bool fail(const std::string &message) {
    failure = Failure{Failure::Kind::Syntax, "line " + std::to_string(line) + ": " + message};
    return false;
  }
  void add(Token::Kind kind, std::string text) { out->push_back({kind, line, std::move(text)}); }
  bool at(std::string_view text) const { return source.substr(position, text.size()) == text; }
  void advance(size_t count) {
    line += static_cast<unsigned>(std::count(source.begin() + position, source.begin() + position + count, '\n'));
    position += count;
  }

  size_t findTag() const {
    for (size_t brace = source.find('{', position); brace != std::string_view::npos;
         brace = source.find('{', brace + 1))
      if (brace + 1 < source.size() &&
          (source[brace + 1] == '%' || source[brace + 1] == '{' || source[brace + 1] == '#'))
        return brace;
    return std::string_view::npos;
  }

  /// Takes the text up to \p tag, without the white space that the tag takes away.
  void readText(size_t tag) {
    const size_t end = std::min(tag, source.size());
    std::string_view text = source.substr(position, end - position);
    if (tag != std::string_view::npos) {
      const char kind = source[tag + 1];
      const char sign = tag + 2 < source.size() ? source[tag + 2] : ' ';
      if (sign == '-') {
        text = text::trimSpace(text, false, true);
      } else if (kind != '{' && sign != '+') {
        const size_t newline = text.rfind('\n');
        const size_t lineBegin = newline == std::string_view::npos ? 0 : newline + 1;
        if ((newline != std::string_view::npos || lineStarts) && text::trimSpace(text.substr(lineBegin)).empty())
          text = text.substr(0, lineBegin);
      }
    }
    if (!text.empty())
      add(Token::Kind::Text, std::string(text));
    advance(end - position);
  }

  /// Takes what follows a closed tag: all white space after `-`, one newline after blocks and comments.
  void skipAfter(char sign, bool trimsNewline) {
    if (sign == '-') {
      while (position < source.size()) {
        size_t length;
        const std::string_view rest = source.substr(position);
        if (text::classifyUtf8(rest, &length) != text::Utf8Start::Character ||
            !text::isSpace(text::decodeUtf8(rest.substr(0, length))))
          break;
        lineStarts = source[position] == '\n';
        advance(length);
      }
    } else if (trimsNewline && sign != '+' && position < source.size() && source[position] == '\n') {
      advance(1);
      lineStarts = true;
    }
  }

  bool readComment() {
    const size_t close = source.find("#}", position);
    if (close == std::string_view::npos)
      return fail("a comment has no end");
    const char sign = close > position ? source[close - 1] : ' ';
    advance(close + 2 - position);
    skipAfter(sign, true);
    return true;
  }

  bool readBlock() {
    // {% raw %}: everything up to {% endraw %} is text.
    const size_t saved = position;
    while (position < source.size() && isBlank(source[position]))
      ++position;
    const bool raw = at("raw") && (position + 3 >= source.size() || !isNameStart(source[position + 3]));
    position = saved;
    if (!raw)
      return readTag(Token::Kind::BlockBegin);
    const size_t open = source.find("%}", position);
    if (open == std::string_view::npos)
      return fail("a block has no end");
    advance(open + 2 - position);
    for (size_t tag = source.find("{%", position); tag != std::string_view::npos; tag = source.find("{%", tag + 2)) {
      size_t word = tag + 2;
      while (word < source.size() && (isBlank(source[word]) || source[word] == '-' || source[word] == '+'))
        ++word;
      const size_t close = source.find("%}", word);
      if (source.substr(word, 6) != "endraw" || close == std::string_view::npos)
        continue;
      add(Token::Kind::Text, std::string(source.substr(position, tag - position)));
      advance(close + 2 - position);
      skipAfter(source[close - 1], true);
      return true;
    }
    return fail("'raw' has no 'endraw'");
  }

  bool readTag(Token::Kind begin) {
    const bool print = begin == Token::Kind::PrintBegin;
    const std::string_view close = print ? "}}" : "%}";
    add(begin, "");
    unsigned braces = 0; // so that the }} of {{ {'a': {}} }} is not taken for the end
    while (position < source.size()) {
      const char c = source[position];
      if (isBlank(c)) {
        advance(1);
        continue;
      }
      const bool signedEnd = (c == '-' || c == '+') && source.substr(position + 1, 2) == close;
      if (braces == 0 && (signedEnd || at(close))) {
        add(print ? Token::Kind::PrintEnd : Token::Kind::BlockEnd, "");
        advance(signedEnd ? 3 : 2);
        skipAfter(signedEnd ? c : ' ', !print);
        return true;
      }
      if (c == '{')
        ++braces;
      if (c == '}' && braces > 0)
        --braces;
      if (!(isNameStart(c)          ? readName()
            : isDigit(c)            ? readNumber()
            : c == '"' || c == '\'' ? readString()
                                    : readOperator()))
        return false;
    }
    return fail("a tag has no end");
  }

  bool readName() {
    size_t end = position;
    while (end < source.size() && (isNameStart(source[end]) || isDigit(source[end])))
      ++end;
    add(Token::Kind::Name, std::string(source.substr(position, end - position)));
    position = end;
    return true;
  }

  bool readNumber() {
    size_t end = position;
    while (end < source.size() && (isDigit(source[end]) || source[end] == '_'))
      ++end;
    Token::Kind kind = Token::Kind::Integer;
    if (end + 1 < source.size() && source[end] == '.' && isDigit(source[end + 1])) {
      kind = Token::Kind::Float;
      for (++end; end < source.size() && isDigit(source[end]);)
        ++end;
    }
    std::string digits(source.substr(position, end - position));
    digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
    if (digits.size() > 18)
      return fail("a number has more than 18 digits");
    add(kind, std::move(digits));
    position = end;
    return true;
  }

  bool readString() {
    const char quote = source[position];
    std::string text;
    size_t end = position + 1;
    for (; end < source.size() && source[end] != quote; ++end) {
      if (source[end] != '\\') {
        text += source[end];
        continue;
      }
      if (++end == source.size())
        break;
      switch (source[end]) {
      case 'n':
        text += '\n';
        break;
      case 't':
        text += '\t';
        break;
      case 'r':
        text += '\r';
        break;
      case '\\':
      case '\'':
      case '"':
        text += source[end];
        break;
      case 'x':
      case 'u': {
        const size_t digits = source[end] == 'x' ? 2 : 4;
        uint32_t code = 0;
        for (size_t index = 1; index <= digits; ++index) {
          const char c = end + index < source.size() ? source[end + index] : ' ';
          const int digit = isDigit(c)             ? c - '0'
                            : c >= 'a' && c <= 'f' ? c - 'a' + 10
                            : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                   : -1;
          if (digit < 0)
            return fail("a string holds an incomplete escape");
          code = code * 16 + static_cast<uint32_t>(digit);
        }
        if (code >= 0xD800 && code < 0xE000)
          return fail("a string holds half of a surrogate pair");
        text::appendUtf8(code, &text);
        end += digits;
        break;
      }
      default: // Python keeps an escape it does not know
        text += '\\';
        text += source[end];
      }
    }
    if (end >= source.size())
      return fail("a string has no end");
    add(Token::Kind::String, std::move(text));
    advance(end + 1 - position);
    return true;
  }

  bool readOperator() {
    static constexpr std::string_view kOperators[] = {"==", "!=", "<=", ">=", "//", "**", "+", "-", "*",
                                                      "/",  "%",  "~",  "<",  ">",  "=",  "(", ")", "[",
                                                      "]",  "{",  "}",  ".",  ",",  ":",  "|"};
    for (std::string_view op : kOperators)
      if (at(op)) {
        add(Token::Kind::Operator, std::string(op));
        position += op.size();
        return true;
      }
    return fail("a tag holds a character that is no part of the language");
  }

  std::string_view source;
  std::vector<Token> *out;
  size_t position = 0;
  unsigned line = 1;
  bool lineStarts = true; ///< what was read last ended a line
  std::optional<Failure> failure;
};

} // namespace

std::optional<Failure> lexTemplate(std::string_view source, std::vector<Token> *out) {
  // Line ends are '\n' inside; one at the end of the template goes.
  std::string text;
  text.reserve(source.size());
  for (size_t index = 0; index < source.size(); ++index) {
    if (source[index] == '\r') {
      text += '\n';
      if (index + 1 < source.size() && source[index + 1] == '\n')
        ++index;
    } else {
      text += source[index];
    }
  }
  if (!text.empty() && text.back() == '\n')
    text.pop_back();
  return Lexer(text, out).run();
}

} // namespace trafo::jinja
