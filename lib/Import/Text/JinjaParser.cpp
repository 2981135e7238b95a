//===- JinjaParser.cpp - tokens of chat templates to a syntax tree --------===//
//
// Blocks; their nesting is limited, so that neither this nor a walk over the tree can run out of stack.
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Text/JinjaExpressions.h"

namespace trafo::jinja {
namespace {

class Parser {
public:
  explicit Parser(std::vector<Token> tokens) : reader(std::move(tokens)) {}

  std::optional<Failure> run(Template *out) {
    std::string ended;
    out->body = parseBody({}, &ended);
    return std::move(reader.failure);
  }

private:
  std::vector<Statement> parseBody(const std::vector<std::string_view> &ends, std::string *ended) {
    std::vector<Statement> body;
    if (++blocks > kMaxBlockNesting)
      reader.fail("blocks nest deeper than " + std::to_string(kMaxBlockNesting), Failure::Kind::Budget);
    while (!reader.failed()) {
      Token token = reader.take();
      if (token.kind == Token::Kind::End) {
        if (!ends.empty())
          reader.fail("the template ends before '" + std::string(ends.front()) + "'");
        break;
      }
      if (token.kind == Token::Kind::Text) {
        body.push_back(makeStatement(Statement::Kind::Text));
        body.back().text = std::move(token.text);
        continue;
      }
      if (token.kind == Token::Kind::PrintBegin) {
        Statement print = makeStatement(Statement::Kind::Print);
        print.expression = parseTuple(reader);
        if (reader.peek().kind != Token::Kind::PrintEnd)
          reader.fail("expects the end of the expression");
        reader.take();
        body.push_back(std::move(print));
        continue;
      }
      const std::string word = reader.expectName("the name of a block");
      if (std::find(ends.begin(), ends.end(), word) != ends.end()) {
        *ended = word;
        break;
      }
      parseBlock(word, &body);
    }
    --blocks;
    return body;
  }
  Statement makeStatement(Statement::Kind kind) {
    Statement made;
    made.kind = kind;
    made.line = reader.peek().line;
    return made;
  }

  void parseBlock(const std::string &word, std::vector<Statement> *body) {
    if (word == "if")
      body->push_back(parseIf());
    else if (word == "for")
      body->push_back(parseFor());
    else if (word == "set")
      body->push_back(parseSet());
    else if (word == "macro")
      body->push_back(parseMacro());
    else if (word == "break" || word == "continue") {
      if (loops == 0)
        reader.fail("'" + word + "' stands outside of a loop");
      body->push_back(makeStatement(word == "break" ? Statement::Kind::Break : Statement::Kind::Continue));
      reader.expectBlockEnd();
    } else if (word == "generation") { // marks the assistant's text for training; nothing to do when rendering
      reader.expectBlockEnd();
      std::string ended;
      for (Statement &inner : parseBody({"endgeneration"}, &ended))
        body->push_back(std::move(inner));
      reader.expectBlockEnd();
    } else {
      reader.fail("'" + word.substr(0, 32) + "' is not in the subset (for, if, set, macro, break, continue, raw)");
    }
  }

  Statement parseIf() {
    Statement made = makeStatement(Statement::Kind::If);
    std::string ended = "elif";
    while (!reader.failed() && ended != "endif") {
      Statement::Branch branch;
      if (ended == "elif")
        branch.condition = parseTuple(reader);
      reader.expectBlockEnd();
      const bool last = !branch.condition;
      branch.body = last ? parseBody({"endif"}, &ended) : parseBody({"elif", "else", "endif"}, &ended);
      made.branches.push_back(std::move(branch));
    }
    reader.expectBlockEnd();
    return made;
  }
  Statement parseFor() {
    Statement made = makeStatement(Statement::Kind::For);
    do {
      const bool wrapped = reader.skipOperator("(");
      made.targets.push_back(reader.expectName("the name of a loop variable"));
      if (wrapped) {
        while (reader.skipOperator(","))
          made.targets.push_back(reader.expectName("the name of a loop variable"));
        reader.expectOperator(")");
      }
    } while (reader.skipOperator(","));
    if (!reader.skipName("in"))
      reader.fail("expects 'in'");
    made.expression = parseTuple(reader, false);
    if (reader.skipName("if"))
      made.condition = parseExpression(reader);
    reader.expectBlockEnd();
    std::string ended;
    ++loops;
    made.body = parseBody({"else", "endfor"}, &ended);
    --loops;
    if (ended == "else") {
      reader.expectBlockEnd();
      made.alternative = parseBody({"endfor"}, &ended);
    }
    reader.expectBlockEnd();
    return made;
  }
  Statement parseSet() {
    Statement made = makeStatement(Statement::Kind::Set);
    do
      made.targets.push_back(reader.expectName("the name of a variable"));
    while (reader.skipOperator(","));
    if (made.targets.size() == 1 && reader.skipOperator("."))
      made.member = reader.expectName("the name of a member");
    if (reader.skipOperator("=")) {
      made.expression = parseTuple(reader);
      reader.expectBlockEnd();
      return made;
    }
    if (made.targets.size() != 1 || !made.member.empty() || reader.peek().kind != Token::Kind::BlockEnd)
      reader.fail("expects '='");
    made.kind = Statement::Kind::Capture;
    reader.expectBlockEnd();
    std::string ended;
    const unsigned outer = std::exchange(loops, 0);
    made.body = parseBody({"endset"}, &ended);
    loops = outer;
    reader.expectBlockEnd();
    return made;
  }
  Statement parseMacro() {
    Statement made = makeStatement(Statement::Kind::Macro);
    made.macro = std::make_unique<MacroNode>();
    made.macro->name = reader.expectName("the name of a macro");
    reader.expectOperator("(");
    while (!reader.failed() && !reader.atOperator(")")) {
      made.macro->parameters.push_back(reader.expectName("the name of a parameter"));
      made.macro->defaults.push_back(reader.skipOperator("=") ? parseExpression(reader) : nullptr);
      if (!reader.skipOperator(","))
        break;
    }
    reader.expectOperator(")");
    reader.expectBlockEnd();
    std::string ended;
    const unsigned outer = std::exchange(loops, 0);
    made.macro->body = parseBody({"endmacro"}, &ended);
    loops = outer;
    reader.expectBlockEnd();
    return made;
  }

  TokenReader reader;
  unsigned blocks = 0;
  unsigned loops = 0;
};

} // namespace

std::optional<Failure> parseTemplate(std::string_view source, Template *out) {
  if (source.size() > kMaxTemplateBytes)
    return Failure{Failure::Kind::Budget, "the template has " + std::to_string(source.size()) + " bytes, limit " +
                                              std::to_string(kMaxTemplateBytes)};
  std::vector<Token> tokens;
  if (std::optional<Failure> failure = lexTemplate(source, &tokens))
    return failure;
  return Parser(std::move(tokens)).run(out);
}

} // namespace trafo::jinja
