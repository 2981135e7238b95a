#include "lib/Compiler/StageOptionsOf.h"

#include "trafo/runtime.h"

using namespace mlir;
using namespace trafo;

int trafo::stageOptionsOf(const CompileOptions &options, llvm::ArrayRef<plan::TargetAttr> targets,
                          DiagnosticPrinter &diagnostics, StageOptions &stages) {
  stages = StageOptions();
  stages.profile = options.profile;
  bool random = StringRef(options.weights).starts_with("random:");
  if (!random)
    stages.quantize = options.weights;
  if (options.compute != "as-stored" && !random && !options.weights.empty()) {
    diagnostics.error("--compute=" + options.compute + " makes formats of its own and --weights=" + options.weights +
                      " another; expects one of the two");
    return TRAFO_USAGE;
  }
  if (options.compute == "int8") {
    stages.quantize = formatInfo(Format::I8_ROW).name;
    stages.quantizeHead = formatInfo(Format::Q8_0).name; // every logit sees the head's rounding
  } else if (options.compute == "bf16") {
    stages.quantize = stages.quantizeHead = formatInfo(Format::BF16).name;
    stages.bf16Groups = true;
  }
  if (options.gemm == "auto") {
    stages.promptSteps = options.tuneFor == "decode" ? 0 : 1;
    stages.decodeSteps = options.tuneFor == "decode" ? 1 : options.tuneFor == "prefill" ? 0 : 128;
    stages.roads = targets.size() == 1 ? "cheapest" : "generated";
    stages.roadsReason = "several targets share one copy of the weights";
  }
  if (options.gemm != "onednn")
    return 0;
  if (stages.bf16Groups) {
    diagnostics.error("--compute=bf16 sums in an order of its own, which oneDNN has not; expects it without "
                      "--x86-gemm=onednn");
    return TRAFO_USAGE;
  }
  plan::LibraryForm form = targets.front().getLibrary();
  for (plan::TargetAttr target : targets) {
    if (target.getLibrary() == plan::LibraryForm::None) {
      diagnostics.error("--x86-gemm=onednn: target '" + target.getName() + "' has no oneDNN; expects an x86 target");
      return TRAFO_USAGE;
    }
    if (target.getLibrary() != form) {
      diagnostics.error("--x86-gemm=onednn: oneDNN takes weights as " + plan::stringifyLibraryForm(form) +
                        " on target '" + targets.front().getName() + "' and as " +
                        plan::stringifyLibraryForm(target.getLibrary()) + " on '" + target.getName() +
                        "'; compile them to two files");
      return TRAFO_UNSUPPORTED;
    }
  }
  stages.roads = "library";
  stages.bf16Activations = form == plan::LibraryForm::BF16Tiles;
  if (!stages.bf16Activations)
    stages.libraryWeights = "f32";
  return 0;
}
