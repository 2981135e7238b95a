//===- JinjaEvaluator.cpp - running chat templates ------------------------===//
#include "lib/Import/Text/JinjaEvaluator.h"

#include "lib/Import/Text/JinjaBuiltins.h"

namespace trafo::jinja {
namespace {

using Kind = Value::Kind;

class Evaluator {
public:
  Evaluator(Value::Dict globals, uint64_t *steps, std::string *out) : context(steps), out(out) {
    scopes.push_back(std::move(globals));
  }

  std::optional<Failure> run(const Template &parsed) {
    runBody(parsed.body);
    return std::move(context.failure);
  }

private:
  enum class Flow { Next, Break, Continue };

  /// Counts nested calls of the evaluator.
  struct Frame {
    explicit Frame(Evaluator &evaluator) : evaluator(evaluator) {
      if (++evaluator.frames > Context::kMaxFrames)
        evaluator.context.fail(Failure::Kind::Budget,
                               "evaluation nests deeper than " + std::to_string(Context::kMaxFrames));
    }
    ~Frame() { --evaluator.frames; }
    Evaluator &evaluator;
  };

  // Variables. A loop's body and a macro's are scopes of their own; what is set there is gone after it.
  const Value *lookup(const std::string &name) {
    for (size_t scope = scopes.size(); scope-- > 0;) {
      if (!context.charge(1))
        return nullptr;
      for (const auto &entry : scopes[scope])
        if (entry.first == name)
          return &entry.second;
    }
    return nullptr;
  }
  void assign(const std::string &name, Value value) {
    context.charge(1 + scopes.back().size() / 8);
    for (auto &entry : scopes.back())
      if (entry.first == name) {
        entry.second = std::move(value);
        return;
      }
    scopes.back().emplace_back(name, std::move(value));
  }
  void assignTargets(const std::vector<std::string> &targets, const Value &value) {
    if (targets.size() == 1)
      return assign(targets[0], value);
    const Value::List parts = elementsOf(context, value);
    if (parts.size() != targets.size()) {
      context.wrongValue("expects " + std::to_string(targets.size()) + " values to unpack, got " +
                         std::to_string(parts.size()));
      return;
    }
    for (size_t index = 0; index < parts.size(); ++index)
      assign(targets[index], parts[index]);
  }

  void print(const std::string &text) {
    if (context.allowSize(out->size() + text.size()) && context.chargeBytes(text.size()))
      *out += text;
  }

  // Statements.
  Flow runBody(const std::vector<Statement> &body) {
    Frame frame(*this);
    for (const Statement &statement : body) {
      if (context.failed())
        return Flow::Next;
      context.line = statement.line;
      context.charge(1);
      const Flow flow = run(statement);
      if (flow != Flow::Next)
        return flow;
    }
    return Flow::Next;
  }

  Flow run(const Statement &statement) {
    switch (statement.kind) {
    case Statement::Kind::Text:
      print(statement.text);
      break;
    case Statement::Kind::Print:
      print(context.textOf(evaluate(*statement.expression)));
      break;
    case Statement::Kind::If:
      for (const Statement::Branch &branch : statement.branches)
        if (!branch.condition || evaluate(*branch.condition).truthy())
          return runBody(branch.body);
      break;
    case Statement::Kind::For:
      runLoop(statement);
      break;
    case Statement::Kind::Set:
      runSet(statement);
      break;
    case Statement::Kind::Capture:
      assign(statement.targets[0], capture(statement.body));
      break;
    case Statement::Kind::Macro:
      assign(statement.macro->name, Value::macro(statement.macro.get()));
      break;
    case Statement::Kind::Break:
      return Flow::Break;
    case Statement::Kind::Continue:
      return Flow::Continue;
    }
    return Flow::Next;
  }

  Value capture(const std::vector<Statement> &body) {
    std::string text;
    std::string *outer = std::exchange(out, &text);
    runBody(body);
    out = outer;
    return context.makeString(std::move(text));
  }

  void runSet(const Statement &statement) {
    const Value value = evaluate(*statement.expression);
    if (context.failed())
      return;
    if (statement.member.empty())
      return assignTargets(statement.targets, value);
    const Value *object = lookup(statement.targets[0]);
    if (!object || !object->is(Kind::Namespace)) {
      context.wrongValue("'" + statement.targets[0] + "' is no namespace");
      return;
    }
    if (!context.charge(1 + object->asDict().size() / 8) || !mayBeStored(value))
      return;
    object->setMember(statement.member, value);
  }
  /// Namespaces change, so one that held itself would never be freed. Variables and parameters may hold them.
  bool mayBeStored(const Value &value) {
    if (!value.is(Kind::Namespace))
      return true;
    context.wrongValue("a namespace cannot be part of another value");
    return false;
  }

  void runLoop(const Statement &statement) {
    const Value::List all = elementsOf(context, evaluate(*statement.expression));
    Value::List items;
    scopes.emplace_back();
    for (const Value &item : all) {
      if (context.failed())
        break;
      if (statement.condition) {
        assignTargets(statement.targets, item);
        if (!evaluate(*statement.condition).truthy())
          continue;
      }
      items.push_back(item);
    }
    scopes.pop_back();
    if (items.empty()) {
      runBody(statement.alternative);
      return;
    }
    const auto count = static_cast<int64_t>(items.size());
    for (int64_t index = 0; index < count && context.charge(16); ++index) {
      scopes.emplace_back();
      const auto at = static_cast<size_t>(index);
      assign("loop", Value::dict({{"index", Value::integer(index + 1)},
                                  {"index0", Value::integer(index)},
                                  {"revindex", Value::integer(count - index)},
                                  {"revindex0", Value::integer(count - index - 1)},
                                  {"first", Value::boolean(index == 0)},
                                  {"last", Value::boolean(index + 1 == count)},
                                  {"length", Value::integer(count)},
                                  {"previtem", index > 0 ? items[at - 1] : Value()},
                                  {"nextitem", index + 1 < count ? items[at + 1] : Value()}}));
      assignTargets(statement.targets, items[at]);
      const Flow flow = runBody(statement.body);
      scopes.pop_back();
      if (flow == Flow::Break)
        break;
    }
  }

  // Expressions.
  Value evaluate(const Expression &node) {
    Frame frame(*this);
    if (!context.charge(1))
      return Value();
    context.line = node.line;
    switch (node.kind) {
    case Expression::Kind::Literal:
      return node.value;
    case Expression::Kind::Name:
      return variable(node.text);
    case Expression::Kind::ListOf:
      return listOf(node);
    case Expression::Kind::DictOf:
      return dictOf(node);
    case Expression::Kind::Attribute:
      return attribute(evaluate(*node.operands[0]), node.text);
    case Expression::Kind::Index:
      return index(node);
    case Expression::Kind::Slice:
      return sliceOf(node);
    case Expression::Kind::Call:
      return call(node);
    case Expression::Kind::Filter: {
      const Value value = evaluate(*node.operands[0]);
      const Arguments arguments = argumentsOf(node);
      return context.failed() ? Value() : applyFilter(context, node.text, value, arguments);
    }
    case Expression::Kind::Test: {
      const Value value = evaluate(*node.operands[0]);
      const Arguments arguments = argumentsOf(node);
      return context.failed() ? Value() : Value::boolean(applyTest(context, node.text, value, arguments));
    }
    case Expression::Kind::Not:
      return Value::boolean(!evaluate(*node.operands[0]).truthy());
    case Expression::Kind::Negate:
      return applyOperator(context, "*", Value::integer(-1), evaluate(*node.operands[0]));
    case Expression::Kind::Binary: {
      const Value left = evaluate(*node.operands[0]);
      const Value right = evaluate(*node.operands[1]);
      return context.failed() ? Value() : applyOperator(context, node.text, left, right);
    }
    case Expression::Kind::And:
    case Expression::Kind::Or: {
      Value left = evaluate(*node.operands[0]);
      return left.truthy() == (node.kind == Expression::Kind::Or) ? left : evaluate(*node.operands[1]);
    }
    case Expression::Kind::Choose:
      if (evaluate(*node.operands[0]).truthy())
        return evaluate(*node.operands[1]);
      return node.operands[2] ? evaluate(*node.operands[2]) : Value();
    }
    return Value();
  }

  Value variable(const std::string &name) {
    if (const Value *found = lookup(name))
      return *found;
    return isFunction(name) ? Value::builtin(name) : Value();
  }
  Value listOf(const Expression &node) {
    Value::List values;
    for (const auto &operand : node.operands) {
      values.push_back(evaluate(*operand));
      if (context.failed() || !mayBeStored(values.back()))
        return Value();
    }
    return context.makeList(std::move(values));
  }
  Value dictOf(const Expression &node) {
    Value::Dict entries;
    for (size_t position = 0; position + 1 < node.operands.size(); position += 2) {
      const Value key = evaluate(*node.operands[position]);
      Value value = evaluate(*node.operands[position + 1]);
      if (context.failed() || !mayBeStored(value))
        return Value();
      if (!key.is(Kind::String))
        return context.wrongValue(std::string("expects a string as key, got ") + key.kindName());
      entries.emplace_back(key.asString(), std::move(value));
    }
    return context.makeDict(std::move(entries));
  }
  Value attribute(const Value &object, const std::string &name) {
    if (context.failed())
      return Value();
    if (name.compare(0, 2, "__") == 0)
      return context.wrongValue("attribute '" + name.substr(0, 32) + "' is not for templates");
    switch (object.kind()) {
    case Kind::Dict:
    case Kind::Namespace:
      return element(context, object, Value::string(name));
    case Kind::Undefined:
    case Kind::None:
      return context.wrongValue(std::string(object.kindName()) + " has no attribute '" + name.substr(0, 32) + "'");
    default:
      return Value();
    }
  }
  Value index(const Expression &node) {
    const Value object = evaluate(*node.operands[0]);
    const Value key = evaluate(*node.operands[1]);
    return context.failed() ? Value() : element(context, object, key);
  }
  Value sliceOf(const Expression &node) {
    const Value object = evaluate(*node.operands[0]);
    Value bounds[3];
    for (size_t position = 0; position < 3; ++position)
      if (node.operands[position + 1])
        bounds[position] = evaluate(*node.operands[position + 1]);
    return context.failed() ? Value() : slice(context, object, bounds[0], bounds[1], bounds[2]);
  }
  Arguments argumentsOf(const Expression &node) {
    Arguments arguments;
    for (size_t position = 1; position < node.operands.size(); ++position) {
      arguments.values.push_back(evaluate(*node.operands[position]));
      if (context.failed())
        break;
      arguments.keywords.push_back(node.names[position]);
    }
    arguments.keywords.resize(arguments.values.size());
    return arguments;
  }

  Value call(const Expression &node) {
    const Expression &callee = *node.operands[0];
    // A method: an entry of a mapping comes first, as in Jinja.
    if (callee.kind == Expression::Kind::Attribute) {
      const Value object = evaluate(*callee.operands[0]);
      if (callee.text.compare(0, 2, "__") == 0)
        return attribute(object, callee.text);
      const Value *found = object.is(Kind::Namespace) || object.is(Kind::Dict) ? object.find(callee.text) : nullptr;
      const Value entry = found ? *found : Value(); // a copy: the arguments may change a namespace
      const Arguments arguments = argumentsOf(node);
      if (context.failed())
        return Value();
      return found ? callValue(entry, callee.text, arguments) : callMethod(context, object, callee.text, arguments);
    }
    const Value function = evaluate(callee);
    const Arguments arguments = argumentsOf(node);
    if (context.failed())
      return Value();
    return callValue(function, callee.kind == Expression::Kind::Name ? callee.text : "expression", arguments);
  }
  Value callValue(const Value &function, const std::string &name, const Arguments &arguments) {
    if (function.is(Kind::Builtin))
      return callFunction(context, function.asString(), arguments);
    if (function.is(Kind::Macro))
      return callMacro(*function.asMacro(), arguments);
    return context.wrongValue("'" + name.substr(0, 32) + "' is " + function.kindName() + ", not a function");
  }
  Value callMacro(const MacroNode &macro, const Arguments &arguments) {
    if (calls == Context::kMaxCalls)
      return context.fail(Failure::Kind::Budget, "macros nest deeper than " + std::to_string(Context::kMaxCalls));
    // A macro sees the template's variables, not those of its caller.
    std::vector<Value::Dict> callers(std::make_move_iterator(scopes.begin() + 1),
                                     std::make_move_iterator(scopes.end()));
    scopes.resize(1);
    scopes.emplace_back();
    ++calls;
    for (size_t position = 0; position < macro.parameters.size() && !context.failed(); ++position) {
      const Value *given = arguments.get(position, macro.parameters[position]);
      const auto &fallback = macro.defaults[position];
      assign(macro.parameters[position], given ? *given : fallback ? evaluate(*fallback) : Value());
    }
    Value text = capture(macro.body);
    --calls;
    scopes.resize(1);
    scopes.insert(scopes.end(), std::make_move_iterator(callers.begin()), std::make_move_iterator(callers.end()));
    return text;
  }

  Context context;
  std::string *out;
  std::vector<Value::Dict> scopes;
  unsigned frames = 0;
  unsigned calls = 0;
};

} // namespace

std::optional<Failure> renderTemplate(const Template &parsed, Value::Dict globals, uint64_t *steps, std::string *out) {
  return Evaluator(std::move(globals), steps, out).run(parsed);
}

} // namespace trafo::jinja
