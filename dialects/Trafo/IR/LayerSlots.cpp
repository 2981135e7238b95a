//===- LayerSlots.cpp - new weights for the bodies of trafo.layers --------===//
#include "dialects/Trafo/IR/LayerSlots.h"
#include "mlir/IR/Builders.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace trafo;

LayerSlots::LayerSlots(ModuleOp module) : module(module), symbols(module) {
  module.walk([&](LayersOp op) {
    std::vector<Layer> &layers = schedules[op];
    for (auto layer : op.getSchedule().getAsRange<LayerAttr>())
      layers.push_back({layer.getBody(), llvm::to_vector(layer.getSlots())});
  });
}

SmallVector<LayerSlots::Layer *> LayerSlots::layersOf(func::FuncOp function) {
  SmallVector<Layer *> result;
  for (auto &[op, layers] : schedules)
    for (Layer &layer : layers)
      if (function && layer.body.getAttr() == function.getSymNameAttr())
        result.push_back(&layer);
  return result;
}

FlatSymbolRefAttr LayerSlots::symbolIn(Layer *layer, Value weight) {
  if (auto get = weight.getDefiningOp<GetOp>())
    return get.getWeightAttr();
  auto argument = dyn_cast<BlockArgument>(weight);
  if (!layer || !argument || !argument.getOwner()->isEntryBlock() || argument.getArgNumber() < kFirstSlot)
    return {};
  unsigned slot = argument.getArgNumber() - kFirstSlot;
  return slot < layer->slots.size() ? layer->slots[slot] : FlatSymbolRefAttr();
}

SmallVector<FlatSymbolRefAttr> LayerSlots::symbolsOf(Value weight) {
  if (auto get = weight.getDefiningOp<GetOp>())
    return {get.getWeightAttr()};
  auto argument = dyn_cast<BlockArgument>(weight);
  auto function = argument ? dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp()) : func::FuncOp();
  SmallVector<FlatSymbolRefAttr> result;
  for (Layer *layer : layersOf(function))
    if (FlatSymbolRefAttr symbol = symbolIn(layer, weight))
      result.push_back(symbol);
  return result;
}

bool LayerSlots::canDerive(Operation *user, ValueRange inputs) {
  SmallVector<Layer *> layers = layersOf(user->getParentOfType<func::FuncOp>());
  if (layers.empty())
    layers.push_back(nullptr);
  return llvm::all_of(inputs, [&](Value input) {
    return !input || llvm::all_of(layers, [&](Layer *layer) { return symbolIn(layer, input) != FlatSymbolRefAttr(); });
  });
}

FlatSymbolRefAttr LayerSlots::makeWeight(Location loc, ArrayRef<FlatSymbolRefAttr> inputs, StringRef suffix,
                                         WeightType type, Recipe recipe, Attribute key) {
  std::string identity;
  llvm::raw_string_ostream stream(identity);
  stream << suffix << '|' << type << '|' << key;
  for (FlatSymbolRefAttr input : inputs)
    stream << '|' << input;
  FlatSymbolRefAttr &symbol = made[identity];
  if (symbol)
    return symbol;

  // Next to its last input, so that the table of weights stays in the order of the layers; without inputs, at its end.
  Operation *after = nullptr;
  if (!inputs.empty())
    after = symbols.lookup(inputs.back().getAttr());
  else
    for (WeightOp weight : module.getOps<WeightOp>())
      after = weight;
  OpBuilder builder(module.getContext());
  std::string name = inputs.empty() ? suffix.str() : (inputs.front().getValue() + "." + suffix).str();
  auto weight = WeightOp::create(builder, loc, name, type, Attribute(), LayoutAttr(), IntegerAttr());
  symbols.insert(weight, after ? std::next(Block::iterator(after)) : module.getBody()->begin());

  builder.createBlock(&weight.getRecipe());
  SmallVector<Value> values;
  for (FlatSymbolRefAttr input : inputs) {
    auto source = symbols.lookup<WeightOp>(input.getAttr());
    values.push_back(GetOp::create(builder, loc, source.getWeightType(), input));
  }
  YieldOp::create(builder, loc, recipe(builder, loc, values));
  symbol = FlatSymbolRefAttr::get(weight.getSymNameAttr());
  return symbol;
}

Value LayerSlots::derive(Operation *user, ValueRange inputs, StringRef suffix, WeightType type, Recipe recipe,
                         Attribute key) {
  auto function = user->getParentOfType<func::FuncOp>();
  Location loc = inputs.empty() ? user->getLoc() : inputs.front().getLoc();
  auto symbolFor = [&](Layer *layer) {
    SmallVector<FlatSymbolRefAttr> names;
    for (Value input : inputs)
      names.push_back(symbolIn(layer, input));
    return makeWeight(loc, names, suffix, type, recipe, key);
  };

  SmallVector<Layer *> layers = layersOf(function);
  if (layers.empty()) {
    OpBuilder builder(user);
    return GetOp::create(builder, loc, type, symbolFor(nullptr));
  }
  for (Layer *layer : layers)
    layer->slots.push_back(symbolFor(layer));
  unsigned number = function.getNumArguments();
  if (failed(function.insertArgument(number, type, DictionaryAttr(), loc)))
    return {};
  return function.getArgument(number);
}

void LayerSlots::commit() {
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    SmallVector<Layer *> layers = layersOf(function);
    if (layers.empty())
      continue;
    for (unsigned number = function.getNumArguments(); number-- > kFirstSlot;) {
      if (!function.getArgument(number).use_empty() || failed(function.eraseArgument(number)))
        continue;
      for (Layer *layer : layers)
        layer->slots.erase(layer->slots.begin() + (number - kFirstSlot));
    }
  }
  for (auto &[op, layers] : schedules) {
    SmallVector<Attribute> entries;
    for (Layer &layer : layers)
      entries.push_back(LayerAttr::get(module.getContext(), layer.body, layer.slots));
    LayersOp(op).setScheduleAttr(ArrayAttr::get(module.getContext(), entries));
  }
}
