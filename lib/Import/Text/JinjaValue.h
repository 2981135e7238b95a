//===- JinjaValue.h - values of chat templates ----------------------------===//
#ifndef TRAFO_IMPORT_TEXT_JINJAVALUE_H
#define TRAFO_IMPORT_TEXT_JINJAVALUE_H

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trafo::jinja {

struct MacroNode;

/// A value of the template language. Strings, lists and dictionaries are shared and never change, so that they cannot
/// form cycles; namespaces change, and therefore may not be put into anything. Containers know how deep they nest: the
/// evaluator refuses more than kMaxNesting, which keeps destruction and printing off the end of the stack.
class Value {
public:
  enum class Kind { Undefined, None, Bool, Int, Float, String, List, Dict, Namespace, Macro, Builtin };
  using List = std::vector<Value>;
  using Dict = std::vector<std::pair<std::string, Value>>; ///< in order of insertion, each key once

  static constexpr unsigned kMaxNesting = 64;

  Value() = default; ///< undefined
  static Value none() { return Value(Kind::None); }
  static Value boolean(bool value) {
    Value made(Kind::Bool);
    made.number = value;
    return made;
  }
  static Value integer(int64_t value) {
    Value made(Kind::Int);
    made.number = value;
    return made;
  }
  static Value floating(double value) {
    Value made(Kind::Float);
    made.real = value;
    return made;
  }
  static Value string(std::string value) {
    Value made(Kind::String);
    made.text = std::make_shared<const std::string>(std::move(value));
    return made;
  }
  static Value list(List values);
  static Value dict(Dict entries);
  static Value nameSpace(Dict entries);
  static Value macro(const MacroNode *node) {
    Value made(Kind::Macro);
    made.macroNode = node;
    return made;
  }
  /// A function of the language, by its name.
  static Value builtin(std::string name) {
    Value made = string(std::move(name));
    made.tag = Kind::Builtin;
    return made;
  }

  Kind kind() const { return tag; }
  bool is(Kind kind) const { return tag == kind; }
  bool isNumber() const { return tag == Kind::Bool || tag == Kind::Int || tag == Kind::Float; }
  bool isInteger() const { return tag == Kind::Bool || tag == Kind::Int; }

  int64_t asInteger() const { return number; }                                  ///< Bool, Int
  double asFloat() const { return tag == Kind::Float ? real : double(number); } ///< numbers
  const std::string &asString() const { return *text; }                         ///< String, Builtin
  const List &asList() const { return *elements; }                              ///< List
  const Dict &asDict() const { return *entries; }                               ///< Dict, Namespace
  const MacroNode *asMacro() const { return macroNode; }                        ///< Macro
  /// Namespace only; shared by all copies of the value.
  void setMember(const std::string &name, Value value) const;

  /// The entry of a Dict or Namespace, or null.
  const Value *find(std::string_view key) const;
  unsigned nesting() const { return depth; } ///< 0 for scalars
  /// What walking the whole value costs, in steps. Lists share elements, so this can be far more than its memory.
  uint64_t weight() const;

  bool truthy() const;
  /// "string", "list", ...: for messages.
  const char *kindName() const;
  /// What `{{ value }}` prints.
  std::string toText() const;
  /// Python's repr(), as it stands inside printed lists.
  std::string toRepr() const;
  /// Python's ==.
  static bool equal(const Value &left, const Value &right);

private:
  explicit Value(Kind kind) : tag(kind) {}
  Kind tag = Kind::Undefined;
  unsigned depth = 0;
  uint64_t contained = 0; ///< weight of the elements of a list or dictionary
  int64_t number = 0;
  double real = 0;
  const MacroNode *macroNode = nullptr;
  std::shared_ptr<const std::string> text;
  std::shared_ptr<const List> elements;
  std::shared_ptr<Dict> entries;
};

} // namespace trafo::jinja

#endif // TRAFO_IMPORT_TEXT_JINJAVALUE_H
