//===- JinjaOperators.cpp - operators, indexing and iteration -------------===//
//
// Python's rules, for the values that chat templates have. Integers that leave 64 bits are an error.
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Text/JinjaBuiltins.h"

#include "runtime/text/utf8.h"

#include <algorithm>
#include <cmath>

namespace trafo::jinja {
namespace {

using Kind = Value::Kind;

/// Where the characters of a string begin, and its end. An ill-formed byte counts as a character.
std::vector<size_t> characterStarts(const std::string &text) {
  std::vector<size_t> starts;
  for (size_t position = 0; position < text.size();) {
    starts.push_back(position);
    size_t length;
    text::classifyUtf8(std::string_view(text).substr(position), &length);
    position += length;
  }
  starts.push_back(text.size());
  return starts;
}

Value wrongOperands(Context &context, const std::string &op, const Value &left, const Value &right) {
  return context.wrongValue("'" + op + "' does not take " + left.kindName() + " and " + right.kindName());
}

Value repeat(Context &context, const std::string &text, int64_t times) {
  const auto count = static_cast<uint64_t>(std::max<int64_t>(times, 0));
  if (!text.empty() && count > Context::kMaxStringBytes / text.size()) {
    context.fail(Failure::Kind::Budget, "a text of " + std::to_string(text.size()) + " bytes times " +
                                            std::to_string(count) + ", limit " +
                                            std::to_string(Context::kMaxStringBytes));
    return Value();
  }
  std::string out;
  if (!context.chargeBytes(text.size() * count))
    return Value();
  for (uint64_t index = 0; index < count && !text.empty(); ++index)
    out += text;
  return Value::string(std::move(out));
}

Value floatArithmetic(Context &context, const std::string &op, double left, double right) {
  if (op == "+")
    return Value::floating(left + right);
  if (op == "-")
    return Value::floating(left - right);
  if (op == "*")
    return Value::floating(left * right);
  if (op == "**")
    return Value::floating(std::pow(left, right));
  if (right == 0)
    return context.wrongValue("division by zero");
  if (op == "/")
    return Value::floating(left / right);
  if (op == "//")
    return Value::floating(std::floor(left / right));
  return Value::floating(left - right * std::floor(left / right));
}

Value integerArithmetic(Context &context, const std::string &op, int64_t left, int64_t right) {
  int64_t result = 0;
  bool overflow = false;
  if (op == "+") {
    overflow = __builtin_add_overflow(left, right, &result);
  } else if (op == "-") {
    overflow = __builtin_sub_overflow(left, right, &result);
  } else if (op == "*") {
    overflow = __builtin_mul_overflow(left, right, &result);
  } else if (op == "**") {
    if (right < 0)
      return floatArithmetic(context, op, static_cast<double>(left), static_cast<double>(right));
    result = 1;
    for (int64_t index = 0; index < right && !overflow; ++index) {
      if (!context.charge(1))
        return Value();
      overflow = __builtin_mul_overflow(result, left, &result);
    }
  } else {
    if (right == 0)
      return context.wrongValue("division by zero");
    if (op == "/")
      return Value::floating(static_cast<double>(left) / static_cast<double>(right));
    if (right == -1) { // INT64_MIN / -1
      overflow = __builtin_sub_overflow(int64_t{0}, left, &result);
      if (op == "%")
        return Value::integer(0);
    } else { // Python rounds down
      int64_t quotient = left / right;
      int64_t remainder = left % right;
      if (remainder != 0 && (remainder < 0) != (right < 0)) {
        --quotient;
        remainder += right;
      }
      result = op == "//" ? quotient : remainder;
    }
  }
  if (overflow)
    return context.fail(Failure::Kind::Budget, "an integer leaves 64 bits");
  return Value::integer(result);
}

bool contains(Context &context, const Value &container, const Value &item) {
  switch (container.kind()) {
  case Kind::String:
    if (!item.is(Kind::String)) {
      wrongOperands(context, "in", item, container);
      return false;
    }
    return context.chargeBytes(container.asString().size()) &&
           container.asString().find(item.asString()) != std::string::npos;
  case Kind::List:
    return context.charge(container.weight()) &&
           std::any_of(container.asList().begin(), container.asList().end(),
                       [&](const Value &value) { return Value::equal(value, item); });
  case Kind::Dict:
  case Kind::Namespace:
    return context.charge(container.asDict().size()) && item.is(Kind::String) && container.find(item.asString());
  case Kind::Undefined:
    return false;
  default:
    wrongOperands(context, "in", item, container);
    return false;
  }
}

Value compare(Context &context, const std::string &op, const Value &left, const Value &right) {
  int order;
  if (left.isNumber() && right.isNumber()) {
    if (left.isInteger() && right.isInteger())
      order = left.asInteger() < right.asInteger() ? -1 : left.asInteger() > right.asInteger();
    else
      order = left.asFloat() < right.asFloat() ? -1 : left.asFloat() > right.asFloat();
  } else if (left.is(Kind::String) && right.is(Kind::String)) {
    order = left.asString().compare(right.asString());
  } else {
    return wrongOperands(context, op, left, right);
  }
  return Value::boolean(op == "<" ? order < 0 : op == "<=" ? order <= 0 : op == ">" ? order > 0 : order >= 0);
}

} // namespace

Value applyOperator(Context &context, const std::string &op, const Value &left, const Value &right) {
  if (op == "==" || op == "!=") {
    if (!context.charge(std::min(left.weight(), right.weight())))
      return Value();
    return Value::boolean(Value::equal(left, right) == (op == "=="));
  }
  if (op == "in")
    return Value::boolean(contains(context, right, left));
  if (op == "not in")
    return Value::boolean(!contains(context, right, left));
  if (op == "<" || op == "<=" || op == ">" || op == ">=")
    return compare(context, op, left, right);
  if (op == "~") {
    const std::string first = context.textOf(left);
    const std::string second = context.textOf(right);
    return context.chargeBytes(first.size() + second.size()) ? Value::string(first + second) : Value();
  }
  if (left.isNumber() && right.isNumber()) {
    if (left.isInteger() && right.isInteger())
      return integerArithmetic(context, op, left.asInteger(), right.asInteger());
    return floatArithmetic(context, op, left.asFloat(), right.asFloat());
  }
  if (op == "+" && left.is(Kind::String) && right.is(Kind::String))
    return context.chargeBytes(left.asString().size() + right.asString().size())
               ? Value::string(left.asString() + right.asString())
               : Value();
  if (op == "+" && left.is(Kind::List) && right.is(Kind::List)) {
    if (!context.charge(Context::kElementSteps * (left.asList().size() + right.asList().size())))
      return Value();
    Value::List joined = left.asList();
    joined.insert(joined.end(), right.asList().begin(), right.asList().end());
    return context.makeList(std::move(joined));
  }
  if (op == "*" && left.is(Kind::String) && right.isInteger())
    return repeat(context, left.asString(), right.asInteger());
  if (op == "*" && left.isInteger() && right.is(Kind::String))
    return repeat(context, right.asString(), left.asInteger());
  return wrongOperands(context, op, left, right);
}

Value::List elementsOf(Context &context, const Value &value) {
  Value::List out;
  switch (value.kind()) {
  case Kind::Undefined:
    break;
  case Kind::List:
    if (context.charge(Context::kElementSteps * value.asList().size()))
      out = value.asList();
    break;
  case Kind::Dict:
    if (context.charge(Context::kElementSteps * value.asDict().size()))
      for (const auto &entry : value.asDict())
        out.push_back(Value::string(entry.first));
    break;
  case Kind::String: {
    if (!context.charge(Context::kElementSteps * value.asString().size()))
      break;
    const std::vector<size_t> starts = characterStarts(value.asString());
    for (size_t index = 0; index + 1 < starts.size(); ++index)
      out.push_back(Value::string(value.asString().substr(starts[index], starts[index + 1] - starts[index])));
    break;
  }
  default:
    context.wrongValue(std::string("cannot loop over ") + value.kindName());
  }
  return out;
}

Value slice(Context &context, const Value &value, const Value &begin, const Value &end, const Value &step) {
  const auto given = [](const Value &bound) { return !bound.is(Kind::Undefined) && !bound.is(Kind::None); };
  for (const Value *bound : {&begin, &end, &step})
    if (given(*bound) && !bound->isInteger())
      return context.wrongValue(std::string("expects an integer in a slice, got ") + bound->kindName());
  if (!value.is(Kind::String) && !value.is(Kind::List))
    return context.wrongValue(std::string("cannot slice ") + value.kindName());
  const Value::List items = elementsOf(context, value);
  if (context.failed())
    return Value();
  const int64_t stride = given(step) ? step.asInteger() : 1;
  if (stride == 0)
    return context.wrongValue("the step of a slice is zero");
  const auto size = static_cast<int64_t>(items.size());
  // Python's rules: negative bounds count from the end, everything is clamped.
  const int64_t low = stride > 0 ? 0 : -1;
  const int64_t high = stride > 0 ? size : size - 1;
  const auto clamp = [&](const Value &bound, int64_t fallback) {
    if (!given(bound))
      return fallback;
    const int64_t index = bound.asInteger();
    if (index < 0)
      return index < -size ? low : std::max(low, index + size);
    return std::min(high, index);
  };
  int64_t index = clamp(begin, stride > 0 ? low : high);
  const int64_t stop = clamp(end, stride > 0 ? high : low);
  Value::List picked;
  while (stride > 0 ? index < stop : index > stop) {
    picked.push_back(items[static_cast<size_t>(index)]);
    if (__builtin_add_overflow(index, stride, &index))
      break;
  }
  if (value.is(Kind::List))
    return context.makeList(std::move(picked));
  std::string text;
  for (const Value &character : picked)
    text += character.asString();
  return context.makeString(std::move(text));
}

Value element(Context &context, const Value &value, const Value &index) {
  switch (value.kind()) {
  case Kind::Dict:
  case Kind::Namespace:
    if (index.is(Kind::String) && context.charge(1 + value.asDict().size() / 8))
      if (const Value *found = value.find(index.asString()))
        return *found;
    return Value();
  case Kind::List:
  case Kind::String: {
    if (!index.isInteger())
      return Value();
    if (value.is(Kind::List)) {
      const auto size = static_cast<int64_t>(value.asList().size());
      const int64_t at = index.asInteger() < 0 ? index.asInteger() + size : index.asInteger();
      return at >= 0 && at < size ? value.asList()[static_cast<size_t>(at)] : Value();
    }
    const Value::List characters = elementsOf(context, value);
    const auto size = static_cast<int64_t>(characters.size());
    const int64_t at = index.asInteger() < 0 ? index.asInteger() + size : index.asInteger();
    return at >= 0 && at < size ? characters[static_cast<size_t>(at)] : Value();
  }
  default:
    return context.wrongValue(std::string("cannot index ") + value.kindName());
  }
}

} // namespace trafo::jinja
