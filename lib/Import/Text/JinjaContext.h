//===- JinjaContext.h - what a run of a chat template may use up ----------===//
#ifndef TRAFO_IMPORT_TEXT_JINJACONTEXT_H
#define TRAFO_IMPORT_TEXT_JINJACONTEXT_H

#include "lib/Import/Text/JinjaSyntax.h"

namespace trafo::jinja {

/// The first failure of a run, and its budget. After a failure, results mean nothing; every loop asks `failed()`.
class Context {
public:
  static constexpr size_t kMaxStringBytes = size_t{1} << 20; ///< of any string, and of the output
  static constexpr unsigned kMaxFrames = 512;                ///< nested evaluations
  static constexpr unsigned kMaxCalls = 64;                  ///< nested macro calls
  static constexpr unsigned kElementSteps = 4; ///< to make or copy an element of a list; bounds memory by steps

  /// \p steps is counted down, by this run and by others that share it.
  explicit Context(uint64_t *steps) : steps(steps) {}

  bool failed() const { return failure.has_value(); }
  /// Returns undefined, for `return context.fail(...)`.
  Value fail(Failure::Kind kind, const std::string &message) {
    if (!failure)
      failure = Failure{kind, "line " + std::to_string(line) + ": " + message};
    return Value();
  }
  Value wrongValue(const std::string &message) { return fail(Failure::Kind::Value, message); }

  /// Pays for \p count steps. False: the budget is spent.
  bool charge(uint64_t count) {
    if (*steps >= count) {
      *steps -= count;
      return !failed();
    }
    *steps = 0;
    fail(Failure::Kind::Budget, "the template takes too many steps");
    return false;
  }
  /// False: \p bytes are too many for a text.
  bool allowSize(size_t bytes) {
    if (bytes > kMaxStringBytes)
      fail(Failure::Kind::Budget,
           "a text of " + std::to_string(bytes) + " bytes, limit " + std::to_string(kMaxStringBytes));
    return !failed();
  }
  /// Pays for making or walking \p bytes of text.
  bool chargeBytes(size_t bytes) { return allowSize(bytes) && charge(1 + bytes / 32); }
  /// What `{{ value }}` prints, paid for; empty after a failure.
  std::string textOf(const Value &value) { return charge(value.weight()) ? value.toText() : std::string(); }
  Value makeString(std::string text) { return chargeBytes(text.size()) ? Value::string(std::move(text)) : Value(); }
  Value makeList(Value::List values) {
    return charge(1 + kElementSteps * values.size()) ? checkNesting(Value::list(std::move(values))) : Value();
  }
  Value makeDict(Value::Dict entries) {
    return charge(1 + kElementSteps * entries.size()) ? checkNesting(Value::dict(std::move(entries))) : Value();
  }

  unsigned line = 0; ///< of what runs, for messages
  std::optional<Failure> failure;

private:
  Value checkNesting(Value value) {
    if (value.nesting() > Value::kMaxNesting)
      return fail(Failure::Kind::Budget, "values nest deeper than " + std::to_string(Value::kMaxNesting));
    return value;
  }
  uint64_t *steps;
};

} // namespace trafo::jinja

#endif // TRAFO_IMPORT_TEXT_JINJACONTEXT_H
