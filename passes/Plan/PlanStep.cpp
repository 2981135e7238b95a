//===- PlanStep.cpp - the step and the layers' bodies become stages -------===//
//
// A function of trafo ops is read from top to bottom. Values are not computed one by one: a norm is remembered and
// folded into the rows' preparation of every linear that reads it (each worker repeats it; cheaper than a barrier, cf.
// docs/decisions/0005), a selection of rows into the map of the preparation. Every linear-like op makes one stage whose
// contraction carries what follows the sum. The residual stream lives in one buffer that linear_add updates in place:
// each element is read and written by the worker that owns its unit, and only inside one stage.
//
//===----------------------------------------------------------------------===//
#include "passes/Plan/LinearStages.h"
#include "passes/Plan/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

namespace trafo {
#define GEN_PASS_DEF_PLANSTEPPASS
#include "passes/Plan/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;
using plan::kTileRows;

namespace {

/// The most positions that an attention in `scope` sees; 0: one sees all.
int64_t widestWindow(Operation *scope) {
  int64_t widest = 0;
  bool bounded = !scope
                      ->walk([&](AttentionOp op) {
                        widest = std::max<int64_t>(widest, op.getWindow());
                        return op.getWindow() > 0 ? WalkResult::advance() : WalkResult::interrupt();
                      })
                      .wasInterrupted();
  return bounded ? widest : 0;
}

/// The pools of the KV cache, and which of them a function's layers lie in. Layers that have a window where others see
/// all positions lie in a pool of their own, which keeps what the widest of them sees.
class PlannedPools {
public:
  explicit PlannedPools(ModuleOp module) : all({"kv", widestWindow(module), {}}), windowed({"kv_window", 0, {}}) {
    module.walk([&](LayersOp layers) {
      for (auto [number, layer] : llvm::enumerate(layers.getSchedule().getAsRange<LayerAttr>())) {
        int64_t window = windowApart(module.lookupSymbol<func::FuncOp>(layer.getBody()));
        (window > 0 ? windowed : all).layers.push_back(static_cast<int64_t>(number));
        windowed.window = std::max(windowed.window, window);
      }
    });
    if (all.layers.empty()) // a step without layers has one of its own
      all.layers.push_back(0);
  }
  bool isMixed() const { return !windowed.layers.empty(); }
  const PlannedPool &of(func::FuncOp body) const { return windowApart(body) > 0 ? windowed : all; }

private:
  /// The window of layers that lie apart; 0 for others.
  int64_t windowApart(func::FuncOp body) const { return all.window > 0 ? 0 : widestWindow(body); }

  PlannedPool all, windowed;
};

class Planner {
public:
  /// `planned` is filled; stages and buffers are put before it.
  Planner(ModuleOp module, ConfigAttr config, int64_t panelRows, plan::StepOp planned)
      : module(module), config(config), planned(planned), pools(module), stages(OpBuilder(planned), config, panelRows),
        linears(stages, config) {}

  LogicalResult run(func::FuncOp step);

private:
  LogicalResult planFunction(func::FuncOp function, const Place &place);
  LogicalResult planOp(Operation *op, const Place &place);
  LogicalResult planLayers(LayersOp layers, OpBuilder &schedule);

  LogicalResult planEmbedding(EmbeddingOp op, const Place &place);
  LogicalResult planAttention(AttentionOp op, const Place &place);
  LogicalResult planLinear(LinearOp op, const Place &place);
  LogicalResult planLinearAdd(LinearAddOp op, const Place &place);
  LogicalResult foldNorm(Operation *op, Value input, plan::NormKind kind, Value weight, Value bias, APFloat eps);
  LogicalResult foldSelection(SelectRowsOp op);

  /// Where the rows of `op`'s operand `input` are, or null with an error.
  const RowsOf *find(Operation *op, Value input);
  /// The same where nothing is left to do to them; else null with the error that `op` expects `what`.
  const RowsOf *findStored(Operation *op, Value input, StringRef what);
  /// Notes where a result's rows are, once they are planned.
  LogicalResult store(Value result, FailureOr<plan::BufferOp> buffer) {
    if (succeeded(buffer))
      rowsOf[result] = RowsOf(*buffer);
    return buffer;
  }

  ModuleOp module;
  ConfigAttr config;
  plan::StepOp planned;
  PlannedPools pools;
  StageBuilder stages;
  LinearStages linears;
  DenseMap<Value, RowsOf> rowsOf;
};

const RowsOf *Planner::find(Operation *op, Value input) {
  auto found = rowsOf.find(input);
  if (found != rowsOf.end())
    return &found->second;
  op->emitOpError("reads rows that no stage makes");
  return nullptr;
}

const RowsOf *Planner::findStored(Operation *op, Value input, StringRef what) {
  auto found = rowsOf.find(input);
  if (found != rowsOf.end() && found->second.isStored())
    return &found->second;
  op->emitOpError("expects ") << what << " that a stage has stored";
  return nullptr;
}

LogicalResult Planner::planEmbedding(EmbeddingOp op, const Place &place) {
  int64_t columns = cast<RankedTensorType>(op.getResult().getType()).getDimSize(1);
  plan::BufferOp dest = stages.buffer(op.getLoc(), "residual", config.getMaxRows(), columns);
  ImplicitLocOpBuilder b(op.getLoc(), op.getContext());
  stages.beginStage(b, "embedding", place);
  plan::EmbedOp::create(b, stages.weight(b, op.getTable()), stages.ref(b, dest), op.getScale());
  plan::EndOp::create(b);
  return store(op.getResult(), dest);
}

LogicalResult Planner::foldNorm(Operation *op, Value input, plan::NormKind kind, Value weight, Value bias,
                                APFloat eps) {
  auto source = rowsOf.find(input);
  if (source == rowsOf.end() || source->second.norm != plan::NormKind::None)
    return op->emitOpError("expects rows that a stage has stored");
  RowsOf rows = source->second;
  rows.norm = kind;
  rows.normWeight = weight;
  rows.normBias = bias;
  rows.eps = eps.convertToFloat();
  rowsOf[op->getResult(0)] = rows;
  return success();
}

LogicalResult Planner::foldSelection(SelectRowsOp op) {
  auto source = rowsOf.find(op.getInput());
  if (source == rowsOf.end() || source->second.selected)
    return op->emitOpError("expects rows that are not selected yet");
  RowsOf rows = source->second;
  rows.selected = true;
  rowsOf[op.getResult()] = rows;
  return success();
}

LogicalResult Planner::planAttention(AttentionOp op, const Place &place) {
  const RowsOf *query = findStored(op, op.getQuery(), "a query");
  if (!query)
    return failure(); // findStored has said why
  auto cache = cast<KVCacheType>(op.getCache().getType());
  int64_t heads = op.getHeads(), headSize = cache.getHeadSize();
  plan::BufferOp source = query->buffer;
  plan::BufferOp dest = stages.buffer(op.getLoc(), "attention", config.getMaxRows(), heads * op.keptColumns());
  plan::BufferOp pages = stages.kvBuffer(op.getLoc(), cache);
  ImplicitLocOpBuilder b(op.getLoc(), op.getContext());
  stages.beginStage(b, "attention", place);
  plan::AttentionOp::create(b, stages.ref(b, source), stages.ref(b, pages), stages.cachedLayer(b), stages.ref(b, dest),
                            heads, cache.getHeads(), headSize, op.getScale(), op.getWindow(), op.getSoftcap(),
                            op.keptColumns());
  plan::EndOp::create(b);
  return store(op.getResult(), dest);
}

LogicalResult Planner::planLinear(LinearOp op, const Place &place) {
  const RowsOf *input = find(op, op.getInput());
  if (!input)
    return failure(); // find has said why
  // A function that is the only reader is applied to the sums.
  ActivationOp function;
  if (op->hasOneUse())
    function = dyn_cast<ActivationOp>(*op->user_begin());
  return store(function ? function.getResult() : op.getResult(), linears.plan(op, function, *input, place));
}

LogicalResult Planner::planLinearAdd(LinearAddOp op, const Place &place) {
  const RowsOf *input = find(op, op.getInput());
  const RowsOf *residual = input ? findStored(op, op.getResidual(), "a residual") : nullptr;
  if (!residual)
    return failure(); // find and findStored have said why
  for (Operation *user : op.getResidual().getUsers())
    if (user != op && (user->getBlock() != op->getBlock() || op->isBeforeInBlock(user)))
      return op->emitOpError("expects to be the last to read its residual, which it updates in place");
  return store(op.getResult(), linears.plan(op, residual->buffer, *input, place));
}

LogicalResult Planner::planOp(Operation *op, const Place &place) {
  if (isa<GetOp, func::ReturnOp>(op) || (isMemoryEffectFree(op) && op->use_empty()))
    return success();
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](EmbeddingOp op) { return planEmbedding(op, place); })
      .Case([&](RmsNormOp op) {
        return foldNorm(op, op.getInput(), plan::NormKind::Rms, op.getWeight(), Value(), op.getEps());
      })
      .Case([&](LayerNormOp op) {
        return foldNorm(op, op.getInput(), plan::NormKind::Layer, op.getWeight(), op.getBias(), op.getEps());
      })
      .Case([&](SelectRowsOp op) { return foldSelection(op); })
      .Case([&](AttentionOp op) { return planAttention(op, place); })
      .Case([&](LinearOp op) { return planLinear(op, place); })
      .Case([&](LinearAddOp op) { return planLinearAdd(op, place); })
      .Case<LmHeadOp, GateUpOp, QkvRopeOp>([&](auto op) -> LogicalResult {
        const RowsOf *input = find(op, op.getInput());
        if (!input)
          return failure(); // find has said why
        return store(op->getResult(0), linears.plan(op, *input, place));
      })
      .Case([&](LayersOp op) { return planLayers(op, place.schedule); })
      .Default([&](Operation *op) -> LogicalResult {
        if (isa<ActivationOp>(op) && rowsOf.count(op->getResult(0)))
          return success(); // applied by the linear before it
        return op->emitOpError("has no stage: run the fuse pipeline first, or decompose it to ops that have one "
                               "(linear, linear_add, gate_up, qkv_rope, attention, embedding, norms, lm_head)");
      });
}

LogicalResult Planner::planFunction(func::FuncOp function, const Place &place) {
  stages.usePool(pools.of(function), !pools.isMixed());
  for (Operation &op : function.getBody().front())
    if (LogicalResult planned = planOp(&op, place); failed(planned))
      return planned;
  return success();
}

LogicalResult Planner::planLayers(LayersOp layers, OpBuilder &schedule) {
  const RowsOf *input = findStored(layers, layers.getInput(), "an input");
  if (!input)
    return failure(); // findStored has said why
  plan::BufferOp residual = input->buffer;
  SmallVector<Attribute> bodies;
  for (Attribute entry : layers.getSchedule())
    if (auto body = cast<LayerAttr>(entry).getBody(); !llvm::is_contained(bodies, Attribute(body)))
      bodies.push_back(body);
  Builder attrs(layers.getContext());
  auto loop = plan::LayersOp::create(schedule, layers.getLoc(), attrs.getArrayAttr(bodies), layers.getSchedule(),
                                     bodies.size());
  for (auto [body, region] : llvm::zip(bodies, loop.getRegions())) {
    auto function = module.lookupSymbol<func::FuncOp>(cast<FlatSymbolRefAttr>(body));
    Block &block = region.emplaceBlock();
    Value layer = block.addArgument(attrs.getIndexType(), layers.getLoc());
    OpBuilder inner = OpBuilder::atBlockEnd(&block);
    rowsOf[function.getArgument(0)] = RowsOf(residual);
    StageBuilder::CalledFunction scope(stages);
    if (LogicalResult planned = planFunction(function, {function.getSymName(), inner, layer}); failed(planned))
      return planned;
    plan::EndOp::create(inner, layers.getLoc());
    auto last = rowsOf.find(function.getBody().front().getTerminator()->getOperand(0));
    if (last == rowsOf.end() || last->second.buffer != residual || !last->second.isStored())
      return function.emitOpError("expects to return the residual stream it was given");
  }
  return store(layers.getResult(), residual);
}

LogicalResult Planner::run(func::FuncOp step) {
  OpBuilder schedule = OpBuilder::atBlockEnd(&planned.getBody().emplaceBlock());
  if (LogicalResult made = planFunction(step, {"step", schedule, Value()}); failed(made))
    return made;
  plan::EndOp::create(schedule, step.getLoc());
  return success();
}

struct PlanStepPass : trafo::impl::PlanStepPassBase<PlanStepPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    FailureOr<ConfigAttr> config = configOf(module);
    FailureOr<plan::TargetAttr> target = plan::targetOf(module);
    if (failed(config) || failed(target))
      return signalPassFailure();
    func::FuncOp step;
    for (auto function : module.getOps<func::FuncOp>())
      if (function.isPublic() && !function.isExternal()) {
        if (step) {
          function.emitOpError("is a second public function; expects the step alone to be public");
          return signalPassFailure();
        }
        step = function;
      }
    if (!step) {
      module.emitError("expects a public function, the step");
      return signalPassFailure();
    }
    auto builder = OpBuilder::atBlockBegin(module.getBody());
    auto planned = plan::StepOp::create(builder, step.getLoc(), step.getSymName());
    step.setSymName("trafo_planned_step"); // the plan takes the name over
    if (failed(Planner(module, *config, target->getPanelRows(), planned).run(step)))
      return signalPassFailure();
    for (auto function : llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
      function.erase();
  }
};
} // namespace
