//===- LayerSlots.h - new weights for the bodies of trafo.layers ----------===//
//
// A pass that wants another weight in a body (two of its weights concatenated, say) has three places to change: the
// body's signature, the schedule's entry of every layer that runs the body, and the table of weights, which gets one
// recipe a layer. LayerSlots keeps the three in step.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_DIALECTS_TRAFO_IR_LAYERSLOTS_H
#define TRAFO_DIALECTS_TRAFO_IR_LAYERSLOTS_H

#include "dialects/Trafo/IR/TrafoOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

namespace trafo {

/// The weights of a module's functions, by what names them: slots of bodies and `trafo.get`s. Schedules are read when
/// it is made and written by commit(); bodies change at once.
class LayerSlots {
public:
  /// Arguments of a body before its slots: stream, rows, cache, layer.
  static constexpr unsigned kFirstSlot = 4;

  /// Builds the result of a recipe from its inputs.
  using Recipe = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;

  explicit LayerSlots(mlir::ModuleOp module);

  /// The weight symbols that `weight` is: one for each layer that runs the body it is a slot of, or the one of its
  /// `trafo.get`. Empty where it is neither.
  llvm::SmallVector<mlir::FlatSymbolRefAttr> symbolsOf(mlir::Value weight);

  /// Whether derive() can be asked for weights made of `inputs` (null values aside) in the function around `user`.
  bool canDerive(mlir::Operation *user, mlir::ValueRange inputs);

  /// A weight of `type` made by `recipe` from `inputs`, for use by `user`. In a body it is a new slot, filled by each
  /// layer with a recipe over that layer's weights; elsewhere it is a `trafo.get` before `user`. The symbols are called
  /// after the first input's: "<first>.<suffix>", or "<suffix>" where there is no input. The same inputs, suffix, type
  /// and `key` (what else the recipe depends on) give the same symbol again. canDerive(user, inputs) must hold.
  mlir::Value derive(mlir::Operation *user, mlir::ValueRange inputs, llvm::StringRef suffix, WeightType type,
                     Recipe recipe, mlir::Attribute key = {});

  /// Drops the slots that nothing reads any more from bodies and layers, and writes the schedules back.
  void commit();

private:
  struct Layer {
    mlir::FlatSymbolRefAttr body;
    llvm::SmallVector<mlir::FlatSymbolRefAttr> slots;
  };
  /// The layers that run a function, empty for one that is no body.
  llvm::SmallVector<Layer *> layersOf(mlir::func::FuncOp function);
  /// The symbol that `weight` is in one layer (null outside of bodies).
  mlir::FlatSymbolRefAttr symbolIn(Layer *layer, mlir::Value weight);
  mlir::FlatSymbolRefAttr makeWeight(mlir::Location loc, llvm::ArrayRef<mlir::FlatSymbolRefAttr> inputs,
                                     llvm::StringRef suffix, WeightType type, Recipe recipe, mlir::Attribute key);

  mlir::ModuleOp module;
  mlir::SymbolTable symbols;
  llvm::MapVector<LayersOp, std::vector<Layer>> schedules;
  llvm::StringMap<mlir::FlatSymbolRefAttr> made; ///< by suffix, inputs, type and key
};

} // namespace trafo

#endif // TRAFO_DIALECTS_TRAFO_IR_LAYERSLOTS_H
