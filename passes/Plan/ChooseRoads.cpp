//===- ChooseRoads.cpp - which contractions a matmul library computes -----===//
//
// A contraction is computed by generated code or by the machine's matmul library, in the form that plan.target says it
// takes: as asked for, or by whichever plan.rates predicts to take less time. One road serves all rows of a contraction:
// a library sums floats in an order of its own, so its results are a numeric class of their own (docs/decisions/0007), and
// either road wants weights in its own layout. So the time to go by is that of a use, some steps of a prompt and some of one row (docs/decisions/0010). Formats and
// activations stay what they are, and so does a contraction that the library's form does not fit.
//
//===----------------------------------------------------------------------===//
#include "passes/Plan/Passes.h"
#include "passes/Plan/RateModel.h"

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

/// Rows of a step that reads a prompt.
static constexpr int64_t kPromptRows = 512;

namespace {

/// What a contraction takes on a road; zeros where nobody measured it.
struct Times {
  int64_t row = 0, prompt = 0;
};

struct ChooseRoadsPass : trafo::impl::ChooseRoadsPassBase<ChooseRoadsPass> {
  using ChooseRoadsPassBase::ChooseRoadsPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto target = module->getAttrOfType<plan::TargetAttr>(plan::kTargetAttr);
    if (roads != "generated" && roads != "library" && roads != "cheapest") {
      module.emitError("trafo-choose-roads expects roads to be generated, library or cheapest, got '") << roads << "'";
      return signalPassFailure();
    }
    if (roads == "library" && (!target || target.getLibrary() == plan::LibraryForm::None)) {
      module.emitError("expects a plan.target with a matmul library, got ")
          << (target ? target.getName() : StringRef("none"));
      return signalPassFailure();
    }
    RateModel model(module->getAttrOfType<ArrayAttr>(plan::kRatesAttr));
    SmallVector<Attribute> chosen;
    llvm::DenseSet<std::pair<Operation *, Attribute>> seen; // a stage may contract a weight in parts
    bool any = false;
    module.walk([&](plan::ContractOp op) {
      ActivationFormat rows = cast<plan::PanelType>(op.getPanel().getType()).getFormat();
      plan::LibraryForm form = target ? plan::libraryForm(target, rows) : plan::LibraryForm::None;
      plan::RoadAttr road = choose(op, rows, form, model);
      auto weight = op.getWeight().getDefiningOp<plan::WeightOp>();
      Attribute name = weight.getSymbol() ? Attribute(weight.getSymbolAttr()) : Attribute(weight.getSlotAttr());
      if (seen.insert({op->getParentOfType<plan::StageOp>(), name}).second)
        chosen.push_back(road);
      any |= road.getLibrary();
      if (road.getLibrary()) {
        op.setLibrary(form);
        remark::passed(op.getLoc(), kRoads)
            << remark::add("by the library, as {0}: {1}", plan::stringifyLibraryForm(form), road.getReason());
      } else if (roads != "generated") {
        remark::missed(op.getLoc(), kRoads) << remark::reason("generated: {0}", road.getReason());
      }
    });
    module->setAttr(plan::kRoadsAttr, ArrayAttr::get(&getContext(), chosen));
    if (roads == "library" && !any)
      remark::missed(module.getLoc(), kRoads)
          << remark::reason("the model has no linear that the library takes: all are generated");
  }

  plan::RoadAttr choose(plan::ContractOp op, ActivationFormat rows, plan::LibraryForm form, const RateModel &model) {
    auto weight = cast<WeightType>(op.getWeight().getType());
    int64_t terms = std::max<int64_t>(int8Terms(rows), 1);
    auto timesOf = [&](WeightType type, bool library) {
      return Times{model.nanoseconds(type, library, terms), model.nanoseconds(type, library, terms * kPromptRows)};
    };
    Times generated = timesOf(weight, false), library;
    std::string problem = "the target has no matmul library for it";
    if (form != plan::LibraryForm::None) {
      problem = plan::libraryProblem(form, rows, weight);
      if (!problem.empty())
        problem = ("the library's " + plan::stringifyLibraryForm(form) + " " + problem).str();
      // Floats could be stored as the library wants them, so that is said beside what they take as they are.
      Format wanted = plan::libraryOperands(form).weights;
      if (weight.getFormat() == wanted || !formatInfo(weight.getFormat()).grouped)
        library = timesOf(WeightType::get(&getContext(), weight.getShape(), wanted), true);
    }
    auto [takes, why] = takesLibrary(problem, generated, library);
    auto stage = op->getParentOfType<plan::StageOp>();
    return plan::RoadAttr::get(&getContext(), stage.getSymName(), weight, takes, why, kPromptRows, generated.row,
                               generated.prompt, library.row, library.prompt);
  }

  /// Whether the library computes a contraction which it cannot because of `problem` (empty: it can), and why.
  std::pair<bool, std::string> takesLibrary(const std::string &problem, Times generated, Times library) {
    if (roads == "generated")
      return {false, reason};
    if (!problem.empty())
      return {false, problem};
    if (roads == "library")
      return {true, reason};
    if (generated.row == 0 || library.row == 0)
      return {false, "nobody measured both roads on this target; trafo tune does"};
    auto time = [&](Times times) {
      return double(promptSteps) * double(times.prompt) + double(decodeSteps) * double(times.row);
    };
    return {time(library) < time(generated), "predicted to take less time"};
  }
};
} // namespace
