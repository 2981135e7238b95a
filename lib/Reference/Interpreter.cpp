//===- Interpreter.cpp - runs a module at trafo level, the plain way ------===//
#include "lib/Reference/Interpreter.h"

#include "lib/Reference/Evaluation.h"

#include <numeric>

using namespace mlir;
using namespace trafo;

FailureOr<Rows> Interpreter::step(const StepRows &rows) {
  auto function = module.lookupSymbol<func::FuncOp>("step");
  if (!function || function.getBody().empty())
    return module.emitError("expects a function @step of trafo ops");
  return run(function, rows, std::vector<Argument>(function.getNumArguments()));
}

FailureOr<Rows> Interpreter::run(func::FuncOp function, const StepRows &rows, std::vector<Argument> arguments) {
  StepContext context{module, options, rows, caches, hook};
  int64_t layer = -1;
  for (const Argument &argument : arguments)
    if (auto *index = std::get_if<int64_t>(&argument))
      layer = *index;
  Evaluation evaluation(context, layer);
  for (auto [parameter, argument] : llvm::zip_equal(function.getArguments(), arguments))
    evaluation.bind(parameter, std::move(argument));
  return evaluation.run(function);
}

StepRows trafo::sequenceStep(const std::vector<int32_t> &tokens, int32_t first, int32_t sequence) {
  StepRows rows;
  rows.tokens = tokens;
  rows.positions.resize(tokens.size());
  std::iota(rows.positions.begin(), rows.positions.end(), first);
  rows.sequences.assign(tokens.size(), sequence);
  rows.outputs.resize(tokens.size());
  std::iota(rows.outputs.begin(), rows.outputs.end(), 0);
  return rows;
}
