//===- PackWeights.cpp - layouts and places of packed weights -------------===//
//
// Reads which ops use a weight, directly or through a slot, and decides how its bytes will lie. Writes `layout` and
// `offset` on the trafo.weight; the packer obeys. Depends on no thread count: a worker reads a contiguous part of each
// weight, whatever the number of workers.
//
//===----------------------------------------------------------------------===//
#include "dialects/Plan/IR/PlanOps.h"
#include "dialects/Trafo/IR/Layout.h"
#include "passes/Tile/Passes.h"
#include "passes/Tile/StageRuns.h"
#include "passes/Tile/WeightLayouts.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/SetVector.h"

namespace trafo {
#define GEN_PASS_DEF_PACKWEIGHTSPASS
#include "passes/Tile/Passes.h.inc"
} // namespace trafo

using namespace mlir;

namespace {

/// How a weight is read: looked up, or contracted with rows of one of the kinds, or by a library.
struct Uses {
  bool byInt8 = false, byFloat = false, byPairs = false;
  trafo::plan::LibraryForm byLibrary = trafo::plan::LibraryForm::None;
};

trafo::LayoutAttr layoutFor(trafo::WeightType type, Uses uses) {
  MLIRContext *context = type.getContext();
  if (uses.byLibrary != trafo::plan::LibraryForm::None)
    return trafo::libraryLayout(context, uses.byLibrary);
  trafo::Format format = type.getFormat();
  const trafo::FormatInfo &info = trafo::formatInfo(format);
  // Codes are only of use against int8 rows; for f32 rows the weight is unpacked from the file's own blocks.
  bool tiles = info.grouped ? uses.byInt8 : uses.byFloat || uses.byPairs;
  if (!tiles || type.getShape().size() == 1)
    return trafo::LayoutAttr::get(context, /*rows=*/1, /*lane=*/1, /*planes=*/{}, /*bias=*/0, /*raw=*/true);
  if (!info.grouped)
    return trafo::LayoutAttr::get(context, trafo::plan::kTileRows, /*lane=*/uses.byPairs ? 2 : 1, {}, 0, false);
  // Fields keep their bits; codes of whole bytes become unsigned by the bias, as u8 x s8 dots want.
  SmallVector<int64_t> planes;
  for (int64_t width : trafo::fewestPlanes(format))
    if (width != 0)
      planes.push_back(width);
  bool bytes = planes.empty();
  return trafo::LayoutAttr::get(context, trafo::plan::kTileRows, /*lane=*/4,
                                bytes ? DenseI64ArrayAttr() : DenseI64ArrayAttr::get(context, planes), bytes ? 128 : 0,
                                /*raw=*/false);
}

struct PackWeightsPass : trafo::impl::PackWeightsPassBase<PackWeightsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto steps = module.getOps<trafo::plan::StepOp>();
    if (steps.empty()) {
      module.emitError("expects a plan.step; run trafo-plan-step first");
      return signalPassFailure();
    }
    SymbolTable symbols(module);
    llvm::SetVector<Operation *> order;
    llvm::DenseMap<Operation *, Uses> usesOf;

    // The weights a stage reads, in order, with the layer's slots filled in.
    auto visit = [&](trafo::plan::StageOp stage, trafo::LayerAttr layer) {
      WalkResult result = stage.walk([&](trafo::plan::WeightOp use) {
        FlatSymbolRefAttr name;
        if (use.getSymbol())
          name = use.getSymbolAttr();
        else if (layer && *use.getSlot() < layer.getSlots().size())
          name = layer.getSlots()[*use.getSlot()];
        auto weight = name ? symbols.lookup<trafo::WeightOp>(name.getValue()) : nullptr;
        if (!weight || weight.getWeightType() != use.getType()) {
          use.emitOpError("names no trafo.weight of its type");
          return WalkResult::interrupt();
        }
        order.insert(weight);
        for (Operation *user : use->getUsers())
          if (auto contract = dyn_cast<trafo::plan::ContractOp>(user)) {
            auto panel = cast<trafo::plan::PanelType>(contract.getPanel().getType());
            Uses &uses = usesOf[weight];
            if (contract.getLibrary())
              uses.byLibrary = *contract.getLibrary();
            else
              (trafo::int8Terms(panel.getFormat()) > 0                 ? uses.byInt8
               : panel.getFormat() == trafo::ActivationFormat::BF16G32 ? uses.byPairs
                                                                       : uses.byFloat) = true;
          }
        return WalkResult::advance();
      });
      return failure(result.wasInterrupted());
    };
    for (const trafo::StageRun &run : trafo::stageRuns(*steps.begin()))
      if (failed(visit(symbols.lookup<trafo::plan::StageOp>(run.stage), run.slots)))
        return signalPassFailure();

    Builder builder(module.getContext());
    int64_t offset = 0;
    for (Operation *op : order) {
      auto weight = cast<trafo::WeightOp>(op);
      trafo::LayoutAttr layout = layoutFor(weight.getWeightType(), usesOf.lookup(op));
      trafo::PackedLayout packed = trafo::packedLayout(weight.getWeightType(), layout);
      if (std::string problem = trafo::layoutProblem(packed); !problem.empty()) {
        weight.emitOpError("has no packed layout: ") << problem;
        return signalPassFailure();
      }
      if (layout.getRaw() && usesOf.lookup(op).byFloat)
        remark::missed(weight.getLoc(), remark::RemarkOpts::name("PackWeights").category("trafo-tile"))
            << remark::reason("{0} meets f32 rows and is unpacked at run time: slow",
                              trafo::formatInfo(weight.getWeightType().getFormat()).name);
      weight.setLayoutAttr(layout);
      weight.setOffsetAttr(builder.getI64IntegerAttr(offset));
      offset += llvm::alignTo(packed.bytes(), 64);
    }
    module->setAttr("plan.weights_size", builder.getI64IntegerAttr(offset));
  }
};
} // namespace
