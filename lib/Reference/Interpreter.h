//===- Interpreter.h - runs a module at trafo level, the plain way --------===//
//
// Takes any form from Import to Quantize (docs/decisions/0002-the-road-in-ir.md): `@step`, its layers and their ops, each
// computed by PlainOps.h. Weights are read through the packer's readers and never held.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_REFERENCE_INTERPRETER_H
#define TRAFO_REFERENCE_INTERPRETER_H

#include "lib/Reference/PlainOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include <map>
#include <variant>

namespace trafo {

struct InterpreterOptions {
  /// Round where the compiled program does (RoundActivations.h); otherwise nothing is rounded but to double.
  bool asCompiled = false;
  unsigned threads = 2;
};

/// What a hook is told of.
enum class Told {
  Result, ///< an op's result
  Cached, ///< what an op wrote to the KV cache: a row's keys, then its values
  Layer   ///< what a layer gives to the next; `op` is its return
};

/// Told of everything an op computes, as it does: the layer it ran in (-1 outside layers), the op, the rows. It may change
/// them: what follows sees the change.
using ResultHook = std::function<void(int64_t layer, mlir::Operation *op, Told told, Rows &rows)>;

/// What a function is called with: rows of activations, the name of a weight, the layer's index, or nothing for
/// handles.
using Argument = std::variant<std::monostate, Rows, std::string, int64_t>;

/// KV caches by layer and sequence.
using PlainCaches = std::map<std::pair<int64_t, int32_t>, PlainCache>;

class Interpreter {
public:
  /// `module` must outlive the interpreter and stay as it is between steps.
  Interpreter(mlir::ModuleOp module, InterpreterOptions options) : module(module), options(options) {}

  void onResult(ResultHook hook) { this->hook = std::move(hook); }

  /// Runs `@step` over the rows and gives the logits of those wanted, a row each. Sequences go on from earlier steps.
  /// Fails after a diagnostic.
  mlir::FailureOr<Rows> step(const StepRows &rows);

  /// Runs any function of trafo ops that gives one value of rows; an argument a parameter.
  mlir::FailureOr<Rows> run(mlir::func::FuncOp function, const StepRows &rows, std::vector<Argument> arguments);

  /// Ends all sequences.
  void forget() { caches.clear(); }

private:
  mlir::ModuleOp module;
  InterpreterOptions options;
  ResultHook hook;
  PlainCaches caches;
};

/// The step over `tokens` as one sequence from position `first` on, all logits wanted.
StepRows sequenceStep(const std::vector<int32_t> &tokens, int32_t first = 0, int32_t sequence = 0);

} // namespace trafo

#endif // TRAFO_REFERENCE_INTERPRETER_H
