//===- LinearStages.h - a stage for each op that multiplies by a weight ---===//
#ifndef TRAFO_PASSES_PLAN_LINEARSTAGES_H
#define TRAFO_PASSES_PLAN_LINEARSTAGES_H

#include "passes/Plan/StageBuilder.h"

namespace trafo {

/// Makes the stages of ops of LinearLike. Each returns the buffer of the op's result, or fails with an error on
/// the op. `input` is where the rows are that the op reads.
class LinearStages {
public:
  LinearStages(StageBuilder &stages, ConfigAttr config) : stages(stages), config(config) {}

  mlir::FailureOr<plan::BufferOp> plan(LmHeadOp op, const RowsOf &input, const Place &place);
  /// `function` is applied to the sums; it may be null.
  mlir::FailureOr<plan::BufferOp> plan(LinearOp op, ActivationOp function, const RowsOf &input, const Place &place);
  /// Adds to `residual` in place: each element is read and written by the worker that owns its unit.
  mlir::FailureOr<plan::BufferOp> plan(LinearAddOp op, plan::BufferOp residual, const RowsOf &input,
                                       const Place &place);
  mlir::FailureOr<plan::BufferOp> plan(GateUpOp op, const RowsOf &input, const Place &place);
  /// The result is the query; keys and values go to the cache.
  mlir::FailureOr<plan::BufferOp> plan(QkvRopeOp op, const RowsOf &input, const Place &place);

private:
  mlir::FailureOr<plan::BufferOp> contract(LinearLike op, llvm::StringRef name, const Place &place, const RowsOf &input,
                                           llvm::ArrayRef<Contraction> contractions, plan::BufferOp result);
  mlir::Value addBias(mlir::ImplicitLocOpBuilder &b, mlir::Value sum, mlir::Value bias, mlir::Value column);

  StageBuilder &stages;
  ConfigAttr config;
};

} // namespace trafo

#endif
