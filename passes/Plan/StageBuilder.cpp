#include "passes/Plan/StageBuilder.h"

#include "dialects/Trafo/IR/LayerSlots.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace trafo;
using plan::kTileRows;

plan::StageOp StageBuilder::beginStage(ImplicitLocOpBuilder &b, StringRef name, const Place &place) {
  Location loc = b.getLoc();
  std::string full = (place.prefix + "." + name).str(), unique = full;
  for (int n = 1; !stageNames.insert(unique).second; ++n)
    unique = (full + "_" + Twine(n)).str();
  auto stage = plan::StageOp::create(top, loc, unique);
  Block &block = stage.getBody().emplaceBlock();
  block.addArgument(top.getIndexType(), loc);
  plan::RunOp::create(place.schedule, loc, unique, place.layer);
  plan::BarrierOp::create(place.schedule, loc, ValueRange{});
  b.setInsertionPointToStart(&block);
  return stage;
}

plan::BufferOp &StageBuilder::bufferNamed(Location loc, StringRef name, MemRefType type) {
  plan::BufferOp &entry = buffers[name];
  if (!entry)
    entry = plan::BufferOp::create(top, loc, name, type);
  return entry;
}

plan::BufferOp StageBuilder::buffer(Location loc, StringRef name, int64_t rows, int64_t cols) {
  int64_t padded = (cols + kTileRows - 1) / kTileRows * kTileRows;
  auto type = MemRefType::get({rows, padded}, top.getF32Type());
  std::string full = (name + "_" + Twine(type.getDimSize(1))).str(), unique = full;
  for (int n = 1; !takenNames.insert(unique).second; ++n)
    unique = (full + "_" + Twine(n)).str();
  return bufferNamed(loc, unique, type);
}

plan::BufferOp StageBuilder::kvBuffer(Location loc, KVCacheType type) {
  int64_t pages = config.getMaxSequences() * plan::pagesSeen(pool->window, config.getMaxRows(), config.getMaxContext());
  std::optional<Format> floats = floatFormatOf(type.getFormat());
  Type element = floats ? Type(floatTypeOf(*floats, type.getContext())) : top.getI8Type();
  plan::CacheLayout layout{type.getHeadSize(), type.getGroups()};
  auto layers = static_cast<int64_t>(pool->layers.size());
  auto memory = MemRefType::get({layers, pages, type.getHeads(), 2, layout.size()}, element);
  plan::BufferOp buffer = bufferNamed(loc, pool->name, memory);
  buffer.setCachedLayers(pool->layers);
  if (pool->window > 0)
    buffer.setWindow(pool->window);
  return buffer;
}

Value StageBuilder::ref(ImplicitLocOpBuilder &b, plan::BufferOp buffer) {
  return plan::RefOp::create(b, buffer.getType(), buffer.getSymName());
}

Value StageBuilder::weight(ImplicitLocOpBuilder &b, Value value) {
  if (auto get = value.getDefiningOp<GetOp>())
    return plan::WeightOp::create(b, value.getType(), get.getWeightAttr(), IntegerAttr(), Value());
  int64_t slot = cast<BlockArgument>(value).getArgNumber() - LayerSlots::kFirstSlot;
  return plan::WeightOp::create(b, value.getType(), FlatSymbolRefAttr(), b.getI64IntegerAttr(slot), layerOf(b));
}

Value StageBuilder::loadWeight(ImplicitLocOpBuilder &b, Value value, Value column) {
  return plan::LoadOp::create(b, VectorType::get({kTileRows}, b.getF32Type()), weight(b, value), column);
}

Value StageBuilder::list(ImplicitLocOpBuilder &b, StringRef name, int64_t length) {
  return plan::ArgOp::create(b, MemRefType::get({length}, b.getI32Type()), name);
}

Value StageBuilder::layerOf(ImplicitLocOpBuilder &b) {
  Operation *op = b.getInsertionBlock()->getParentOp();
  auto stage = dyn_cast<plan::StageOp>(op);
  return (stage ? stage : op->getParentOfType<plan::StageOp>()).getBody().getArgument(0);
}

Value StageBuilder::cachedLayer(ImplicitLocOpBuilder &b) {
  return poolIsWhole ? layerOf(b) : plan::PoolLayerOp::create(b, b.getIndexType(), pool->name, layerOf(b)).getResult();
}

LogicalResult StageBuilder::contract(LinearLike op, StringRef name, const Place &place, const RowsOf &source,
                                     ArrayRef<Contraction> contractions) {
  std::optional<ActivationFormat> activation = op.getActivation();
  if (!activation)
    return op->emitOpError("has no activation format; run trafo-assign-numerics first");
  Location loc = op->getLoc();
  ImplicitLocOpBuilder b(loc, op->getContext());
  beginStage(b, name, place);
  Value sourceRef = ref(b, source.buffer);
  Value map = source.selected ? list(b, "outputs", config.getMaxOutputs()) : Value();
  Value normWeight = source.normWeight ? weight(b, source.normWeight) : Value();
  Value normBias = source.normBias ? weight(b, source.normBias) : Value();
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

  auto fromFirst = [&](const Contraction &contraction, Value unit) -> Value {
    if (contraction.firstUnit == 0)
      return unit;
    return arith::SubIOp::create(b, unit, arith::ConstantIndexOp::create(b, contraction.firstUnit));
  };

  int64_t cols = cast<WeightType>(contractions[0].weight.getType()).getCols();
  auto panelType = plan::PanelType::get(b.getContext(), panelRows, cols, *activation);
  auto loop = scf::ForOp::create(b, zero, count, panelStep);
  b.setInsertionPointToStart(loop.getBody());
  Value first = loop.getInductionVar();
  Value rows = arith::MinUIOp::create(b, panelStep, arith::SubIOp::create(b, count, first));
  Value panel = plan::PrepareOp::create(b, panelType, sourceRef, first, rows, map,
                                        plan::NormKindAttr::get(b.getContext(), source.norm), normWeight, normBias,
                                        b.getF32FloatAttr(source.eps));
  auto sums = VectorType::get({kTileRows}, b.getF32Type());
  for (auto [contraction, range] : llvm::zip(contractions, ranges)) {
    Value weightValue = weight(b, contraction.weight);
    auto contract = plan::ContractOp::create(b, panel, rows, weightValue, range.first, range.second, contraction.groups,
                                             /*library=*/nullptr);
    Block &body = contract.getBody().emplaceBlock();
    body.addArguments({b.getIndexType(), b.getIndexType()}, {loc, loc});
    for (int64_t g = 0; g < contraction.groups; ++g)
      body.addArgument(sums, loc);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&body);
    Value row = arith::AddIOp::create(b, first, body.getArgument(0));
    contraction.body(b, row, fromFirst(contraction, body.getArgument(1)), body.getArguments().drop_front(2));
    plan::EndOp::create(b);
  }
  b.setInsertionPointAfter(loop);
  for (auto [contraction, range] : llvm::zip(contractions, ranges))
    if (contraction.finish)
      contraction.finish(b, fromFirst(contraction, range.first), fromFirst(contraction, range.second));
  plan::EndOp::create(b);
  return success();
}
