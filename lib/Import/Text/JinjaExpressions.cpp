//===- JinjaExpressions.cpp - expressions of chat templates ---------------===//
//
// Recursive descent by the grammar of Jinja 3. The depth of the tree and of the recursion is limited while parsing, so
// that neither this nor a walk over the tree can run out of stack.
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Text/JinjaExpressions.h"

#include <algorithm>
#include <initializer_list>

namespace trafo::jinja {
namespace {

using ExpressionPtr = std::unique_ptr<Expression>;
using Kind = Expression::Kind;

class ExpressionParser {
public:
  explicit ExpressionParser(TokenReader &reader) : reader(reader) {}

  ExpressionPtr parseExpression(bool withCondition = true) {
    if (++recursion > kMaxExpressionDepth) {
      reader.fail("an expression nests deeper than " + std::to_string(kMaxExpressionDepth), Failure::Kind::Budget);
      --recursion;
      return make(Kind::Literal);
    }
    ExpressionPtr node = parseOr();
    while (withCondition && reader.skipName("if")) {
      ExpressionPtr choice = make(Kind::Choose);
      ExpressionPtr condition = parseOr();
      addOperand(choice.get(), std::move(condition));
      addOperand(choice.get(), std::move(node));
      addOperand(choice.get(), reader.skipName("else") ? parseExpression() : nullptr);
      node = std::move(choice);
    }
    --recursion;
    return node;
  }
  /// Several expressions with commas between are a tuple.
  ExpressionPtr parseTuple(bool withCondition = true) {
    ExpressionPtr first = parseExpression(withCondition);
    if (!reader.atOperator(","))
      return first;
    ExpressionPtr tuple = make(Kind::ListOf);
    addOperand(tuple.get(), std::move(first));
    while (reader.skipOperator(",") && !atTupleEnd())
      addOperand(tuple.get(), parseExpression(withCondition));
    return tuple;
  }
  bool atTupleEnd() const {
    return reader.peek().kind == Token::Kind::BlockEnd || reader.peek().kind == Token::Kind::PrintEnd ||
           reader.peek().kind == Token::Kind::End || reader.atOperator(")");
  }

private:
  ExpressionPtr make(Kind kind, std::string text = "") {
    auto node = std::make_unique<Expression>();
    node->kind = kind;
    node->line = reader.peek().line;
    node->text = std::move(text);
    return node;
  }
  void addOperand(Expression *node, ExpressionPtr operand) {
    if (operand) {
      node->depth = std::max(node->depth, operand->depth + 1);
      if (node->depth > kMaxExpressionDepth)
        reader.fail("an expression nests deeper than " + std::to_string(kMaxExpressionDepth), Failure::Kind::Budget);
    }
    node->operands.push_back(std::move(operand));
  }
  ExpressionPtr makeBinary(Kind kind, std::string text, ExpressionPtr left, ExpressionPtr right) {
    ExpressionPtr node = make(kind, std::move(text));
    addOperand(node.get(), std::move(left));
    addOperand(node.get(), std::move(right));
    return node;
  }

  ExpressionPtr parseOr() {
    ExpressionPtr node = parseAnd();
    while (reader.skipName("or"))
      node = makeBinary(Kind::Or, "or", std::move(node), parseAnd());
    return node;
  }
  ExpressionPtr parseAnd() {
    ExpressionPtr node = parseNot();
    while (reader.skipName("and"))
      node = makeBinary(Kind::And, "and", std::move(node), parseNot());
    return node;
  }
  ExpressionPtr parseNot() {
    if (!reader.atName("not"))
      return parseCompare();
    if (++recursion > kMaxExpressionDepth)
      reader.fail("an expression nests deeper than " + std::to_string(kMaxExpressionDepth), Failure::Kind::Budget);
    reader.take();
    ExpressionPtr node = make(Kind::Not);
    addOperand(node.get(), reader.failed() ? nullptr : parseNot());
    --recursion;
    return node;
  }
  ExpressionPtr parseCompare() {
    ExpressionPtr node = parseSum();
    for (bool compared = false;;) {
      std::string op;
      if (reader.peek().kind == Token::Kind::Operator &&
          (reader.peek().text == "==" || reader.peek().text == "!=" || reader.peek().text == "<" ||
           reader.peek().text == "<=" || reader.peek().text == ">" || reader.peek().text == ">="))
        op = reader.take().text;
      else if (reader.skipName("in"))
        op = "in";
      else if (reader.atName("not") && reader.peek(1).kind == Token::Kind::Name && reader.peek(1).text == "in") {
        reader.take();
        reader.take();
        op = "not in";
      } else
        return node;
      if (compared) {
        reader.fail("chained comparisons are not in the subset");
        return node;
      }
      compared = true;
      node = makeBinary(Kind::Binary, op, std::move(node), parseSum());
    }
  }
  /// operand (operator operand)*, grouped from the left.
  ExpressionPtr parseChain(std::initializer_list<std::string_view> operators,
                           ExpressionPtr (ExpressionParser::*parseOperand)()) {
    auto next = [&] { return reader.peek().kind == Token::Kind::Operator ? std::string_view(reader.peek().text) : ""; };
    ExpressionPtr node = (this->*parseOperand)();
    while (std::find(operators.begin(), operators.end(), next()) != operators.end()) {
      std::string op = reader.take().text;
      node = makeBinary(Kind::Binary, op, std::move(node), (this->*parseOperand)());
    }
    return node;
  }
  ExpressionPtr parseSum() { return parseChain({"+", "-"}, &ExpressionParser::parseConcat); }
  ExpressionPtr parseConcat() { return parseChain({"~"}, &ExpressionParser::parseProduct); }
  ExpressionPtr parseProduct() { return parseChain({"*", "/", "//", "%"}, &ExpressionParser::parsePower); }
  ExpressionPtr parsePower() { return parseChain({"**"}, &ExpressionParser::parseUnary); }
  ExpressionPtr parseUnary() {
    if (!reader.atOperator("-") && !reader.atOperator("+"))
      return parseFilters(parsePostfix(parsePrimary()));
    if (++recursion > kMaxExpressionDepth)
      reader.fail("an expression nests deeper than " + std::to_string(kMaxExpressionDepth), Failure::Kind::Budget);
    const bool negative = reader.take().text == "-";
    ExpressionPtr operand = reader.failed() ? make(Kind::Literal) : parseUnary();
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
    const Token token = reader.peek();
    switch (token.kind) {
    case Token::Kind::Name:
      reader.take();
      if (token.text == "true" || token.text == "True")
        return literal(Value::boolean(true));
      if (token.text == "false" || token.text == "False")
        return literal(Value::boolean(false));
      if (token.text == "none" || token.text == "None")
        return literal(Value::none());
      return make(Kind::Name, token.text);
    case Token::Kind::String: {
      std::string text;
      while (reader.peek().kind == Token::Kind::String) // neighbours are one string, as in Python
        text += reader.take().text;
      return literal(Value::string(std::move(text)));
    }
    case Token::Kind::Integer:
      reader.take();
      return literal(Value::integer(std::stoll(token.text))); // at most 18 digits
    case Token::Kind::Float:
      reader.take();
      return literal(Value::floating(std::strtod(token.text.c_str(), nullptr)));
    case Token::Kind::Operator:
      if (token.text == "(") {
        reader.take();
        if (reader.skipOperator(")"))
          return make(Kind::ListOf);
        ExpressionPtr node = parseTuple();
        reader.expectOperator(")");
        return node;
      }
      if (token.text == "[") {
        reader.take();
        ExpressionPtr node = make(Kind::ListOf);
        while (!reader.failed() && !reader.atOperator("]")) {
          addOperand(node.get(), parseExpression());
          if (!reader.skipOperator(","))
            break;
        }
        reader.expectOperator("]");
        return node;
      }
      if (token.text == "{") {
        reader.take();
        ExpressionPtr node = make(Kind::DictOf);
        while (!reader.failed() && !reader.atOperator("}")) {
          addOperand(node.get(), parseExpression());
          reader.expectOperator(":");
          addOperand(node.get(), parseExpression());
          if (!reader.skipOperator(","))
            break;
        }
        reader.expectOperator("}");
        return node;
      }
      break;
    default:
      break;
    }
    reader.fail("expects an expression");
    return make(Kind::Literal);
  }

  ExpressionPtr parsePostfix(ExpressionPtr node) {
    while (!reader.failed()) {
      if (reader.skipOperator(".")) {
        ExpressionPtr access = make(Kind::Attribute);
        if (reader.peek().kind == Token::Kind::Integer) { // x.0 is x[0]
          access->kind = Kind::Index;
          addOperand(access.get(), std::move(node));
          addOperand(access.get(), literal(Value::integer(std::stoll(reader.take().text))));
        } else {
          access->text = reader.expectName("the name of an attribute");
          addOperand(access.get(), std::move(node));
        }
        node = std::move(access);
      } else if (reader.skipOperator("[")) {
        node = parseSubscript(std::move(node));
      } else if (reader.atOperator("(")) {
        node = parseCall(std::move(node));
      } else {
        break;
      }
    }
    return node;
  }
  ExpressionPtr parseCall(ExpressionPtr callee) {
    ExpressionPtr call = make(Kind::Call);
    addOperand(call.get(), std::move(callee));
    parseArguments(call.get());
    return call;
  }
  ExpressionPtr parseSubscript(ExpressionPtr object) {
    ExpressionPtr parts[3];
    unsigned colons = 0;
    for (;;) {
      if (!reader.atOperator(":") && !reader.atOperator("]"))
        parts[colons] = parseExpression();
      if (colons == 2 || !reader.skipOperator(":"))
        break;
      ++colons;
    }
    reader.expectOperator("]");
    ExpressionPtr node = make(colons > 0 ? Kind::Slice : Kind::Index);
    addOperand(node.get(), std::move(object));
    if (colons == 0) {
      if (!parts[0])
        reader.fail("expects an index");
      addOperand(node.get(), std::move(parts[0]));
      return node;
    }
    for (ExpressionPtr &part : parts)
      addOperand(node.get(), std::move(part));
    return node;
  }
  void parseArguments(Expression *call) {
    reader.expectOperator("(");
    call->names.resize(call->operands.size());
    while (!reader.failed() && !reader.atOperator(")")) {
      std::string keyword;
      if (reader.peek().kind == Token::Kind::Name && reader.peek(1).kind == Token::Kind::Operator &&
          reader.peek(1).text == "=") {
        keyword = reader.take().text;
        reader.take();
      }
      addOperand(call, parseExpression());
      call->names.push_back(std::move(keyword));
      if (!reader.skipOperator(","))
        break;
    }
    reader.expectOperator(")");
  }

  ExpressionPtr parseFilters(ExpressionPtr node) {
    while (!reader.failed()) {
      if (reader.skipOperator("|")) {
        ExpressionPtr filter = make(Kind::Filter);
        filter->text = reader.expectName("the name of a filter");
        addOperand(filter.get(), std::move(node));
        filter->names.resize(1);
        if (reader.atOperator("("))
          parseArguments(filter.get());
        node = std::move(filter);
      } else if (reader.skipName("is")) {
        const bool negated = reader.skipName("not");
        ExpressionPtr test = make(Kind::Test);
        test->text = reader.expectName("the name of a test");
        addOperand(test.get(), std::move(node));
        test->names.resize(1);
        if (reader.atOperator("(")) {
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
      } else if (reader.atOperator("(")) { // x|filter(...)(...) and the like
        node = parseCall(std::move(node));
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

  TokenReader &reader;
  unsigned recursion = 0;
};

} // namespace

ExpressionPtr parseExpression(TokenReader &reader, bool withCondition) {
  return ExpressionParser(reader).parseExpression(withCondition);
}

ExpressionPtr parseTuple(TokenReader &reader, bool withCondition) {
  return ExpressionParser(reader).parseTuple(withCondition);
}

} // namespace trafo::jinja
