//===- JinjaBuiltins.cpp - filters, tests, methods and functions ----------===//
//
// Those that published chat templates use. Upper and lower case are ASCII's: role names, not contents, pass through
// them. Names that do not exist here are an error when they are reached, not when they are read, since most templates
// have branches for tools that a plain conversation never takes.
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Text/JinjaBuiltins.h"

#include "runtime/text/utf8.h"

#include <algorithm>

namespace trafo::jinja {
namespace {

using Kind = Value::Kind;

char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
char raised(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

enum class Casing { Upper, Lower, Title, Capital };

std::string recase(std::string text, Casing casing) {
  bool first = true;
  for (char &c : text) {
    const bool letter = lowered(c) >= 'a' && lowered(c) <= 'z';
    c = casing == Casing::Upper || (casing != Casing::Lower && first) ? raised(c) : lowered(c);
    first = casing == Casing::Title ? !letter : false;
  }
  return text;
}

/// Removes the characters of \p set (ASCII; empty: white space) from the ends.
std::string strip(const std::string &text, std::string_view set, bool front, bool back) {
  std::string_view rest = text;
  if (set.empty())
    return std::string(text::trimSpace(rest, front, back));
  while (front && !rest.empty() && set.find(rest.front()) != std::string_view::npos)
    rest.remove_prefix(1);
  while (back && !rest.empty() && set.find(rest.back()) != std::string_view::npos)
    rest.remove_suffix(1);
  return std::string(rest);
}

Value replaceAll(Context &context, const std::string &text, const std::string &from, const std::string &to) {
  if (from.empty())
    return context.wrongValue("'replace' expects a text to look for");
  std::string out;
  size_t position = 0;
  for (size_t found; (found = text.find(from, position)) != std::string::npos; position = found + from.size()) {
    out.append(text, position, found - position);
    out += to;
    if (!context.allowSize(out.size()) || !context.chargeBytes(to.size()))
      return Value();
  }
  out.append(text, position, std::string::npos);
  return context.makeString(std::move(out));
}

Value split(Context &context, const std::string &text, const Arguments &arguments) {
  Value::List parts;
  const Value *separator = arguments.get(0, "sep");
  const Value *limit = arguments.get(1, "maxsplit");
  int64_t left = limit && limit->isInteger() ? limit->asInteger() : -1;
  if (!context.chargeBytes(text.size()))
    return Value();
  if (separator && separator->is(Kind::String)) {
    if (separator->asString().empty())
      return context.wrongValue("'split' expects a separator");
    size_t position = 0;
    for (size_t found; left-- != 0 && (found = text.find(separator->asString(), position)) != std::string::npos;
         position = found + separator->asString().size())
      parts.push_back(Value::string(text.substr(position, found - position)));
    parts.push_back(Value::string(text.substr(position)));
  } else {
    std::string_view rest = text::trimSpace(text);
    while (!rest.empty()) {
      size_t end = 0;
      if (left-- == 0)
        end = rest.size();
      while (end < rest.size() && text::trimSpace(rest.substr(end, 1)).size() == 1)
        ++end;
      parts.push_back(Value::string(std::string(rest.substr(0, end))));
      rest = text::trimSpace(rest.substr(end), true, false);
    }
  }
  return context.makeList(std::move(parts));
}

Value join(Context &context, const Value &value, const std::string &separator) {
  std::string out;
  bool first = true;
  for (const Value &item : elementsOf(context, value)) {
    out += (first ? "" : separator) + context.textOf(item);
    first = false;
    if (!context.allowSize(out.size()) || !context.chargeBytes(separator.size()))
      return Value();
  }
  return context.failed() ? Value() : Value::string(std::move(out));
}

Value length(Context &context, const Value &value) {
  if (value.is(Kind::Dict))
    return Value::integer(static_cast<int64_t>(value.asDict().size()));
  if (value.is(Kind::List))
    return Value::integer(static_cast<int64_t>(value.asList().size()));
  const auto size = static_cast<int64_t>(elementsOf(context, value).size());
  return Value::integer(size);
}

Value itemsOf(Context &context, const Value &value) {
  if (value.is(Kind::Undefined))
    return Value::list({});
  if (!value.is(Kind::Dict))
    return context.wrongValue(std::string("expects a mapping, got ") + value.kindName());
  if (!context.charge(3 * value.asDict().size()))
    return Value();
  Value::List pairs;
  for (const auto &entry : value.asDict())
    pairs.push_back(Value::list({Value::string(entry.first), entry.second}));
  return context.makeList(std::move(pairs));
}

/// selectattr(name[, test[, operand]]) and its opposite.
Value selectByAttribute(Context &context, const Value &value, const Arguments &arguments, bool keep) {
  const Value *name = arguments.get(0, "");
  const Value *test = arguments.get(1, "");
  if (!name || !name->is(Kind::String))
    return context.wrongValue("expects the name of an attribute");
  Arguments operands;
  if (const Value *operand = arguments.get(2, "")) {
    operands.values.push_back(*operand);
    operands.keywords.emplace_back();
  }
  Value::List kept;
  for (const Value &item : elementsOf(context, value)) {
    const Value attribute = item.is(Kind::Dict) ? element(context, item, *name) : Value();
    const bool good =
        test && test->is(Kind::String) ? applyTest(context, test->asString(), attribute, operands) : attribute.truthy();
    if (context.failed())
      return Value();
    if (good == keep)
      kept.push_back(item);
  }
  return context.makeList(std::move(kept));
}

const std::string *stringArgument(const Arguments &arguments, size_t position, std::string_view name) {
  const Value *value = arguments.get(position, name);
  return value && value->is(Kind::String) ? &value->asString() : nullptr;
}

} // namespace

const Value *Arguments::get(size_t position, std::string_view name) const {
  size_t seen = 0;
  for (size_t index = 0; index < values.size(); ++index) {
    if (keywords[index].empty() ? seen++ == position : keywords[index] == name)
      return &values[index];
  }
  return nullptr;
}

Value applyFilter(Context &context, const std::string &name, const Value &value, const Arguments &arguments) {
  if (name == "default" || name == "d") {
    const Value *fallback = arguments.get(0, "default_value");
    const Value *always = arguments.get(1, "boolean");
    const bool take = value.is(Kind::Undefined) || (always && always->truthy() && !value.truthy());
    return !take ? value : fallback ? *fallback : Value::string("");
  }
  if (name == "length" || name == "count")
    return length(context, value);
  if (name == "items")
    return itemsOf(context, value);
  if (name == "list")
    return context.makeList(elementsOf(context, value));
  if (name == "first" || name == "last") {
    const Value::List items = elementsOf(context, value);
    return items.empty() ? Value() : name == "first" ? items.front() : items.back();
  }
  if (name == "reverse") {
    Value::List items = elementsOf(context, value);
    std::reverse(items.begin(), items.end());
    return value.is(Kind::String) ? join(context, Value::list(std::move(items)), "")
                                  : context.makeList(std::move(items));
  }
  if (name == "join") {
    const std::string *separator = stringArgument(arguments, 0, "d");
    return join(context, value, separator ? *separator : "");
  }
  if (name == "selectattr" || name == "rejectattr")
    return selectByAttribute(context, value, arguments, name == "selectattr");
  if (name == "int" || name == "float") {
    const double number = value.isNumber()         ? value.asFloat()
                          : value.is(Kind::String) ? std::strtod(value.asString().c_str(), nullptr)
                                                   : 0;
    if (name == "float")
      return Value::floating(number);
    if (value.isInteger())
      return Value::integer(value.asInteger());
    if (!(number > -9e18 && number < 9e18))
      return context.wrongValue("a number does not fit an integer");
    return Value::integer(static_cast<int64_t>(number));
  }
  // The rest works on the value as text.
  if (name != "string" && name != "safe" && name != "trim" && name != "upper" && name != "lower" && name != "title" &&
      name != "capitalize" && name != "replace")
    return context.wrongValue("filter '" + name.substr(0, 32) + "' is not in the subset");
  const std::string text = context.textOf(value);
  if (!context.chargeBytes(text.size()))
    return Value();
  if (name == "trim") {
    const std::string *set = stringArgument(arguments, 0, "chars");
    return Value::string(strip(text, set ? *set : "", true, true));
  }
  if (name == "replace") {
    const std::string *from = stringArgument(arguments, 0, "old");
    const std::string *to = stringArgument(arguments, 1, "new");
    if (!from || !to)
      return context.wrongValue("'replace' expects two texts");
    return replaceAll(context, text, *from, *to);
  }
  if (name == "string" || name == "safe")
    return Value::string(text);
  return Value::string(recase(text, name == "upper"   ? Casing::Upper
                                    : name == "lower" ? Casing::Lower
                                    : name == "title" ? Casing::Title
                                                      : Casing::Capital));
}

bool applyTest(Context &context, const std::string &name, const Value &value, const Arguments &arguments) {
  const Value *operand = arguments.get(0, "");
  if (name == "defined" || name == "undefined")
    return value.is(Kind::Undefined) == (name == "undefined");
  if (name == "none")
    return value.is(Kind::None);
  if (name == "string")
    return value.is(Kind::String);
  if (name == "mapping")
    return value.is(Kind::Dict);
  if (name == "iterable" || name == "sequence")
    return value.is(Kind::List) || value.is(Kind::String) || value.is(Kind::Dict) || value.is(Kind::Undefined);
  if (name == "number")
    return value.isNumber();
  if (name == "integer")
    return value.is(Kind::Int);
  if (name == "float")
    return value.is(Kind::Float);
  if (name == "boolean")
    return value.is(Kind::Bool);
  if (name == "true" || name == "false")
    return value.is(Kind::Bool) && value.truthy() == (name == "true");
  if (name == "callable")
    return value.is(Kind::Macro) || value.is(Kind::Builtin);
  if ((name == "odd" || name == "even") && value.isInteger())
    return (value.asInteger() % 2 != 0) == (name == "odd");
  static constexpr std::pair<std::string_view, const char *> kComparisons[] = {
      {"equalto", "=="}, {"eq", "=="}, {"==", "=="}, {"ne", "!="}, {"gt", ">"},
      {"ge", ">="},      {"lt", "<"},  {"le", "<="}, {"in", "in"}};
  if (operand) {
    for (const auto &entry : kComparisons)
      if (name == entry.first)
        return applyOperator(context, entry.second, value, *operand).truthy();
    if (name == "sameas")
      return value.kind() == operand->kind() && context.charge(operand->weight()) && Value::equal(value, *operand);
    if (name == "divisibleby")
      return !applyOperator(context, "%", value, *operand).truthy();
  }
  context.wrongValue("test '" + name.substr(0, 32) + "' of " + value.kindName() + " is not in the subset");
  return false;
}

Value callMethod(Context &context, const Value &value, const std::string &name, const Arguments &arguments) {
  if (value.is(Kind::Dict)) {
    if (name == "items")
      return itemsOf(context, value);
    if (name == "keys")
      return context.makeList(elementsOf(context, value));
    if (name == "values") {
      Value::List values;
      if (context.charge(Context::kElementSteps * value.asDict().size()))
        for (const auto &entry : value.asDict())
          values.push_back(entry.second);
      return context.makeList(std::move(values));
    }
    if (name == "get") {
      const std::string *key = stringArgument(arguments, 0, "key");
      const Value *found = key && context.charge(1) ? value.find(*key) : nullptr;
      const Value *fallback = arguments.get(1, "default");
      return found ? *found : fallback ? *fallback : Value::none();
    }
  }
  if (value.is(Kind::String)) {
    const std::string &text = value.asString();
    const std::string *first = stringArgument(arguments, 0, "");
    if (!context.chargeBytes(text.size()))
      return Value();
    if (name == "strip" || name == "lstrip" || name == "rstrip")
      return Value::string(strip(text, first ? *first : "", name != "rstrip", name != "lstrip"));
    if (name == "split")
      return split(context, text, arguments);
    if (name == "upper" || name == "lower" || name == "title" || name == "capitalize")
      return applyFilter(context, name, value, arguments);
    if (name == "replace")
      return applyFilter(context, name, value, arguments);
    if (name == "join" && !arguments.values.empty())
      return join(context, arguments.values[0], text);
    if (first && name == "startswith")
      return Value::boolean(text.compare(0, first->size(), *first) == 0);
    if (first && name == "endswith")
      return Value::boolean(text.size() >= first->size() &&
                            text.compare(text.size() - first->size(), first->size(), *first) == 0);
    if (first && name == "find") {
      const size_t found = text.find(*first);
      return Value::integer(found == std::string::npos ? -1 : static_cast<int64_t>(found));
    }
    if (first && name == "count" && !first->empty()) {
      int64_t count = 0;
      for (size_t found = text.find(*first); found != std::string::npos;
           found = text.find(*first, found + first->size()))
        ++count;
      return Value::integer(count);
    }
  }
  return context.wrongValue(std::string(value.kindName()) + " has no method '" + name.substr(0, 32) +
                            "' in the subset");
}

bool isFunction(std::string_view name) {
  return name == "range" || name == "namespace" || name == "dict" || name == "raise_exception";
}

Value callFunction(Context &context, const std::string &name, const Arguments &arguments) {
  if (name == "raise_exception")
    return context.fail(Failure::Kind::Refused, arguments.values.empty()
                                                    ? "raise_exception"
                                                    : context.textOf(arguments.values[0]).substr(0, 200));
  if (name == "namespace" || name == "dict") {
    Value::Dict entries;
    for (size_t index = 0; index < arguments.values.size(); ++index) {
      if (arguments.keywords[index].empty())
        return context.wrongValue("'" + name + "' expects keywords");
      if (arguments.values[index].is(Kind::Namespace)) // it could be made to hold itself, and would never be freed
        return context.wrongValue("a namespace cannot be part of another value");
      entries.emplace_back(arguments.keywords[index], arguments.values[index]);
    }
    return name == "dict" ? context.makeDict(std::move(entries)) : Value::nameSpace(std::move(entries));
  }
  // range
  int64_t bounds[3] = {0, 0, 1};
  const size_t count = arguments.values.size();
  for (size_t index = 0; index < count && index < 3; ++index) {
    if (!arguments.values[index].isInteger())
      return context.wrongValue("'range' expects integers");
    bounds[count == 1 ? 1 : index] = arguments.values[index].asInteger();
  }
  if (count == 0 || count > 3 || bounds[2] == 0)
    return context.wrongValue("'range' expects one to three integers and a step that is not zero");
  Value::List numbers;
  for (int64_t number = bounds[0]; bounds[2] > 0 ? number < bounds[1] : number > bounds[1];) {
    if (!context.charge(8)) // an element takes a hundred bytes
      return Value();
    numbers.push_back(Value::integer(number));
    if (__builtin_add_overflow(number, bounds[2], &number))
      break;
  }
  return context.makeList(std::move(numbers));
}

} // namespace trafo::jinja
