//===- CountCosts.cpp - what a run of each stage reads and computes -------===//
//
// One place that counts: the report, the manifest and the profile all go by what stands here. A weight that several ops of
// a stage read in parts counts once. The layers of a body agree in shapes and formats, so a stage has one cost.
//
//===----------------------------------------------------------------------===//
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

namespace trafo {
#define GEN_PASS_DEF_COUNTCOSTSPASS
#include "passes/Tile/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

namespace {

/// The sums of one stage.
struct Cost {
  std::string numbers = "f32";
  int64_t weightBytes = 0, rowBytes = 0, rowMultiplies = 0;
  int64_t positionBytes = 0, positionMultiplies = 0, window = 0;
  bool ofOutputs = false, library = false;
  llvm::SmallDenseSet<Attribute> read, contracted; ///< symbols and slots that were counted

  LogicalResult add(plan::WeightOp use, ModuleOp module);
  void add(plan::AttentionOp attention);
};

LogicalResult Cost::add(plan::WeightOp use, ModuleOp module) {
  Attribute name = use.getSymbol() ? Attribute(use.getSymbolAttr()) : Attribute(use.getSlotAttr());
  auto type = cast<WeightType>(use.getType());
  bool isMatrix = type.getShape().size() == 2;
  for (Operation *user : use->getUsers()) {
    if (isa<plan::EmbedOp>(user)) {
      rowBytes += type.getBytes() / type.getRows();
      continue;
    }
    if (isa<plan::LoadOp>(user) && isMatrix) // a table, see Passes.td
      continue;
    if (read.insert(name).second) {
      FailureOr<LayoutAttr> layout = layoutOf(use.getResult(), module);
      if (failed(layout))
        return failure(); // layoutOf has said why
      weightBytes += packedBytes(type, *layout);
    }
    auto contract = dyn_cast<plan::ContractOp>(user);
    if (contract && contracted.insert(name).second) {
      ActivationFormat rows = cast<plan::PanelType>(contract.getPanel().getType()).getFormat();
      rowMultiplies += type.getRows() * type.getCols() * std::max<int64_t>(int8Terms(rows), 1);
      library |= contract.getLibrary().has_value();
      numbers = (stringifyActivationFormat(rows) + " x " + formatInfo(type.getFormat()).name).str();
    }
  }
  return success();
}

void Cost::add(plan::AttentionOp attention) {
  auto pool = cast<MemRefType>(attention.getCache().getType());
  plan::CacheLayout layout = *plan::cacheLayout(pool, attention.getKvHeads(), attention.getHeadSize());
  positionBytes +=
      2 * attention.getKvHeads() * layout.size() * pool.getElementTypeBitWidth() / 8 / plan::kPagePositions;
  positionMultiplies += 2 * attention.getHeads() * attention.getHeadSize();
  window = attention.getWindow();
}

struct CountCostsPass : trafo::impl::CountCostsPassBase<CountCostsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (module->hasAttr(plan::kCostsAttr))
      return; // a stage whose contractions were lowered can no longer be counted
    auto steps = module.getOps<plan::StepOp>();
    if (steps.empty()) {
      module.emitError("expects a plan.step; run trafo-plan-step first");
      return signalPassFailure();
    }
    llvm::StringMap<int64_t> runs;
    for (const StageRun &run : stageRuns(*steps.begin()))
      ++runs[run.stage];
    SmallVector<Attribute> costs;
    for (auto stage : module.getOps<plan::StageOp>()) {
      Cost cost;
      WalkResult result = stage.walk([&](Operation *op) -> WalkResult {
        if (auto attention = dyn_cast<plan::AttentionOp>(op))
          cost.add(attention);
        cost.ofOutputs |= isa<plan::OutputCountOp>(op);
        auto weight = dyn_cast<plan::WeightOp>(op);
        return weight ? WalkResult(cost.add(weight, module)) : WalkResult::advance();
      });
      if (result.wasInterrupted())
        return signalPassFailure();
      costs.push_back(plan::CostAttr::get(&getContext(), stage.getSymName(), cost.numbers, runs[stage.getSymName()],
                                          cost.weightBytes, cost.rowBytes, cost.rowMultiplies, cost.positionBytes,
                                          cost.positionMultiplies, cost.window, cost.ofOutputs, cost.library));
    }
    module->setAttr(plan::kCostsAttr, ArrayAttr::get(&getContext(), costs));
  }
};
} // namespace
