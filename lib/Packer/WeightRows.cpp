//===- WeightRows.cpp - the rows of a trafo.weight ------------------------===//
#include "lib/Packer/WeightRows.h"

#include "dialects/Trafo/IR/TrafoOps.h"
#include "lib/Import/Quantize.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace trafo;

namespace {
class WeightOpener {
public:
  explicit WeightOpener(ModuleOp module) : module(module) {}

  RowReaderPtr open(StringRef name, Operation *user) {
    auto weight = module.lookupSymbol<WeightOp>(name);
    if (!weight) {
      user->emitError() << "there is no weight @" << name;
      return nullptr;
    }
    if (llvm::is_contained(path, weight.getOperation())) {
      weight.emitError("the recipe of @") << name << " refers to itself";
      return nullptr;
    }
    path.push_back(weight);
    RowReaderPtr reader = weight.getSource() ? openSource(weight, *weight.getSource())
                                             : openValue(weight.getRecipe().front().getTerminator()->getOperand(0));
    path.pop_back();
    return reader;
  }

private:
  RowReaderPtr openSource(WeightOp weight, Attribute source) {
    WeightType type = weight.getWeightType();
    if (auto file = dyn_cast<FileAttr>(source)) {
      std::string error;
      RowReaderPtr reader =
          readFileRows(file.getPath().str(), file.getOffset(), type.getFormat(), type.getRows(), type.getCols(), error);
      if (!reader)
        weight.emitError("weight @") << weight.getSymName() << ": " << error;
      return reader;
    }
    if (auto random = dyn_cast<RandomAttr>(source))
      return readRandomRows(random.getSeed(), weight.getSymName(), type.getFormat(), type.getRows(), type.getCols(),
                            type.getShape().size() == 1);
    if (auto splat = dyn_cast<SplatAttr>(source); splat && canQuantize(type.getFormat()))
      return readSplatRows(splat.getValue(), type.getFormat(), type.getRows(), type.getCols());
    weight.emitError("weight @") << weight.getSymName() << ": no values of " << formatInfo(type.getFormat()).name
                                 << " can be made from source " << source;
    return nullptr;
  }

  /// Rows of the recipe value; `elements` as openRows.
  RowReaderPtr openValue(Value value) {
    Operation *op = value.getDefiningOp();
    return llvm::TypeSwitch<Operation *, RowReaderPtr>(op)
        .Case([&](GetOp get) { return open(get.getWeight(), get); })
        .Case([&](ConcatOp concat) {
          return moved(concat, [&](std::vector<RowReaderPtr> inputs) { return concatRows(std::move(inputs)); });
        })
        .Case([&](InterleaveOp interleave) {
          return moved(interleave, [&](std::vector<RowReaderPtr> inputs) {
            return interleaveRows(std::move(inputs[0]), std::move(inputs[1]), interleave.getChunk());
          });
        })
        .Case([&](PairRowsOp pair) {
          return moved(pair, [&](std::vector<RowReaderPtr> inputs) {
            return pairRows(std::move(inputs[0]), pair.getHeadSize(), pair.getDims());
          });
        })
        .Case([&](PadRowsOp pad) {
          auto type = cast<WeightType>(pad.getType());
          int64_t items = type.getShape().size() == 1 ? type.getCols() : type.getRows();
          return moved(pad, [&](std::vector<RowReaderPtr> inputs) {
            return padRows(std::move(inputs[0]), items, pad.getParts());
          });
        })
        .Case([&](ScaleOp scale) -> RowReaderPtr {
          RowReaderPtr input = openValue(scale.getInput());
          return input ? scaleRows(std::move(input), scale.getFactor().convertToDouble()) : nullptr;
        })
        .Case([&](QuantizeOp quantize) -> RowReaderPtr {
          RowReaderPtr input = openValue(quantize.getInput());
          return input ? quantizeRows(std::move(input), cast<WeightType>(quantize.getType()).getFormat()) : nullptr;
        })
        .Case([&](RopeTableOp table) { return openRopeTable(table); })
        .Default([](Operation *other) -> RowReaderPtr {
          other->emitError("no rows can be read from '") << other->getName() << "'";
          return nullptr;
        });
  }

  /// A recipe that moves rows, or the elements of vectors.
  template <class Op, class Make> RowReaderPtr moved(Op op, Make make) {
    bool vector = cast<WeightType>(op.getType()).getShape().size() == 1;
    if (vector && formatInfo(cast<WeightType>(op.getType()).getFormat()).grouped) {
      op.emitError("expects a float format to move elements of a vector, got ") << op.getType();
      return nullptr;
    }
    std::vector<RowReaderPtr> inputs;
    for (Value operand : op->getOperands()) {
      RowReaderPtr input = openValue(operand);
      if (!input)
        return nullptr;
      inputs.push_back(vector ? elementsAsRows(std::move(input)) : std::move(input));
    }
    RowReaderPtr result = make(std::move(inputs));
    return vector ? rowsAsElements(std::move(result)) : std::move(result);
  }

  RowReaderPtr openRopeTable(RopeTableOp op) {
    std::vector<double> factors;
    if (op.getFactors()) {
      RowReaderPtr reader = openValue(op.getFactors());
      if (!reader)
        return nullptr;
      factors.resize(static_cast<size_t>(reader->columns()));
      if (!reader->readValues(0, factors.data())) {
        op.emitError(reader->error());
        return nullptr;
      }
    }
    auto type = cast<WeightType>(op.getType());
    return readRopeTable(ropeAngles(op.getRope(), factors), type.getRows(), type.getCols() / 2);
  }

  ModuleOp module;
  SmallVector<Operation *> path; // the weights being opened, to notice a recipe that refers to itself
};
} // namespace

RowReaderPtr trafo::openWeight(ModuleOp module, StringRef name) { return WeightOpener(module).open(name, module); }

RopeAngles trafo::ropeAngles(RopeAttr rope, const std::vector<double> &factors) {
  switch (rope.getScaling()) {
  case RopeScalingMode::None:
    break;
  case RopeScalingMode::Linear:
    return RopeAngles::linear(rope.getDims(), rope.getBase(), rope.getFactor(), factors);
  case RopeScalingMode::Yarn:
    return RopeAngles::yarn(rope.getDims(), rope.getBase(), rope.getFactor(), rope.getOriginalContext(), factors);
  }
  return RopeAngles::unscaled(rope.getDims(), rope.getBase(), factors);
}
