//===- InstrumentStages.cpp - time stamps around every stage --------------===//
//
// Legal where stages hold their loops already: nothing may move a stamp into them. The counter's intrinsic may touch any
// memory as far as LLVM knows, so loads and stores stay on their side of it; what the CPU needs to keep that order too is the
// target's to add (trafo-fence-counters).
//
//===----------------------------------------------------------------------===//
#include "passes/Tile/Passes.h"
#include "passes/Tile/StageRuns.h"
#include "passes/Tile/VectorMath.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace trafo {
#define GEN_PASS_DEF_INSTRUMENTSTAGESPASS
#include "passes/Tile/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

namespace {

constexpr llvm::StringLiteral kLog = "profile";

/// Appends the time to the worker's log of `stamps` a step.
void emitStamp(VectorMath b, int64_t stamps) {
  auto log = plan::RefOp::create(b, b.memref({1 + stamps}, b.getI64Type()), kLog);
  Value first = b.index(0);
  Value next = memref::LoadOp::create(b, log, first);
  Value place = b.addi(arith::IndexCastOp::create(b, b.getIndexType(), next), 1);
  Value time = LLVM::CallIntrinsicOp::create(b, b.getI64Type(), b.getStringAttr("llvm.readcyclecounter"), ValueRange{})
                   .getResult(0);
  memref::StoreOp::create(b, time, log, place);
  Value after = b.addi(next, 1);
  Value isLast = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, after, b.constantLike(after, stamps));
  after = arith::SelectOp::create(b, isLast, b.constantLike(after, 0), after);
  memref::StoreOp::create(b, after, log, first);
}

struct InstrumentStagesPass : trafo::impl::InstrumentStagesPassBase<InstrumentStagesPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto steps = module.getOps<plan::StepOp>();
    auto costs = module->getAttrOfType<ArrayAttr>(plan::kCostsAttr);
    if (steps.empty() || !costs) {
      module.emitError("expects a plan.step and plan.costs; run trafo-count-costs first");
      return signalPassFailure();
    }
    if (Operation *present = module.lookupSymbol(kLog)) {
      present->emitOpError("has the name of the log of time stamps; the step is instrumented already");
      return signalPassFailure();
    }
    llvm::StringMap<int64_t> numbers;
    for (auto [number, cost] : llvm::enumerate(costs.getAsRange<plan::CostAttr>()))
      numbers[cost.getStage()] = number;
    SmallVector<int64_t> stages, layers;
    for (const StageRun &run : stageRuns(*steps.begin())) {
      stages.push_back(numbers.lookup(run.stage));
      layers.push_back(run.layer);
    }
    int64_t stamps = 2 * stages.size();
    VectorMath b(module.getLoc(), OpBuilder::atBlockBegin(module.getBody()));
    auto log = plan::BufferOp::create(b, kLog, b.memref({1 + stamps}, b.getI64Type()), /*isPrivate=*/true);
    log->setAttr("stages", b.getDenseI64ArrayAttr(stages));
    log->setAttr("layers", b.getDenseI64ArrayAttr(layers));
    for (auto stage : module.getOps<plan::StageOp>()) {
      Block &body = stage.getBody().front();
      emitStamp(VectorMath(stage.getLoc(), OpBuilder::atBlockBegin(&body)), stamps);
      emitStamp(VectorMath(stage.getLoc(), OpBuilder(body.getTerminator())), stamps);
    }
  }
};
} // namespace
