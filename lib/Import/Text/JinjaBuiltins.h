//===- JinjaBuiltins.h - filters, tests, methods and functions ------------===//
#ifndef TRAFO_IMPORT_TEXT_JINJABUILTINS_H
#define TRAFO_IMPORT_TEXT_JINJABUILTINS_H

#include "lib/Import/Text/JinjaContext.h"

namespace trafo::jinja {

/// Arguments of a call; keywords[i] names values[i] or is empty.
struct Arguments {
  std::vector<Value> values;
  std::vector<std::string> keywords;

  /// The argument at \p position, or the one called \p name; null if it is not given.
  const Value *get(size_t position, std::string_view name) const;
};

/// `value | name(...)`.
Value applyFilter(Context &context, const std::string &name, const Value &value, const Arguments &arguments);
/// `value is name(...)`.
bool applyTest(Context &context, const std::string &name, const Value &value, const Arguments &arguments);
/// `value.name(...)` of strings and mappings.
Value callMethod(Context &context, const Value &value, const std::string &name, const Arguments &arguments);
/// range, namespace, dict, raise_exception.
Value callFunction(Context &context, const std::string &name, const Arguments &arguments);
bool isFunction(std::string_view name);

/// left op right, for every binary operator but `and` and `or`.
Value applyOperator(Context &context, const std::string &op, const Value &left, const Value &right);

/// What a loop over \p value visits: elements, keys, or characters.
Value::List elementsOf(Context &context, const Value &value);
/// value[begin:end:step]; undefined or none: left out.
Value slice(Context &context, const Value &value, const Value &begin, const Value &end, const Value &step);
/// value[index], or undefined if there is no such element.
Value element(Context &context, const Value &value, const Value &index);

} // namespace trafo::jinja

#endif // TRAFO_IMPORT_TEXT_JINJABUILTINS_H
