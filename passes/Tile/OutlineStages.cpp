//===- OutlineStages.cpp - stages become functions ------------------------===//
//
// Names become numbers: buffers views of the arena, weights byte offsets (slots: a load from a constant table with one
// row a layer), the worker's questions arguments. One function a stage, never one a layer.
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/Layout.h"
#include "passes/Tile/Passes.h"
#include "passes/Tile/StageRuns.h"
#include "passes/Tile/VectorMath.h"
#include "passes/Tile/WeightLayouts.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace trafo {
#define GEN_PASS_DEF_OUTLINESTAGESPASS
#include "passes/Tile/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

namespace {

/// The arguments every function begins with, in the order the entry of passes/Lower passes them.
enum Argument {
  kWeights,
  kArena,
  kTokens,
  kPositions,
  kSequences,
  kOutputs,
  kPages,
  kRows,
  kOutputCount,
  kWorkers,
  kWorker,
  kBarrier,
  kBarrierState,
  kLibrary,
  kArgumentCount
};

class Outliner {
public:
  Outliner(ModuleOp module, ConfigAttr config)
      : module(module), config(config), arena(module->getAttrOfType<plan::ArenaAttr>(plan::kArenaAttr)),
        top(module.getBodyRegion()) {
    top.setInsertionPointToEnd(module.getBody());
  }

  LogicalResult run(plan::StepOp step);

private:
  SmallVector<Type> argumentTypes();
  LogicalResult outline(plan::StageOp stage);
  LogicalResult lowerOp(Operation *op, plan::StageOp stage, func::FuncOp function);
  FailureOr<Value> address(VectorMath &b, plan::WeightOp weight, plan::StageOp stage, Value layer);
  Value fromTable(VectorMath &b, const Twine &label, ArrayRef<int64_t> entries, Value layer);
  FailureOr<Value> poolLayer(VectorMath &b, plan::PoolLayerOp op, plan::StageOp stage, Value layer);
  void schedule(Block &from, VectorMath &b, func::FuncOp step, Value layer);

  ModuleOp module;
  ConfigAttr config;
  plan::ArenaAttr arena;
  OpBuilder top;
  llvm::StringMap<func::FuncOp> functions;
};

SmallVector<Type> Outliner::argumentTypes() {
  MLIRContext *context = module.getContext();
  Type i8 = IntegerType::get(context, 8), i32 = IntegerType::get(context, 32), index = IndexType::get(context);
  Type pointer = LLVM::LLVMPointerType::get(context);
  auto rows = MemRefType::get({config.getMaxRows()}, i32);
  return {packedType(module),
          MemRefType::get({arena.getSize()}, i8),
          rows,
          rows,
          rows,
          MemRefType::get({config.getMaxOutputs()}, i32),
          plan::pageTables(module, config),
          index,
          index,
          index,
          index,
          pointer,
          pointer,
          pointer};
}

/// Entry `layer` of a constant table, made once for each name.
Value Outliner::fromTable(VectorMath &b, const Twine &label, ArrayRef<int64_t> entries, Value layer) {
  std::string name = label.str();
  auto type = b.memref({static_cast<int64_t>(entries.size())}, b.getI64Type());
  if (!module.lookupSymbol(name)) {
    OpBuilder first = OpBuilder::atBlockBegin(module.getBody());
    auto values = DenseElementsAttr::get(RankedTensorType::get(type.getShape(), b.getI64Type()), entries);
    memref::GlobalOp::create(first, b.getLoc(), name, first.getStringAttr("private"), type, values,
                             /*constant=*/true, IntegerAttr());
  }
  return b.load(memref::GetGlobalOp::create(b, type, name), layer);
}

/// A layer's number among those of a pool, from a table with an entry a layer.
FailureOr<Value> Outliner::poolLayer(VectorMath &b, plan::PoolLayerOp op, plan::StageOp stage, Value layer) {
  auto pool = module.lookupSymbol<plan::BufferOp>(op.getPool());
  ArrayRef<int64_t> cached = *pool.getCachedLayers();
  SmallVector<int64_t> numbers;
  for (const StageRun &run : stageRuns(*module.getOps<plan::StepOp>().begin())) {
    const int64_t *found = llvm::find(cached, run.layer);
    if (run.stage == stage.getSymName() && found == cached.end())
      return op.emitOpError("expects '") << op.getPool() << "' to hold layer " << run.layer
                                         << ", for which the stage is run, it holds " << pool.getCachedLayersAttr();
    numbers.resize(std::max<size_t>(numbers.size(), static_cast<size_t>(run.layer + 1)));
    if (run.layer >= 0 && found != cached.end())
      numbers[static_cast<size_t>(run.layer)] = found - cached.begin();
  }
  Value entry = fromTable(b, "layers." + op.getPool(), numbers, layer);
  return arith::IndexCastOp::create(b, b.getIndexType(), entry).getResult();
}

/// Byte offset of a weight among the packed ones. A slot reads row `layer` of a table made for it.
FailureOr<Value> Outliner::address(VectorMath &b, plan::WeightOp weight, plan::StageOp stage, Value layer) {
  auto offsetOf = [&](FlatSymbolRefAttr symbol) -> FailureOr<int64_t> {
    auto packed = module.lookupSymbol<trafo::WeightOp>(symbol);
    if (!packed || !packed.getOffset())
      return weight.emitOpError("names ") << symbol << ", which has no offset; run trafo-pack-weights first", failure();
    return *packed.getOffset();
  };
  if (weight.getSymbol()) {
    FailureOr<int64_t> offset = offsetOf(weight.getSymbolAttr());
    if (failed(offset))
      return failure(); // offsetOf has said why
    return b.index(*offset);
  }
  SmallVector<int64_t> offsets;
  for (FlatSymbolRefAttr symbol : slotSymbols(stage, *weight.getSlot(), module)) {
    FailureOr<int64_t> offset = symbol ? offsetOf(symbol) : FailureOr<int64_t>(0);
    if (failed(offset))
      return failure(); // offsetOf has said why
    offsets.push_back(*offset);
  }
  Value offset = fromTable(b, "offsets." + stage.getSymName() + "." + Twine(*weight.getSlot()), offsets, layer);
  return arith::IndexCastOp::create(b, b.getIndexType(), offset).getResult();
}

LogicalResult Outliner::lowerOp(Operation *op, plan::StageOp stage, func::FuncOp function) {
  VectorMath b(op->getLoc(), OpBuilder(op));
  auto argument = [&](Argument which) -> Value { return function.getArgument(which); };
  SmallVector<Value> results;
  if (auto ref = dyn_cast<plan::RefOp>(op)) {
    auto buffer = module.lookupSymbol<plan::BufferOp>(ref.getBuffer());
    if (!buffer.getOffset())
      return ref.emitOpError("names a buffer without a place; run trafo-assign-arena first");
    Value offset = b.index(*buffer.getOffset());
    if (buffer.getIsPrivate())
      offset = b.addi(offset, b.muli(argument(kWorker), *buffer.getStride()));
    results = {b.view(argument(kArena), offset, cast<MemRefType>(ref.getType()))};
  } else if (isa<plan::RowsOp>(op)) {
    results = {argument(kRows)};
  } else if (isa<plan::OutputCountOp>(op)) {
    results = {argument(kOutputCount)};
  } else if (isa<plan::WorkerOp>(op)) {
    results = {argument(kWorker), argument(kWorkers)};
  } else if (auto share = dyn_cast<plan::ShareOp>(op)) {
    auto bound = [&](Value worker) {
      return arith::DivUIOp::create(b, b.muli(share.getCount(), worker), argument(kWorkers)).getResult();
    };
    results = {bound(argument(kWorker)), bound(b.addi(argument(kWorker), 1))};
  } else if (auto arg = dyn_cast<plan::ArgOp>(op)) {
    Argument which = llvm::StringSwitch<Argument>(arg.getName())
                         .Case("tokens", kTokens)
                         .Case("positions", kPositions)
                         .Case("sequences", kSequences)
                         .Case("outputs", kOutputs)
                         .Default(kPages);
    results = {argument(which)};
  } else if (isa<plan::PackedOp>(op)) {
    results = {argument(kWeights)};
  } else if (auto at = dyn_cast<plan::AddressOp>(op)) {
    FailureOr<Value> offset =
        address(b, at.getWeight().getDefiningOp<plan::WeightOp>(), stage, function.getArguments().back());
    if (failed(offset))
      return offset;
    results = {*offset};
  } else if (auto place = dyn_cast<plan::PoolLayerOp>(op)) {
    FailureOr<Value> number = poolLayer(b, place, stage, function.getArguments().back());
    if (failed(number))
      return number;
    results = {*number};
  } else if (auto load = dyn_cast<plan::LoadOp>(op)) {
    FailureOr<Value> offset =
        address(b, load.getWeight().getDefiningOp<plan::WeightOp>(), stage, function.getArguments().back());
    if (failed(offset))
      return offset;
    auto weight = cast<WeightType>(load.getWeight().getType());
    int64_t elements = llvm::alignTo(weight.getBytes() / 4, plan::kTileRows);
    results = {b.loadVec(b.view(argument(kWeights), *offset, b.memref({elements}, b.getF32Type())), load.getIndex())};
  } else if (auto matmul = dyn_cast<plan::LibraryMatmulOp>(op)) {
    matmul.getTableMutable().assign(argument(kLibrary));
    matmul.getWorkerMutable().assign(argument(kWorker));
    return success();
  } else {
    return success();
  }
  op->replaceAllUsesWith(results);
  op->erase();
  return success();
}

LogicalResult Outliner::outline(plan::StageOp stage) {
  SmallVector<Type> types = argumentTypes();
  types.push_back(IndexType::get(module.getContext()));
  auto function =
      func::FuncOp::create(top, stage.getLoc(), ("stage." + stage.getSymName()).str(), top.getFunctionType(types, {}));
  function.setPrivate();
  Block *entry = function.addEntryBlock();
  Block &body = stage.getBody().front();
  body.getArgument(0).replaceAllUsesWith(entry->getArguments().back());
  plan::EndOp end = cast<plan::EndOp>(body.getTerminator());
  entry->getOperations().splice(entry->end(), body.getOperations());
  OpBuilder atEnd(end);
  func::ReturnOp::create(atEnd, end.getLoc());
  end.erase();

  SmallVector<Operation *> ops;
  function.walk([&](Operation *op) {
    if (isa_and_nonnull<plan::PlanDialect>(op->getDialect()))
      ops.push_back(op);
  });
  SmallVector<Operation *> weights;
  for (Operation *op : ops) {
    if (isa<plan::WeightOp>(op))
      weights.push_back(op);
    else if (LogicalResult lowered = lowerOp(op, stage, function); failed(lowered))
      return lowered;
  }
  for (Operation *op : weights)
    if (op->use_empty())
      op->erase();
  functions[stage.getSymName()] = function;
  return success();
}

void Outliner::schedule(Block &from, VectorMath &b, func::FuncOp step, Value layer) {
  for (Operation &op : from.without_terminator()) {
    b.setLoc(op.getLoc());
    if (auto run = dyn_cast<plan::RunOp>(op)) {
      SmallVector<Value> operands(step.getArguments());
      operands.push_back(run.getLayer() ? layer : b.index(0));
      func::CallOp::create(b, functions[run.getStage()], operands);
    } else if (isa<plan::BarrierOp>(op)) {
      plan::BarrierOp::create(b, ValueRange{step.getArgument(kBarrier), step.getArgument(kBarrierState)});
    } else if (auto layers = dyn_cast<plan::LayersOp>(op)) {
      b.loop(b.index(0), b.index(layers.getSchedule().size()), 1, [&](Value iv) {
        if (layers.getRegions().size() == 1)
          return schedule(layers.getRegions()[0].front(), b, step, iv);
        // Which body a layer runs comes from a constant table.
        SmallVector<int64_t> which;
        for (Attribute entry : layers.getSchedule())
          which.push_back(llvm::find(layers.getBodies(), Attribute(cast<LayerAttr>(entry).getBody())) -
                          layers.getBodies().begin());
        Value body = fromTable(b, "bodies", which, iv);
        for (auto [number, region] : llvm::enumerate(layers.getRegions())) {
          Value taken = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, body, b.constantLike(body, number));
          auto branch = scf::IfOp::create(b, taken, /*withElseRegion=*/false);
          OpBuilder::InsertionGuard guard(b);
          b.setInsertionPointToStart(branch.thenBlock());
          schedule(region.front(), b, step, iv);
        }
      });
    }
  }
}

LogicalResult Outliner::run(plan::StepOp step) {
  SmallVector<plan::StageOp> stages(module.getOps<plan::StageOp>());
  for (plan::StageOp stage : stages)
    if (LogicalResult outlined = outline(stage); failed(outlined))
      return outlined;
  auto function = func::FuncOp::create(top, step.getLoc(), "trafo_step", top.getFunctionType(argumentTypes(), {}));
  VectorMath b(step.getLoc(), OpBuilder::atBlockBegin(function.addEntryBlock()));
  schedule(step.getBody().front(), b, function, Value());
  func::ReturnOp::create(b);
  step.erase();
  for (plan::StageOp stage : stages)
    stage.erase();
  for (auto buffer : llvm::make_early_inc_range(module.getOps<plan::BufferOp>()))
    buffer.erase();
  return success();
}

struct OutlineStagesPass : trafo::impl::OutlineStagesPassBase<OutlineStagesPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto steps = module.getOps<plan::StepOp>();
    if (steps.empty() || !module->hasAttr(plan::kArenaAttr)) {
      module.emitError("expects a plan.step and plan.arena; run trafo-assign-arena first");
      return signalPassFailure();
    }
    FailureOr<ConfigAttr> config = configOf(module);
    if (failed(config) || failed(Outliner(module, *config).run(*steps.begin())))
      signalPassFailure();
  }
};
} // namespace
