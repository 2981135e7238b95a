//===- WeightLayouts.cpp - what the packing plan says of a weight ---------===//
#include "passes/Tile/WeightLayouts.h"

using namespace mlir;
using namespace trafo;

SmallVector<FlatSymbolRefAttr> trafo::slotSymbols(plan::StageOp stage, int64_t slot, ModuleOp module) {
  SmallVector<FlatSymbolRefAttr> symbols;
  module.walk([&](plan::LayersOp layers) {
    // The bodies that run this stage.
    llvm::SmallPtrSet<Attribute, 4> bodies;
    for (auto [name, region] : llvm::zip(layers.getBodies(), layers.getRegions()))
      region.walk([&, name = name](plan::RunOp run) {
        if (run.getStage() == stage.getSymName())
          bodies.insert(name);
      });
    for (Attribute entry : layers.getSchedule()) {
      auto layer = cast<LayerAttr>(entry);
      bool runs = bodies.contains(layer.getBody()) && slot < static_cast<int64_t>(layer.getSlots().size());
      symbols.push_back(runs ? layer.getSlots()[slot] : FlatSymbolRefAttr());
    }
  });
  return symbols;
}

FailureOr<LayoutAttr> trafo::layoutOf(Value weight, ModuleOp module) {
  auto op = weight.getDefiningOp<plan::WeightOp>();
  SmallVector<FlatSymbolRefAttr> symbols;
  if (op.getSymbol())
    symbols.push_back(op.getSymbolAttr());
  else
    symbols = slotSymbols(op->getParentOfType<plan::StageOp>(), *op.getSlot(), module);
  LayoutAttr layout;
  for (FlatSymbolRefAttr symbol : symbols) {
    if (!symbol)
      continue;
    auto packed = module.lookupSymbol<trafo::WeightOp>(symbol);
    if (!packed || !packed.getLayoutAttr())
      return op.emitOpError("names ") << symbol << ", which has no layout; run trafo-pack-weights first", failure();
    if (layout && layout != packed.getLayoutAttr())
      return op.emitOpError("names weights of different layouts: ") << layout << " and " << packed.getLayoutAttr(),
             failure();
    layout = packed.getLayoutAttr();
  }
  if (!layout)
    return op.emitOpError("names no weight"), failure();
  return layout;
}

LayoutAttr trafo::libraryLayout(MLIRContext *context, plan::LibraryForm form) {
  if (plan::libraryOperands(form).byRows)
    return LayoutAttr::get(context, /*rows=*/1, /*lane=*/1, /*planes=*/{}, /*bias=*/0, /*raw=*/true);
  // oneDNN's BA16a16b and BA16a16b2a are these tiles where the columns are a multiple of 16 and of 32.
  return LayoutAttr::get(context, plan::kTileRows, /*lane=*/form == plan::LibraryForm::BF16Tiles ? 2 : 1, {}, 0, false);
}

MemRefType trafo::packedType(ModuleOp module) {
  auto size = module->getAttrOfType<IntegerAttr>("plan.weights_size");
  return MemRefType::get({size ? size.getInt() + 4096 : ShapedType::kDynamic},
                         IntegerType::get(module.getContext(), 8));
}
