//===- VerifyTile.cpp - what targets may count on -------------------------===//
#include "dialects/Plan/IR/PlanOps.h"
#include "passes/Tile/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace trafo {
#define GEN_PASS_DEF_VERIFYTILEPASS
#include "passes/Tile/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

namespace {
struct VerifyTilePass : trafo::impl::VerifyTilePassBase<VerifyTilePass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (!module->hasAttr(plan::kArenaAttr) || !module.lookupSymbol<func::FuncOp>("trafo_step")) {
      module.emitError("expects plan.arena and a function @trafo_step after trafo-tile");
      return signalPassFailure();
    }
    WalkResult result = module.walk([&](Operation *op) {
      bool ours = isa_and_nonnull<plan::PlanDialect>(op->getDialect());
      if (ours && !isa<plan::BlockContractOp, plan::LibraryMatmulOp, plan::BarrierOp>(op)) {
        op->emitOpError("is left after trafo-tile");
        return WalkResult::interrupt();
      }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
