//===- JinjaParser.cpp - tokens of chat templates to a syntax tree --------===//
//
// Recursive descent by the grammar of Jinja 3. Nesting of blocks and depth of expressions are limited while parsing, so
// that neither this nor a walk over the tree can run out of stack.
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Text/JinjaLexer.h"

#include <algorithm>

namespace trafo::jinja {
namespace {

using ExpressionPtr = std::unique_ptr<Expression>;
using Kind = Expression::Kind;

class Parser {
public:
  explicit Parser(std::vector<Token> tokens) : tokens(std::move(tokens)) {}

  std::optional<Failure> run(Template *out) {
    std::string ended;
    out->body = parseBody({}, &ended);
    return std::move(failure);
  }

private:
  // Tokens. Once something has failed, everything reads End, and every parse function returns at once.
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

  // Expressions.
  ExpressionPtr make(Kind kind, std::string text = "") {
    auto node = std::make_unique<Expression>();
    node->kind = kind;
    node->line = peek().line;
    node->text = std::move(text);
    return node;
  }
  void addOperand(Expression *node, ExpressionPtr operand) {
    if (operand) {
      node->depth = std::max(node->depth, operand->depth + 1);
      if (node->depth > kMaxExpressionDepth)
        fail("an expression nests deeper than " + std::to_string(kMaxExpressionDepth), Failure::Kind::Budget);
    }
    node->operands.push_back(std::move(operand));
  }
  ExpressionPtr makeBinary(Kind kind, std::string text, ExpressionPtr left, ExpressionPtr right) {
    ExpressionPtr node = make(kind, std::move(text));
    addOperand(node.get(), std::move(left));
    addOperand(node.get(), std::move(right));
    return node;
  }

  ExpressionPtr parseExpression(bool withCondition = true) {
    if (++recursion > kMaxExpressionDepth) {
      fail("an expression nests deeper than " + std::to_string(kMaxExpressionDepth), Failure::Kind::Budget);
      --recursion;
      return make(Kind::Literal);
    }
    ExpressionPtr node = parseOr();
    while (withCondition && skipName("if")) {
      ExpressionPtr choice = make(Kind::Choose);
      ExpressionPtr condition = parseOr();
      addOperand(choice.get(), std::move(condition));
      addOperand(choice.get(), std::move(node));
      addOperand(choice.get(), skipName("else") ? parseExpression() : nullptr);
      node = std::move(choice);
    }
    --recursion;
    return node;
  }
  /// Several expressions with commas between are a tuple.
  ExpressionPtr parseTuple(bool withCondition = true) {
    ExpressionPtr first = parseExpression(withCondition);
    if (!atOperator(","))
      return first;
    ExpressionPtr tuple = make(Kind::ListOf);
    addOperand(tuple.get(), std::move(first));
    while (skipOperator(",") && !atTupleEnd())
      addOperand(tuple.get(), parseExpression(withCondition));
    return tuple;
  }
  bool atTupleEnd() const {
    return peek().kind == Token::Kind::BlockEnd || peek().kind == Token::Kind::PrintEnd ||
           peek().kind == Token::Kind::End || atOperator(")");
  }
  ExpressionPtr parseOr() {
    ExpressionPtr node = parseAnd();
    while (skipName("or"))
      node = makeBinary(Kind::Or, "or", std::move(node), parseAnd());
    return node;
  }
  ExpressionPtr parseAnd() {
    ExpressionPtr node = parseNot();
    while (skipName("and"))
      node = makeBinary(Kind::And, "and", std::move(node), parseNot());
    return node;
  }
  ExpressionPtr parseNot() {
    if (!atName("not"))
      return parseCompare();
    if (++recursion > kMaxExpressionDepth)
      fail("an expression nests deeper than " + std::to_string(kMaxExpressionDepth), Failure::Kind::Budget);
    take();
    ExpressionPtr node = make(Kind::Not);
    addOperand(node.get(), failure ? nullptr : parseNot());
    --recursion;
    return node;
  }
  ExpressionPtr parseCompare() {
    ExpressionPtr node = parseSum();
    for (bool compared = false;;) {
      std::string op;
      if (peek().kind == Token::Kind::Operator && (peek().text == "==" || peek().text == "!=" || peek().text == "<" ||
                                                   peek().text == "<=" || peek().text == ">" || peek().text == ">="))
        op = take().text;
      else if (skipName("in"))
        op = "in";
      else if (atName("not") && peek(1).kind == Token::Kind::Name && peek(1).text == "in") {
        take();
        take();
        op = "not in";
      } else
        return node;
      if (compared) {
        fail("chained comparisons are not in the subset");
        return node;
      }
      compared = true;
      node = makeBinary(Kind::Binary, op, std::move(node), parseSum());
    }
  }
  ExpressionPtr parseSum() {
    ExpressionPtr node = parseConcat();
    while (atOperator("+") || atOperator("-")) {
      std::string op = take().text;
      node = makeBinary(Kind::Binary, op, std::move(node), parseConcat());
    }
    return node;
  }
  ExpressionPtr parseConcat() {
    ExpressionPtr node = parseProduct();
    while (skipOperator("~"))
      node = makeBinary(Kind::Binary, "~", std::move(node), parseProduct());
    return node;
  }
  ExpressionPtr parseProduct() {
    ExpressionPtr node = parsePower();
    while (atOperator("*") || atOperator("/") || atOperator("//") || atOperator("%")) {
      std::string op = take().text;
      node = makeBinary(Kind::Binary, op, std::move(node), parsePower());
    }
    return node;
  }
  ExpressionPtr parsePower() {
    ExpressionPtr node = parseUnary();
    while (skipOperator("**"))
      node = makeBinary(Kind::Binary, "**", std::move(node), parseUnary());
    return node;
  }
  ExpressionPtr parseUnary() {
    if (!atOperator("-") && !atOperator("+"))
      return parseFilters(parsePostfix(parsePrimary()));
    if (++recursion > kMaxExpressionDepth)
      fail("an expression nests deeper than " + std::to_string(kMaxExpressionDepth), Failure::Kind::Budget);
    const bool negative = take().text == "-";
    ExpressionPtr operand = failure ? make(Kind::Literal) : parseUnary();
    --recursion;
    if (!negative)
      return operand;
    ExpressionPtr node = make(Kind::Negate);
    addOperand(node.get(), std::move(operand));
    return node;
  }

  ExpressionPtr literal(Value value) {
    ExpressionPtr node = make(Kind::Literal);
    node->value = std::move(value);
    return node;
  }
  ExpressionPtr parsePrimary() {
    const Token token = peek();
    switch (token.kind) {
    case Token::Kind::Name:
      take();
      if (token.text == "true" || token.text == "True")
        return literal(Value::boolean(true));
      if (token.text == "false" || token.text == "False")
        return literal(Value::boolean(false));
      if (token.text == "none" || token.text == "None")
        return literal(Value::none());
      return make(Kind::Name, token.text);
    case Token::Kind::String: {
      std::string text;
      while (peek().kind == Token::Kind::String) // neighbours are one string, as in Python
        text += take().text;
      return literal(Value::string(std::move(text)));
    }
    case Token::Kind::Integer:
      take();
      return literal(Value::integer(std::stoll(token.text))); // at most 18 digits
    case Token::Kind::Float:
      take();
      return literal(Value::floating(std::strtod(token.text.c_str(), nullptr)));
    case Token::Kind::Operator:
      if (token.text == "(") {
        take();
        if (skipOperator(")"))
          return make(Kind::ListOf);
        ExpressionPtr node = parseTuple();
        expectOperator(")");
        return node;
      }
      if (token.text == "[") {
        take();
        ExpressionPtr node = make(Kind::ListOf);
        while (!failure && !atOperator("]")) {
          addOperand(node.get(), parseExpression());
          if (!skipOperator(","))
            break;
        }
        expectOperator("]");
        return node;
      }
      if (token.text == "{") {
        take();
        ExpressionPtr node = make(Kind::DictOf);
        while (!failure && !atOperator("}")) {
          addOperand(node.get(), parseExpression());
          expectOperator(":");
          addOperand(node.get(), parseExpression());
          if (!skipOperator(","))
            break;
        }
        expectOperator("}");
        return node;
      }
      break;
    default:
      break;
    }
    fail("expects an expression");
    return make(Kind::Literal);
  }

  ExpressionPtr parsePostfix(ExpressionPtr node) {
    while (!failure) {
      if (skipOperator(".")) {
        ExpressionPtr access = make(Kind::Attribute);
        if (peek().kind == Token::Kind::Integer) { // x.0 is x[0]
          access->kind = Kind::Index;
          addOperand(access.get(), std::move(node));
          addOperand(access.get(), literal(Value::integer(std::stoll(take().text))));
        } else {
          access->text = expectName("the name of an attribute");
          addOperand(access.get(), std::move(node));
        }
        node = std::move(access);
      } else if (skipOperator("[")) {
        node = parseSubscript(std::move(node));
      } else if (atOperator("(")) {
        ExpressionPtr call = make(Kind::Call);
        addOperand(call.get(), std::move(node));
        parseArguments(call.get());
        node = std::move(call);
      } else {
        break;
      }
    }
    return node;
  }
  ExpressionPtr parseSubscript(ExpressionPtr object) {
    ExpressionPtr parts[3];
    unsigned colons = 0;
    for (;;) {
      if (!atOperator(":") && !atOperator("]"))
        parts[colons] = parseExpression();
      if (colons == 2 || !skipOperator(":"))
        break;
      ++colons;
    }
    expectOperator("]");
    ExpressionPtr node = make(colons > 0 ? Kind::Slice : Kind::Index);
    addOperand(node.get(), std::move(object));
    if (colons == 0) {
      if (!parts[0])
        fail("expects an index");
      addOperand(node.get(), std::move(parts[0]));
      return node;
    }
    for (ExpressionPtr &part : parts)
      addOperand(node.get(), std::move(part));
    return node;
  }
  void parseArguments(Expression *call) {
    expectOperator("(");
    call->names.resize(call->operands.size());
    while (!failure && !atOperator(")")) {
      std::string keyword;
      if (peek().kind == Token::Kind::Name && peek(1).kind == Token::Kind::Operator && peek(1).text == "=") {
        keyword = take().text;
        take();
      }
      addOperand(call, parseExpression());
      call->names.push_back(std::move(keyword));
      if (!skipOperator(","))
        break;
    }
    expectOperator(")");
  }

  ExpressionPtr parseFilters(ExpressionPtr node) {
    while (!failure) {
      if (skipOperator("|")) {
        ExpressionPtr filter = make(Kind::Filter);
        filter->text = expectName("the name of a filter");
        addOperand(filter.get(), std::move(node));
        filter->names.resize(1);
        if (atOperator("("))
          parseArguments(filter.get());
        node = std::move(filter);
      } else if (skipName("is")) {
        const bool negated = skipName("not");
        ExpressionPtr test = make(Kind::Test);
        test->text = expectName("the name of a test");
        addOperand(test.get(), std::move(node));
        test->names.resize(1);
        if (atOperator("(")) {
          parseArguments(test.get());
        } else if (takesOperand(test->text)) {
          addOperand(test.get(), parsePostfix(parsePrimary()));
          test->names.resize(2);
        }
        node = std::move(test);
        if (negated) {
          ExpressionPtr inverse = make(Kind::Not);
          addOperand(inverse.get(), std::move(node));
          node = std::move(inverse);
        }
      } else if (atOperator("(")) { // x|filter(...)(...) and the like
        ExpressionPtr call = make(Kind::Call);
        addOperand(call.get(), std::move(node));
        parseArguments(call.get());
        node = std::move(call);
      } else {
        break;
      }
    }
    return node;
  }
  static bool takesOperand(const std::string &test) {
    return test == "divisibleby" || test == "equalto" || test == "eq" || test == "sameas" || test == "in" ||
           test == "ne" || test == "gt" || test == "ge" || test == "lt" || test == "le";
  }

  // Statements.
  std::vector<Statement> parseBody(const std::vector<std::string_view> &ends, std::string *ended) {
    std::vector<Statement> body;
    if (++blocks > kMaxBlockNesting)
      fail("blocks nest deeper than " + std::to_string(kMaxBlockNesting), Failure::Kind::Budget);
    while (!failure) {
      Token token = take();
      if (token.kind == Token::Kind::End) {
        if (!ends.empty())
          fail("the template ends before '" + std::string(ends.front()) + "'");
        break;
      }
      if (token.kind == Token::Kind::Text) {
        body.push_back(makeStatement(Statement::Kind::Text));
        body.back().text = std::move(token.text);
        continue;
      }
      if (token.kind == Token::Kind::PrintBegin) {
        Statement print = makeStatement(Statement::Kind::Print);
        print.expression = parseTuple();
        if (peek().kind != Token::Kind::PrintEnd)
          fail("expects the end of the expression");
        take();
        body.push_back(std::move(print));
        continue;
      }
      const std::string word = expectName("the name of a block");
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
    made.line = peek().line;
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
        fail("'" + word + "' stands outside of a loop");
      body->push_back(makeStatement(word == "break" ? Statement::Kind::Break : Statement::Kind::Continue));
      expectBlockEnd();
    } else if (word == "generation") { // marks the assistant's text for training; nothing to do when rendering
      expectBlockEnd();
      std::string ended;
      for (Statement &inner : parseBody({"endgeneration"}, &ended))
        body->push_back(std::move(inner));
      expectBlockEnd();
    } else {
      fail("'" + word.substr(0, 32) + "' is not in the subset (for, if, set, macro, break, continue, raw)");
    }
  }

  Statement parseIf() {
    Statement made = makeStatement(Statement::Kind::If);
    std::string ended = "elif";
    while (!failure && ended != "endif") {
      Statement::Branch branch;
      if (ended == "elif")
        branch.condition = parseTuple();
      expectBlockEnd();
      const bool last = !branch.condition;
      branch.body = last ? parseBody({"endif"}, &ended) : parseBody({"elif", "else", "endif"}, &ended);
      made.branches.push_back(std::move(branch));
    }
    expectBlockEnd();
    return made;
  }
  Statement parseFor() {
    Statement made = makeStatement(Statement::Kind::For);
    do {
      const bool wrapped = skipOperator("(");
      made.targets.push_back(expectName("the name of a loop variable"));
      if (wrapped) {
        while (skipOperator(","))
          made.targets.push_back(expectName("the name of a loop variable"));
        expectOperator(")");
      }
    } while (skipOperator(","));
    if (!skipName("in"))
      fail("expects 'in'");
    made.expression = parseTuple(false);
    if (skipName("if"))
      made.condition = parseExpression();
    expectBlockEnd();
    std::string ended;
    ++loops;
    made.body = parseBody({"else", "endfor"}, &ended);
    --loops;
    if (ended == "else") {
      expectBlockEnd();
      made.alternative = parseBody({"endfor"}, &ended);
    }
    expectBlockEnd();
    return made;
  }
  Statement parseSet() {
    Statement made = makeStatement(Statement::Kind::Set);
    do
      made.targets.push_back(expectName("the name of a variable"));
    while (skipOperator(","));
    if (made.targets.size() == 1 && skipOperator("."))
      made.member = expectName("the name of a member");
    if (skipOperator("=")) {
      made.expression = parseTuple();
      expectBlockEnd();
      return made;
    }
    if (made.targets.size() != 1 || !made.member.empty() || peek().kind != Token::Kind::BlockEnd)
      fail("expects '='");
    made.kind = Statement::Kind::Capture;
    expectBlockEnd();
    std::string ended;
    const unsigned outer = std::exchange(loops, 0);
    made.body = parseBody({"endset"}, &ended);
    loops = outer;
    expectBlockEnd();
    return made;
  }
  Statement parseMacro() {
    Statement made = makeStatement(Statement::Kind::Macro);
    made.macro = std::make_unique<MacroNode>();
    made.macro->name = expectName("the name of a macro");
    expectOperator("(");
    while (!failure && !atOperator(")")) {
      made.macro->parameters.push_back(expectName("the name of a parameter"));
      made.macro->defaults.push_back(skipOperator("=") ? parseExpression() : nullptr);
      if (!skipOperator(","))
        break;
    }
    expectOperator(")");
    expectBlockEnd();
    std::string ended;
    const unsigned outer = std::exchange(loops, 0);
    made.macro->body = parseBody({"endmacro"}, &ended);
    loops = outer;
    expectBlockEnd();
    return made;
  }

  std::vector<Token> tokens;
  size_t position = 0;
  unsigned recursion = 0;
  unsigned blocks = 0;
  unsigned loops = 0;
  std::optional<Failure> failure;
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
