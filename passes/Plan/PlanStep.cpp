//===- PlanStep.cpp - the step and the layers' bodies become stages -------===//
//
// A function of trafo ops is read from top to bottom. Values are not computed one by one: a norm is remembered and
// folded into the rows' preparation of every linear that reads it (each worker repeats it; cheaper than a barrier, cf.
// docs/decisions/0005), a selection of rows into the map of the preparation. Every linear-like op makes one stage whose
// contraction carries what follows the sum. The residual stream lives in one buffer that linear_add updates in place:
// each element is read and written by the worker that owns its unit, and only inside one stage.
//
//===----------------------------------------------------------------------===//
#include "dialects/Plan/IR/PlanOps.h"
#include "passes/Plan/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringSet.h"

namespace trafo {
#define GEN_PASS_DEF_PLANSTEPPASS
#include "passes/Plan/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;
using plan::kTileRows;

namespace {

/// Where the rows of a tensor value are: in a buffer, perhaps still to be selected or normalised.
struct RowsOf {
  plan::BufferOp buffer;
  bool selected = false;
  plan::NormKind norm = plan::NormKind::None;
  Value normWeight, normBias;
  float eps = 0;
};

int64_t padded(int64_t n) { return (n + kTileRows - 1) / kTileRows * kTileRows; }

/// One contraction of a stage: units [0, units) of `weight`, of which `firstUnit` is the first this one handles.
struct Contraction {
  Value weight;      // trafo value
  int64_t firstUnit; // in units of the weight
  int64_t units;
  int64_t groups = 1; // tiles per unit
  /// Makes the body: row of the step, unit counted from firstUnit, sums.
  llvm::function_ref<void(ImplicitLocOpBuilder &, Value row, Value unit, ValueRange sums)> body;
};

class Planner {
public:
  Planner(ModuleOp module, trafo::ConfigAttr config, int64_t panelRows)
      : module(module), config(config), panelRows(panelRows), top(OpBuilder::atBlockBegin(module.getBody())) {}

  LogicalResult run(func::FuncOp step);

private:
  LogicalResult planFunction(func::FuncOp function, StringRef prefix, OpBuilder &schedule, Value layer);
  LogicalResult planOp(Operation *op, StringRef prefix, OpBuilder &schedule, Value layer);
  LogicalResult planLinear(Operation *op, StringRef prefix, OpBuilder &schedule, Value layer);
  LogicalResult planLayers(trafo::LayersOp layers, OpBuilder &schedule);

  plan::StageOp beginStage(Location loc, const Twine &name, OpBuilder &schedule, Value layer);
  plan::BufferOp buffer(Location loc, StringRef name, int64_t rows, int64_t cols);
  plan::BufferOp kvBuffer(trafo::KVCacheType type, Location loc);
  Value ref(ImplicitLocOpBuilder &b, plan::BufferOp buffer) {
    return plan::RefOp::create(b, buffer.getType(), buffer.getSymName());
  }
  Value weight(ImplicitLocOpBuilder &b, Value value, Value layer);
  Value pages(ImplicitLocOpBuilder &b, StringRef name, bool perSequence = false);
  LogicalResult contractStage(Operation *op, StringRef name, StringRef prefix, OpBuilder &schedule, Value layer,
                              Value input, ActivationFormat activation, ArrayRef<Contraction> contractions);
  FailureOr<ActivationFormat> activationOf(Operation *op, std::optional<ActivationFormat> activation);
  void setRows(Value value, plan::BufferOp buffer) { rowsOf[value] = RowsOf{buffer}; }

  ModuleOp module;
  trafo::ConfigAttr config;
  int64_t panelRows;
  OpBuilder top;
  DenseMap<Value, RowsOf> rowsOf;
  llvm::StringMap<plan::BufferOp> buffers;
  llvm::StringSet<> usedNames;
  llvm::StringSet<> bodyBuffers; // names taken inside the current function
};

plan::StageOp Planner::beginStage(Location loc, const Twine &name, OpBuilder &schedule, Value layer) {
  std::string unique = name.str();
  for (int n = 1; !usedNames.insert(unique).second; ++n)
    unique = (name + "_" + Twine(n)).str();
  auto stage = plan::StageOp::create(top, loc, unique);
  Block &block = stage.getBody().emplaceBlock();
  block.addArgument(top.getIndexType(), loc);
  plan::RunOp::create(schedule, loc, unique, layer);
  plan::BarrierOp::create(schedule, loc, ValueRange{});
  return stage;
}

/// A buffer for a new value. Functions run one after the other, so a name and shape used in another function is shared;
/// inside one function each value gets its own.
plan::BufferOp Planner::buffer(Location loc, StringRef name, int64_t rows, int64_t cols) {
  auto type = MemRefType::get({rows, padded(cols)}, top.getF32Type());
  std::string unique = (name + "_" + Twine(type.getDimSize(1))).str();
  for (int n = 1; bodyBuffers.contains(unique); ++n)
    unique = (name + "_" + Twine(type.getDimSize(1)) + "_" + Twine(n)).str();
  bodyBuffers.insert(unique);
  plan::BufferOp &entry = buffers[unique];
  if (!entry)
    entry = plan::BufferOp::create(top, loc, unique, type, /*is_private=*/false, IntegerAttr(), IntegerAttr());
  return entry;
}

plan::BufferOp Planner::kvBuffer(trafo::KVCacheType type, Location loc) {
  plan::BufferOp &entry = buffers["kv"];
  if (!entry) {
    int64_t pages = config.getMaxSequences() * config.getMaxContext() / plan::kPagePositions;
    auto memory = MemRefType::get(
        {type.getLayers(), pages, type.getHeads(), 2, plan::kPagePositions * type.getHeadSize()}, top.getF16Type());
    entry = plan::BufferOp::create(top, loc, "kv", memory, /*is_private=*/false, IntegerAttr(), IntegerAttr());
  }
  return entry;
}

/// The plan-side spelling of a trafo weight value: a symbol (trafo.get) or a slot (argument of a body).
Value Planner::weight(ImplicitLocOpBuilder &b, Value value, Value layer) {
  if (auto get = value.getDefiningOp<trafo::GetOp>())
    return plan::WeightOp::create(b, value.getType(), get.getWeightAttr(), IntegerAttr(), Value());
  int64_t slot = cast<BlockArgument>(value).getArgNumber() - 4; // after x, rows, kv, layer
  return plan::WeightOp::create(b, value.getType(), FlatSymbolRefAttr(), b.getI64IntegerAttr(slot), layer);
}

Value Planner::pages(ImplicitLocOpBuilder &b, StringRef name, bool perSequence) {
  SmallVector<int64_t> shape{name == "outputs" ? config.getMaxOutputs() : config.getMaxRows()};
  if (perSequence)
    shape = {config.getMaxSequences(), config.getMaxContext() / plan::kPagePositions};
  return plan::ArgOp::create(b, MemRefType::get(shape, b.getI32Type()), name);
}

FailureOr<ActivationFormat> Planner::activationOf(Operation *op, std::optional<ActivationFormat> activation) {
  if (!activation)
    return op->emitOpError("has no activation format; run trafo-assign-numerics first"), failure();
  return *activation;
}

LogicalResult Planner::contractStage(Operation *op, StringRef name, StringRef prefix, OpBuilder &schedule, Value layer,
                                     Value input, ActivationFormat activation, ArrayRef<Contraction> contractions) {
  auto found = rowsOf.find(input);
  if (found == rowsOf.end())
    return op->emitOpError("reads rows that no stage makes");
  RowsOf source = found->second;
  Location loc = op->getLoc();
  plan::StageOp stage = beginStage(loc, prefix + "." + name, schedule, layer);
  ImplicitLocOpBuilder b(loc, OpBuilder::atBlockBegin(&stage.getBody().front()));
  Value layerArg = stage.getBody().getArgument(0);

  Value sourceRef = ref(b, source.buffer);
  Value map = source.selected ? pages(b, "outputs") : Value();
  Value normWeight = source.normWeight ? weight(b, source.normWeight, layerArg) : Value();
  Value normBias = source.normBias ? weight(b, source.normBias, layerArg) : Value();
  Value count = source.selected ? plan::OutputCountOp::create(b, b.getIndexType()).getResult()
                                : plan::RowsOp::create(b, b.getIndexType()).getResult();

  // A worker's share is one range of all contractions' units, so that equal totals give equal owners.
  int64_t total = 0;
  for (const Contraction &contraction : contractions)
    total = std::max(total, contraction.firstUnit + contraction.units);
  Value zero = arith::ConstantIndexOp::create(b, 0), panelStep = arith::ConstantIndexOp::create(b, panelRows);
  auto share = plan::ShareOp::create(b, b.getIndexType(), b.getIndexType(), arith::ConstantIndexOp::create(b, total));
  SmallVector<std::pair<Value, Value>> ranges;
  for (const Contraction &contraction : contractions) {
    Value first = arith::ConstantIndexOp::create(b, contraction.firstUnit);
    Value last = arith::ConstantIndexOp::create(b, contraction.firstUnit + contraction.units);
    auto clamp = [&](Value v) {
      return arith::MinUIOp::create(b, arith::MaxUIOp::create(b, v, first), last).getResult();
    };
    ranges.push_back({clamp(share.getBegin()), clamp(share.getEnd())});
  }

  int64_t cols = cast<trafo::WeightType>(contractions[0].weight.getType()).getCols();
  auto panelType = plan::PanelType::get(b.getContext(), panelRows, cols, activation);
  auto loop = scf::ForOp::create(b, zero, count, panelStep);
  b.setInsertionPointToStart(loop.getBody());
  Value first = loop.getInductionVar();
  Value rows = arith::MinUIOp::create(b, panelStep, arith::SubIOp::create(b, count, first));
  Value panel = plan::PrepareOp::create(b, panelType, sourceRef, first, rows, map,
                                        plan::NormKindAttr::get(b.getContext(), source.norm), normWeight, normBias,
                                        b.getF32FloatAttr(source.eps));
  auto sums = VectorType::get({kTileRows}, b.getF32Type());
  for (auto [contraction, range] : llvm::zip(contractions, ranges)) {
    Value weightValue = weight(b, contraction.weight, layerArg);
    auto contract =
        plan::ContractOp::create(b, panel, rows, weightValue, range.first, range.second, contraction.groups);
    Block &body = contract.getBody().emplaceBlock();
    body.addArguments({b.getIndexType(), b.getIndexType()}, {loc, loc});
    for (int64_t g = 0; g < contraction.groups; ++g)
      body.addArgument(sums, loc);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&body);
    Value row = arith::AddIOp::create(b, first, body.getArgument(0));
    Value unit = body.getArgument(1);
    if (contraction.firstUnit)
      unit = arith::SubIOp::create(b, unit, arith::ConstantIndexOp::create(b, contraction.firstUnit));
    contraction.body(b, row, unit, body.getArguments().drop_front(2));
    plan::EndOp::create(b);
  }
  b.setInsertionPointAfter(loop);
  plan::EndOp::create(b);
  return success();
}

/// row, unit -> the first column of the unit's 16 results.
Value columnOf(ImplicitLocOpBuilder &b, Value unit) {
  return arith::MulIOp::create(b, unit, arith::ConstantIndexOp::create(b, kTileRows));
}

Value loadRow(ImplicitLocOpBuilder &b, Value memory, Value row, Value col) {
  return vector::LoadOp::create(b, VectorType::get({kTileRows}, b.getF32Type()), memory, ValueRange{row, col});
}
void storeRow(ImplicitLocOpBuilder &b, Value value, Value memory, Value row, Value col) {
  vector::StoreOp::create(b, value, memory, ValueRange{row, col});
}

/// y[e] = x[e] * c[e] + x[e ^ 1] * s[e] for 16 neighbouring elements of a head, c and s from the row's position.
Value rotate(ImplicitLocOpBuilder &b, Value x, Value table, Value positions, Value row, Value column,
             int64_t headSize) {
  Value position = arith::IndexCastOp::create(b, b.getIndexType(), memref::LoadOp::create(b, positions, row));
  Value inHead = arith::RemUIOp::create(b, column, arith::ConstantIndexOp::create(b, headSize));
  Value at = arith::AddIOp::create(
      b, arith::MulIOp::create(b, position, arith::ConstantIndexOp::create(b, 2 * headSize)), inHead);
  Value cosines = plan::LoadOp::create(b, x.getType(), table, at);
  Value sines = plan::LoadOp::create(b, x.getType(), table,
                                     arith::AddIOp::create(b, at, arith::ConstantIndexOp::create(b, headSize)));
  SmallVector<int64_t> swap;
  for (int64_t e = 0; e < kTileRows; ++e)
    swap.push_back(e ^ 1);
  Value partner = vector::ShuffleOp::create(b, x, x, swap);
  return math::FmaOp::create(b, x, cosines, arith::MulFOp::create(b, partner, sines));
}

LogicalResult Planner::planLinear(Operation *op, StringRef prefix, OpBuilder &schedule, Value layer) {
  int64_t maxRows = config.getMaxRows();
  Location loc = op->getLoc();
  auto unitsOf = [](Value w) { return padded(cast<trafo::WeightType>(w.getType()).getRows()) / kTileRows; };
  // The stage's layer argument only exists inside the stage; bodies find it through their insertion block.
  auto layerOf = [](ImplicitLocOpBuilder &b) {
    return b.getInsertionBlock()->getParentOp()->getParentOfType<plan::StageOp>().getBody().getArgument(0);
  };
  auto addBias = [&](ImplicitLocOpBuilder &b, Value sum, Value bias, Value column) -> Value {
    if (!bias)
      return sum;
    return arith::AddFOp::create(b, sum, plan::LoadOp::create(b, sum.getType(), weight(b, bias, layerOf(b)), column));
  };

  if (auto head = dyn_cast<trafo::LmHeadOp>(op)) {
    auto activation = activationOf(op, head.getActivation());
    if (failed(activation))
      return failure();
    auto type = cast<trafo::WeightType>(head.getWeight().getType());
    plan::BufferOp logits = buffer(loc, "logits", config.getMaxOutputs(), type.getRows());
    logits->setAttr("logits", top.getI64IntegerAttr(type.getRows()));
    auto store = [&](ImplicitLocOpBuilder &b, Value row, Value unit, ValueRange sums) {
      storeRow(b, sums[0], ref(b, logits), row, columnOf(b, unit));
    };
    setRows(head.getResult(), logits);
    return contractStage(op, "lm_head", prefix, schedule, layer, head.getInput(), *activation,
                         {{head.getWeight(), 0, unitsOf(head.getWeight()), 1, store}});
  }

  if (auto linear = dyn_cast<trafo::LinearOp>(op)) {
    auto activation = activationOf(op, linear.getActivation());
    if (failed(activation))
      return failure();
    plan::BufferOp dest =
        buffer(loc, "linear", maxRows, cast<trafo::WeightType>(linear.getWeight().getType()).getRows());
    // A function that is the only reader is applied to the sums.
    trafo::ActivationOp function;
    if (linear->hasOneUse())
      function = dyn_cast<trafo::ActivationOp>(*linear->user_begin());
    auto store = [&](ImplicitLocOpBuilder &b, Value row, Value unit, ValueRange sums) {
      Value column = columnOf(b, unit);
      Value sum = addBias(b, sums[0], linear.getBias(), column);
      if (function)
        sum = plan::FunctionOp::create(b, sum.getType(), function.getFunction(), sum);
      storeRow(b, sum, ref(b, dest), row, column);
    };
    setRows(function ? function.getResult() : linear.getResult(), dest);
    return contractStage(op, "linear", prefix, schedule, layer, linear.getInput(), *activation,
                         {{linear.getWeight(), 0, unitsOf(linear.getWeight()), 1, store}});
  }

  if (auto add = dyn_cast<trafo::LinearAddOp>(op)) {
    auto activation = activationOf(op, add.getActivation());
    if (failed(activation))
      return failure();
    auto residual = rowsOf.find(add.getResidual());
    if (residual == rowsOf.end() || residual->second.norm != plan::NormKind::None || residual->second.selected)
      return op->emitOpError("expects a residual that a stage has stored");
    for (Operation *user : add.getResidual().getUsers())
      if (user != op && (user->getBlock() != op->getBlock() || op->isBeforeInBlock(user)))
        return op->emitOpError("expects to be the last to read its residual, which it updates in place");
    plan::BufferOp dest = residual->second.buffer;
    auto store = [&](ImplicitLocOpBuilder &b, Value row, Value unit, ValueRange sums) {
      Value column = columnOf(b, unit), memory = ref(b, dest);
      Value sum = addBias(b, sums[0], add.getBias(), column);
      storeRow(b, arith::AddFOp::create(b, loadRow(b, memory, row, column), sum), memory, row, column);
    };
    setRows(add.getResult(), dest);
    return contractStage(op, "linear_add", prefix, schedule, layer, add.getInput(), *activation,
                         {{add.getWeight(), 0, unitsOf(add.getWeight()), 1, store}});
  }

  if (auto gate = dyn_cast<trafo::GateUpOp>(op)) {
    auto activation = activationOf(op, gate.getActivation());
    if (failed(activation))
      return failure();
    int64_t cols = cast<RankedTensorType>(gate.getResult().getType()).getDimSize(1);
    plan::BufferOp dest = buffer(loc, "hidden", maxRows, cols);
    setRows(gate.getResult(), dest);
    auto apply = [&](ImplicitLocOpBuilder &b, Value v) -> Value {
      return plan::FunctionOp::create(b, v.getType(), gate.getFunction(), v);
    };
    if (gate.getWeights().size() == 1) {
      Value w = gate.getWeights()[0];
      auto store = [&](ImplicitLocOpBuilder &b, Value row, Value unit, ValueRange sums) {
        storeRow(b, arith::MulFOp::create(b, apply(b, sums[0]), sums[1]), ref(b, dest), row, columnOf(b, unit));
      };
      return contractStage(op, "gate_up", prefix, schedule, layer, gate.getInput(), *activation,
                           {{w, 0, unitsOf(w) / 2, 2, store}});
    }
    // Two weights: the gate's sums wait in the buffer for the up's; the same worker owns both.
    auto storeGate = [&](ImplicitLocOpBuilder &b, Value row, Value unit, ValueRange sums) {
      storeRow(b, apply(b, sums[0]), ref(b, dest), row, columnOf(b, unit));
    };
    auto storeUp = [&](ImplicitLocOpBuilder &b, Value row, Value unit, ValueRange sums) {
      Value column = columnOf(b, unit), memory = ref(b, dest);
      storeRow(b, arith::MulFOp::create(b, loadRow(b, memory, row, column), sums[0]), memory, row, column);
    };
    Value g = gate.getWeights()[0], u = gate.getWeights()[1];
    return contractStage(op, "gate_up", prefix, schedule, layer, gate.getInput(), *activation,
                         {{g, 0, unitsOf(g), 1, storeGate}, {u, 0, unitsOf(u), 1, storeUp}});
  }

  auto qkv = cast<trafo::QkvRopeOp>(op);
  auto activation = activationOf(op, qkv.getActivation());
  if (failed(activation))
    return failure();
  auto cacheType = cast<trafo::KVCacheType>(qkv.getCache().getType());
  int64_t headSize = cacheType.getHeadSize(), heads = qkv.getHeads();
  if (headSize % kTileRows != 0)
    return op->emitOpError("expects a head size that is a multiple of 16, got ") << headSize;
  plan::BufferOp query = buffer(loc, "query", maxRows, heads * headSize);
  plan::BufferOp cache = kvBuffer(cacheType, loc);
  setRows(qkv.getQuery(), query);
  int64_t queryUnits = heads * headSize / kTileRows, kvUnits = cacheType.getHeads() * headSize / kTileRows;
  bool joined = qkv.getWeights().size() == 1;
  auto biasOf = [&](ImplicitLocOpBuilder &b, Value sum, int part, Value unit, int64_t firstUnit) -> Value {
    if (qkv.getBiases().empty())
      return sum;
    if (!joined)
      return addBias(b, sum, qkv.getBiases()[part], columnOf(b, unit));
    Value shifted = arith::AddIOp::create(b, unit, arith::ConstantIndexOp::create(b, firstUnit));
    return addBias(b, sum, qkv.getBiases()[0], columnOf(b, shifted));
  };
  auto rotated = [&](ImplicitLocOpBuilder &b, Value sum, Value row, Value column) -> Value {
    if (!qkv.getTable())
      return sum;
    return rotate(b, sum, weight(b, qkv.getTable(), layerOf(b)), pages(b, "positions"), row, column, headSize);
  };
  auto storeQuery = [&](ImplicitLocOpBuilder &b, Value row, Value unit, ValueRange sums) {
    Value column = columnOf(b, unit);
    storeRow(b, rotated(b, biasOf(b, sums[0], 0, unit, 0), row, column), ref(b, query), row, column);
  };
  auto storeKey = [&](ImplicitLocOpBuilder &b, Value row, Value unit, ValueRange sums) {
    Value column = columnOf(b, unit);
    Value key = rotated(b, biasOf(b, sums[0], 1, unit, queryUnits), row, column);
    plan::KVStoreOp::create(b, key, ref(b, cache), layerOf(b), row, column, headSize, true);
  };
  auto storeValue = [&](ImplicitLocOpBuilder &b, Value row, Value unit, ValueRange sums) {
    Value value = biasOf(b, sums[0], 2, unit, queryUnits + kvUnits);
    plan::KVStoreOp::create(b, value, ref(b, cache), layerOf(b), row, columnOf(b, unit), headSize, false);
  };
  if (joined) {
    Value w = qkv.getWeights()[0];
    return contractStage(op, "qkv_rope", prefix, schedule, layer, qkv.getInput(), *activation,
                         {{w, 0, queryUnits, 1, storeQuery},
                          {w, queryUnits, kvUnits, 1, storeKey},
                          {w, queryUnits + kvUnits, kvUnits, 1, storeValue}});
  }
  return contractStage(op, "qkv_rope", prefix, schedule, layer, qkv.getInput(), *activation,
                       {{qkv.getWeights()[0], 0, queryUnits, 1, storeQuery},
                        {qkv.getWeights()[1], 0, kvUnits, 1, storeKey},
                        {qkv.getWeights()[2], 0, kvUnits, 1, storeValue}});
}

LogicalResult Planner::planOp(Operation *op, StringRef prefix, OpBuilder &schedule, Value layer) {
  Location loc = op->getLoc();
  if (isa<trafo::GetOp, func::ReturnOp>(op) || (isMemoryEffectFree(op) && op->use_empty()))
    return success();
  if (auto embedding = dyn_cast<trafo::EmbeddingOp>(op)) {
    int64_t cols = cast<RankedTensorType>(embedding.getResult().getType()).getDimSize(1);
    plan::BufferOp dest = buffer(loc, "residual", config.getMaxRows(), cols);
    setRows(embedding.getResult(), dest);
    plan::StageOp stage = beginStage(loc, prefix + ".embedding", schedule, layer);
    ImplicitLocOpBuilder b(loc, OpBuilder::atBlockBegin(&stage.getBody().front()));
    plan::EmbedOp::create(b, weight(b, embedding.getTable(), layer), ref(b, dest), embedding.getScale());
    plan::EndOp::create(b);
    return success();
  }
  if (auto norm = dyn_cast<trafo::RmsNormOp>(op)) {
    auto source = rowsOf.find(norm.getInput());
    if (source == rowsOf.end() || source->second.norm != plan::NormKind::None)
      return op->emitOpError("expects rows that a stage has stored");
    RowsOf rows = source->second;
    rows.norm = plan::NormKind::Rms;
    rows.normWeight = norm.getWeight();
    rows.eps = norm.getEps().convertToFloat();
    rowsOf[norm.getResult()] = rows;
    return success();
  }
  if (auto norm = dyn_cast<trafo::LayerNormOp>(op)) {
    auto source = rowsOf.find(norm.getInput());
    if (source == rowsOf.end() || source->second.norm != plan::NormKind::None)
      return op->emitOpError("expects rows that a stage has stored");
    RowsOf rows = source->second;
    rows.norm = plan::NormKind::Layer;
    rows.normWeight = norm.getWeight();
    rows.normBias = norm.getBias();
    rows.eps = norm.getEps().convertToFloat();
    rowsOf[norm.getResult()] = rows;
    return success();
  }
  if (auto select = dyn_cast<trafo::SelectRowsOp>(op)) {
    auto source = rowsOf.find(select.getInput());
    if (source == rowsOf.end() || source->second.selected)
      return op->emitOpError("expects rows that are not selected yet");
    RowsOf rows = source->second;
    rows.selected = true;
    rowsOf[select.getResult()] = rows;
    return success();
  }
  if (isa<trafo::ActivationOp>(op) && rowsOf.count(op->getResult(0)))
    return success(); // applied by the linear before it
  if (auto attention = dyn_cast<trafo::AttentionOp>(op)) {
    auto source = rowsOf.find(attention.getQuery());
    if (source == rowsOf.end() || source->second.norm != plan::NormKind::None)
      return op->emitOpError("expects a query that a stage has stored");
    auto cacheType = cast<trafo::KVCacheType>(attention.getCache().getType());
    int64_t heads = attention.getHeads(), headSize = cacheType.getHeadSize(), group = heads / cacheType.getHeads();
    plan::BufferOp dest = buffer(loc, "attention", config.getMaxRows(), heads * headSize);
    setRows(attention.getResult(), dest);
    // Per query head of the unit: weights of one block, running maximum and sum (a vector each), running output.
    int64_t scratchCols = plan::kPagePositions + 2 * kTileRows + headSize;
    std::string scratchName = ("attention_scratch_" + Twine(group) + "x" + Twine(scratchCols)).str();
    plan::BufferOp &scratch = buffers[scratchName];
    if (!scratch)
      scratch = plan::BufferOp::create(top, loc, scratchName, MemRefType::get({group, scratchCols}, top.getF32Type()),
                                       /*is_private=*/true, IntegerAttr(), IntegerAttr());
    plan::StageOp stage = beginStage(loc, prefix + ".attention", schedule, layer);
    ImplicitLocOpBuilder b(loc, OpBuilder::atBlockBegin(&stage.getBody().front()));
    plan::AttentionOp::create(b, ref(b, source->second.buffer), ref(b, kvBuffer(cacheType, loc)),
                              stage.getBody().getArgument(0), ref(b, dest), ref(b, scratch), heads,
                              cacheType.getHeads(), headSize, attention.getScale(), attention.getWindow(),
                              attention.getSoftcap());
    plan::EndOp::create(b);
    return success();
  }
  if (isa<trafo::LmHeadOp, trafo::LinearOp, trafo::LinearAddOp, trafo::GateUpOp, trafo::QkvRopeOp>(op))
    return planLinear(op, prefix, schedule, layer);
  if (auto layers = dyn_cast<trafo::LayersOp>(op))
    return planLayers(layers, schedule);
  return op->emitOpError("has no stage: run the fuse pipeline first, or decompose it to ops that have one (linear, "
                         "linear_add, gate_up, qkv_rope, attention, embedding, norms, lm_head)");
}

LogicalResult Planner::planFunction(func::FuncOp function, StringRef prefix, OpBuilder &schedule, Value layer) {
  for (Operation &op : function.getBody().front())
    if (failed(planOp(&op, prefix, schedule, layer)))
      return failure();
  return success();
}

LogicalResult Planner::planLayers(trafo::LayersOp layers, OpBuilder &schedule) {
  auto input = rowsOf.find(layers.getInput());
  if (input == rowsOf.end() || input->second.norm != plan::NormKind::None || input->second.selected)
    return layers.emitOpError("expects an input that a stage has stored");
  plan::BufferOp residual = input->second.buffer;
  SmallVector<Attribute> bodies;
  for (Attribute entry : layers.getSchedule())
    if (auto body = cast<trafo::LayerAttr>(entry).getBody(); !llvm::is_contained(bodies, Attribute(body)))
      bodies.push_back(body);
  Builder attrs(layers.getContext());
  auto loop = plan::LayersOp::create(schedule, layers.getLoc(), attrs.getArrayAttr(bodies), layers.getSchedule(),
                                     bodies.size());
  for (auto [body, region] : llvm::zip(bodies, loop.getRegions())) {
    auto function = module.lookupSymbol<func::FuncOp>(cast<FlatSymbolRefAttr>(body));
    Block &block = region.emplaceBlock();
    Value layer = block.addArgument(attrs.getIndexType(), layers.getLoc());
    OpBuilder inner = OpBuilder::atBlockEnd(&block);
    bodyBuffers.clear();
    setRows(function.getArgument(0), residual);
    if (failed(planFunction(function, function.getSymName(), inner, layer)))
      return failure();
    plan::EndOp::create(inner, layers.getLoc());
    auto last = rowsOf.find(function.getBody().front().getTerminator()->getOperand(0));
    if (last == rowsOf.end() || last->second.buffer != residual || last->second.norm != plan::NormKind::None)
      return function.emitOpError("expects to return the residual stream it was given");
  }
  setRows(layers.getResult(), residual);
  return success();
}

LogicalResult Planner::run(func::FuncOp step) {
  auto planned = plan::StepOp::create(top, step.getLoc(), step.getSymName());
  Block &block = planned.getBody().emplaceBlock();
  OpBuilder schedule = OpBuilder::atBlockEnd(&block);
  top.setInsertionPoint(planned);
  SmallVector<func::FuncOp> functions(module.getOps<func::FuncOp>());
  step.setSymName("trafo_planned_step"); // the plan takes the name over
  if (failed(planFunction(step, "step", schedule, Value())))
    return failure();
  plan::EndOp::create(schedule, step.getLoc());
  for (func::FuncOp function : functions)
    function.erase();
  return success();
}

struct PlanStepPass : trafo::impl::PlanStepPassBase<PlanStepPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto config = module->getAttrOfType<trafo::ConfigAttr>("trafo.config");
    auto target = module->getAttrOfType<plan::TargetAttr>(plan::kTargetAttr);
    if (!config || !target) {
      module.emitError("expects the module attributes trafo.config and plan.target");
      return signalPassFailure();
    }
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
    if (failed(Planner(module, config, target.getPanelRows()).run(step)))
      signalPassFailure();
  }
};
} // namespace
