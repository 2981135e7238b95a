//===- ChooseRoads.cpp - which contractions a matmul library computes -----===//
//
// By default every contraction is generated code. Asked to, this pass gives those with float weights to the machine's
// matmul library, in the form that plan.target says it takes. One road serves all rows of a contraction: a library sums in
// an order of its own, so its results are a numeric class of their own (docs/decisions/0007).
//
//===----------------------------------------------------------------------===//
#include "dialects/Plan/IR/PlanOps.h"
#include "passes/Plan/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Remarks.h"

namespace trafo {
#define GEN_PASS_DEF_CHOOSEROADSPASS
#include "passes/Plan/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

static constexpr auto kRoads = remark::RemarkOpts::name("choose-roads").category("trafo-plan");

namespace {
struct ChooseRoadsPass : trafo::impl::ChooseRoadsPassBase<ChooseRoadsPass> {
  using ChooseRoadsPassBase::ChooseRoadsPassBase;

  void runOnOperation() override {
    if (!library)
      return;
    ModuleOp module = getOperation();
    auto target = module->getAttrOfType<plan::TargetAttr>(plan::kTargetAttr);
    plan::LibraryForm form = target ? target.getLibrary() : plan::LibraryForm::None;
    if (form == plan::LibraryForm::None) {
      module.emitError("expects a plan.target with a matmul library, got ")
          << (target ? target.getName() : StringRef("none"));
      return signalPassFailure();
    }
    bool any = false;
    module.walk([&](plan::ContractOp op) {
      auto panel = cast<plan::PanelType>(op.getPanel().getType());
      std::string problem = plan::libraryProblem(form, panel.getFormat(), cast<WeightType>(op.getWeight().getType()));
      if (!problem.empty()) {
        remark::missed(op.getLoc(), kRoads)
            << remark::reason("generated: the library's {0} {1}", plan::stringifyLibraryForm(form), problem);
        return;
      }
      op.setLibrary(form);
      any = true;
      remark::passed(op.getLoc(), kRoads) << remark::add("by the library, as {0}", plan::stringifyLibraryForm(form));
    });
    if (!any)
      remark::missed(module.getLoc(), kRoads)
          << remark::reason("the model has no linear that the library takes: all are generated");
  }
};
} // namespace
