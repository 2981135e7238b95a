//===- StageBuilder.h - stages, their buffers, and the contraction --------===//
//
// What the planner makes stages with. A stage's place is where it is run: a name before the dot, the block that runs it,
// and the layer there.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_PASSES_PLAN_STAGEBUILDER_H
#define TRAFO_PASSES_PLAN_STAGEBUILDER_H

#include "dialects/Plan/IR/PlanOps.h"
#include "dialects/Trafo/IR/TrafoOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace trafo {

/// Where the rows of a tensor value are: in a buffer, perhaps still to be selected or normalised.
struct RowsOf {
  RowsOf() = default;
  explicit RowsOf(plan::BufferOp buffer) : buffer(buffer) {}

  plan::BufferOp buffer;
  bool selected = false;
  plan::NormKind norm = plan::NormKind::None;
  mlir::Value normWeight, normBias;
  float eps = 0;

  /// Whether the buffer's rows are the value's, with nothing left to do.
  bool isStored() const { return norm == plan::NormKind::None && !selected; }
};

struct Place {
  llvm::StringRef prefix;    ///< the function's name
  mlir::OpBuilder &schedule; ///< at the end of the block that runs it
  mlir::Value layer;         ///< null outside layers
};

/// One contraction of a stage: units [0, units) of `weight`, of which `firstUnit` is the first this one handles.
struct Contraction {
  mlir::Value weight; ///< a trafo value
  int64_t firstUnit;  ///< in units of the weight
  int64_t units;
  int64_t groups = 1; ///< tiles per unit
  /// Makes the body: row of the step, unit counted from firstUnit, sums.
  llvm::function_ref<void(mlir::ImplicitLocOpBuilder &, mlir::Value row, mlir::Value unit, mlir::ValueRange sums)> body;
  /// Makes what follows once all rows have met this worker's units [begin, end), counted as in `body`; may be null.
  llvm::function_ref<void(mlir::ImplicitLocOpBuilder &, mlir::Value begin, mlir::Value end)> finish = nullptr;
};

/// A pool of the KV cache.
struct PlannedPool {
  llvm::StringRef name;
  int64_t window;                    ///< no attention of its layers sees more positions; 0: one sees all
  llvm::SmallVector<int64_t> layers; ///< that it holds
};

class StageBuilder {
public:
  /// Stages and buffers are put at `top`.
  StageBuilder(mlir::OpBuilder top, ConfigAttr config, int64_t panelRows)
      : top(top), config(config), panelRows(panelRows) {}

  /// From here on, stages are of layers that `used` holds; `isWhole`: it holds all.
  void usePool(const PlannedPool &used, bool isWhole) {
    pool = &used;
    poolIsWhole = isWhole;
  }

  /// While it lives, buffers are of a function that another calls: it gets none of the caller's. Functions called one
  /// after the other share theirs, by name and shape; inside one, each value gets its own.
  class CalledFunction {
  public:
    explicit CalledFunction(StageBuilder &stages) : stages(stages), callers(stages.takenNames) {}
    ~CalledFunction() { stages.takenNames = std::move(callers); }

  private:
    StageBuilder &stages;
    llvm::StringSet<> callers;
  };

  /// A stage without a body's ops yet, run at `place` with a barrier after it. `b` is set to build its body.
  plan::StageOp beginStage(mlir::ImplicitLocOpBuilder &b, llvm::StringRef name, const Place &place);

  /// A stage for `op` that prepares `source` (selected, normed, rounded to the op's class) and contracts it with weights.
  mlir::LogicalResult contract(LinearLike op, llvm::StringRef name, const Place &place, const RowsOf &source,
                               llvm::ArrayRef<Contraction> contractions);

  /// Rows of f32 for a new value, their columns padded to whole vectors.
  plan::BufferOp buffer(mlir::Location loc, llvm::StringRef name, int64_t rows, int64_t cols);
  /// The pages of the pool in use, for each sequence as many as a step can see.
  plan::BufferOp kvBuffer(mlir::Location loc, KVCacheType type);

  // What a stage's body reads; `b` stands in it.

  mlir::Value ref(mlir::ImplicitLocOpBuilder &b, plan::BufferOp buffer);
  /// The plan-side spelling of a trafo weight value: a symbol (trafo.get) or a slot (argument of a layer's body).
  mlir::Value weight(mlir::ImplicitLocOpBuilder &b, mlir::Value value);
  /// 16 values of a vector weight from `column` on.
  mlir::Value loadWeight(mlir::ImplicitLocOpBuilder &b, mlir::Value value, mlir::Value column);
  /// One of the step's lists over rows: "positions", "outputs", ...
  mlir::Value list(mlir::ImplicitLocOpBuilder &b, llvm::StringRef name, int64_t length);
  /// The layer the stage runs for.
  static mlir::Value layerOf(mlir::ImplicitLocOpBuilder &b);
  /// Its place in the pool in use.
  mlir::Value cachedLayer(mlir::ImplicitLocOpBuilder &b);

private:
  plan::BufferOp &bufferNamed(mlir::Location loc, llvm::StringRef name, mlir::MemRefType type);

  mlir::OpBuilder top;
  ConfigAttr config;
  int64_t panelRows;
  const PlannedPool *pool = nullptr;
  bool poolIsWhole = true;
  llvm::StringMap<plan::BufferOp> buffers;
  llvm::StringSet<> stageNames;
  llvm::StringSet<> takenNames; ///< of buffers, of the current function and its callers
};

} // namespace trafo

#endif
