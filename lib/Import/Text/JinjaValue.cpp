//===- JinjaValue.cpp - values of chat templates --------------------------===//
#include "lib/Import/Text/JinjaValue.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace trafo::jinja {
namespace {

/// Saturates: a list that holds itself twice doubles at every level.
uint64_t addWeights(uint64_t left, uint64_t right) {
  constexpr uint64_t kEnough = uint64_t{1} << 60;
  return std::min(left + right, kEnough);
}

} // namespace

Value Value::list(List values) {
  Value made(Kind::List);
  for (const Value &value : values) {
    made.depth = std::max(made.depth, value.depth);
    made.contained = addWeights(made.contained, value.weight());
  }
  ++made.depth;
  made.elements = std::make_shared<const List>(std::move(values));
  return made;
}

Value Value::dict(Dict entries) {
  Value made(Kind::Dict);
  for (const auto &entry : entries) {
    made.depth = std::max(made.depth, entry.second.depth);
    made.contained = addWeights(made.contained, entry.second.weight() + entry.first.size() / 16);
  }
  ++made.depth;
  made.entries = std::make_shared<Dict>(std::move(entries));
  return made;
}

Value Value::nameSpace(Dict entries) {
  Value made = dict(std::move(entries));
  made.tag = Kind::Namespace;
  return made;
}

void Value::setMember(const std::string &name, Value value) const {
  for (auto &entry : *entries)
    if (entry.first == name) {
      entry.second = std::move(value);
      return;
    }
  entries->emplace_back(name, std::move(value));
}

const Value *Value::find(std::string_view key) const {
  for (size_t index = entries->size(); index-- > 0;)
    if ((*entries)[index].first == key)
      return &(*entries)[index].second;
  return nullptr;
}

uint64_t Value::weight() const {
  if (tag == Kind::String)
    return 1 + text->size() / 16;
  if (tag != Kind::Namespace)
    return 1 + contained;
  uint64_t sum = 1; // a namespace changes
  for (const auto &entry : *entries)
    sum = addWeights(sum, entry.second.weight());
  return sum;
}

bool Value::truthy() const {
  switch (tag) {
  case Kind::Undefined:
  case Kind::None:
    return false;
  case Kind::Bool:
  case Kind::Int:
    return number != 0;
  case Kind::Float:
    return real != 0;
  case Kind::String:
    return !text->empty();
  case Kind::List:
    return !elements->empty();
  case Kind::Dict:
    return !entries->empty();
  case Kind::Namespace:
  case Kind::Macro:
  case Kind::Builtin:
    return true;
  }
  return false;
}

const char *Value::kindName() const {
  switch (tag) {
  case Kind::Undefined:
    return "undefined";
  case Kind::None:
    return "none";
  case Kind::Bool:
    return "boolean";
  case Kind::Int:
    return "integer";
  case Kind::Float:
    return "float";
  case Kind::String:
    return "string";
  case Kind::List:
    return "list";
  case Kind::Dict:
    return "mapping";
  case Kind::Namespace:
    return "namespace";
  case Kind::Macro:
    return "macro";
  case Kind::Builtin:
    return "function";
  }
  return "value";
}

std::string Value::toText() const {
  switch (tag) {
  case Kind::String:
    return *text;
  case Kind::Undefined:
    return "";
  default:
    return toRepr();
  }
}

std::string Value::toRepr() const {
  switch (tag) {
  case Kind::Undefined:
    return "Undefined";
  case Kind::None:
    return "None";
  case Kind::Bool:
    return number ? "True" : "False";
  case Kind::Int:
    return std::to_string(number);
  case Kind::Float: {
    if (std::isnan(real))
      return "nan";
    if (std::isinf(real))
      return real < 0 ? "-inf" : "inf";
    char digits[40];
    for (int precision = 1; precision <= 17; ++precision) { // the shortest that reads back
      std::snprintf(digits, sizeof(digits), "%.*g", precision, real);
      if (std::strtod(digits, nullptr) == real)
        break;
    }
    std::string text = digits;
    if (text.find_first_of(".e") == std::string::npos)
      text += ".0";
    return text;
  }
  case Kind::String: {
    const char quote = text->find('\'') != std::string::npos && text->find('"') == std::string::npos ? '"' : '\'';
    std::string out(1, quote);
    for (char c : *text) {
      if (c == quote || c == '\\')
        out += '\\';
      if (c == '\n')
        out += "\\n";
      else if (c == '\r')
        out += "\\r";
      else if (c == '\t')
        out += "\\t";
      else
        out += c;
    }
    return out + quote;
  }
  case Kind::List: {
    std::string out = "[";
    for (const Value &value : *elements)
      out += (out.size() > 1 ? ", " : "") + value.toRepr();
    return out + "]";
  }
  case Kind::Dict:
  case Kind::Namespace: {
    std::string out = "{";
    for (const auto &entry : *entries)
      out += (out.size() > 1 ? ", " : "") + string(entry.first).toRepr() + ": " + entry.second.toRepr();
    return out + "}";
  }
  case Kind::Macro:
  case Kind::Builtin:
    return "<function>";
  }
  return "";
}

bool Value::equal(const Value &left, const Value &right) {
  if (left.isInteger() && right.isInteger())
    return left.number == right.number;
  if (left.isNumber() && right.isNumber())
    return left.asFloat() == right.asFloat();
  if (left.tag != right.tag)
    return false;
  switch (left.tag) {
  case Kind::String:
  case Kind::Builtin:
    return *left.text == *right.text;
  case Kind::List:
    return std::equal(left.elements->begin(), left.elements->end(), right.elements->begin(), right.elements->end(),
                      equal);
  case Kind::Dict:
    if (left.entries->size() != right.entries->size())
      return false;
    return std::all_of(left.entries->begin(), left.entries->end(), [&](const auto &entry) {
      const Value *other = right.find(entry.first);
      return other && equal(entry.second, *other);
    });
  case Kind::Namespace:
    return left.entries == right.entries;
  case Kind::Macro:
    return left.macroNode == right.macroNode;
  default: // undefined, none
    return true;
  }
}

} // namespace trafo::jinja
