//===- Evaluation.h - the values of one function while it runs ------------===//
#ifndef TRAFO_REFERENCE_EVALUATION_H
#define TRAFO_REFERENCE_EVALUATION_H

#include "dialects/Trafo/IR/TrafoOps.h"
#include "lib/Reference/Interpreter.h"
#include "llvm/ADT/DenseMap.h"

namespace trafo {

/// What all functions of a step share.
struct StepContext {
  mlir::ModuleOp module;
  InterpreterOptions options;
  const StepRows &rows;
  PlainCaches &caches;
  const ResultHook &hook;
};

/// One call of a function. The `evaluate` functions compute an op's result from its operands' values, one op each.
class Evaluation {
public:
  Evaluation(const StepContext &step, int64_t layer) : step(step), layer(layer) {}

  void bind(mlir::Value value, Argument argument);
  /// Runs the ops of the function's body; the value of its return.
  mlir::FailureOr<Rows> run(mlir::func::FuncOp function);

private:
  using Result = mlir::FailureOr<Rows>;

  /// The result of an op that has one of rows; nothing for an op that only names a weight.
  mlir::FailureOr<std::optional<Rows>> dispatch(mlir::Operation *op);

  Result evaluate(EmbeddingOp op);
  Result evaluate(RmsNormOp op);
  Result evaluate(LayerNormOp op);
  Result evaluate(AddRmsNormOp op);
  Result evaluate(LinearOp op);
  Result evaluate(RopeOp op);
  Result evaluate(AttentionOp op);
  Result evaluate(ActivationOp op);
  Result evaluate(GatedMlpOp op);
  Result evaluate(MlpOp op);
  Result evaluate(SelectRowsOp op);
  Result evaluate(LmHeadOp op);
  Result evaluate(LayersOp op);
  Result evaluate(QkvRopeOp op);
  Result evaluate(GateUpOp op);
  Result evaluate(LinearAddOp op);
  mlir::LogicalResult write(KVWriteOp op);

  const Rows &rowsOf(mlir::Value value) { return rows[value]; }
  std::string nameOf(mlir::Value weight) { return weights[weight]; }
  OpenRows opener(mlir::Value weight);
  /// A vector's values; for an absent operand none.
  mlir::FailureOr<std::vector<double>> vectorOf(mlir::Value weight);
  mlir::FailureOr<RopeAngles> anglesOf(RopeAttr rope, mlir::Value factors);
  /// x through a linear of one or more weights whose outputs follow each other, and biases, if any, as many.
  Result project(mlir::Operation *op, const Rows &x, mlir::ValueRange weights, mlir::ValueRange biases,
                 std::optional<ActivationFormat> activation);
  /// Keys and values, side by side in `keysAndValues` from column `first` on, into the layer's caches.
  void writeCache(mlir::Operation *op, KVCacheType type, const Rows &keysAndValues, int64_t first);
  /// Rounds as compiled programs round every op's result.
  void round(Rows &x);

  const StepContext &step;
  int64_t layer;
  llvm::DenseMap<mlir::Value, Rows> rows;
  llvm::DenseMap<mlir::Value, std::string> weights;
};

/// f of Trafo_Function.
double applyFunction(Function function, double x);

} // namespace trafo

#endif // TRAFO_REFERENCE_EVALUATION_H
