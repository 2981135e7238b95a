#include "lib/Compiler/CheckInput.h"

#include "dialects/Plan/IR/PlanOps.h"
#include "dialects/Trafo/IR/TrafoOps.h"
#include "mlir/Pass/PassManager.h"
#include "trafo/runtime.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace trafo;

namespace {
/// An option that shapes one stage.
struct StageOption {
  std::string text; ///< as on the command line
  bool given;
  Stage stage;
};
} // namespace

/// The format of the KV cache in IR up to Quantize; empty in other IR.
static std::string cacheFormat(ModuleOp module) {
  std::string format;
  module.walk([&](LayersOp layers) { format = cast<KVCacheType>(layers.getCache().getType()).getFormatName(); });
  return format;
}

static std::vector<StageOption> stageOptions(const CompileOptions &options, ModuleOp module) {
  CompileOptions defaults;
  bool quantizes = !options.weights.empty() && !llvm::StringRef(options.weights).starts_with("random:");
  std::vector<StageOption> all = {
      {"--kv=" + options.kvFormat, options.kvFormat != defaults.kvFormat && options.kvFormat != cacheFormat(module),
       Stage::Import},
      {"--weights=" + options.weights, quantizes, Stage::Quantize},
      {"--compute=" + options.compute, options.compute != defaults.compute, Stage::Quantize},
      {"--x86-gemm=" + options.gemm, options.gemm != defaults.gemm, Stage::Plan},
      {"--tune-table=" + options.tuneTable, !options.tuneTable.empty(), Stage::Plan},
      {"--tune-for=" + options.tuneFor, options.tuneFor != defaults.tuneFor, Stage::Plan},
      {"--profile", options.profile, Stage::Tile},
  };
  for (const UserPipeline &user : options.pipelines)
    // A pipeline runs after its stage, so IR that stands there still meets it.
    if (user.after != Stage::Lower)
      all.push_back({"--pass-pipeline=" + stageName(user.after).str() + ":" + user.text, true,
                     kStages[static_cast<size_t>(user.after) + 1]});
  return all;
}

/// The bounds that were asked for against those that the IR was made with.
static int checkBounds(const CompileOptions &options, ModuleOp module, DiagnosticPrinter &diagnostics) {
  auto config = module->getAttrOfType<ConfigAttr>(kConfigAttrName);
  if (!config)
    return 0;
  struct Bound {
    llvm::StringRef flag, name;
    int64_t asked, made;
  };
  for (const Bound &bound : {Bound{"--context", "max_context", options.maxContext, config.getMaxContext()},
                             {"--rows", "max_rows", options.maxRows, config.getMaxRows()},
                             {"--outputs", "max_outputs", options.maxOutputs, config.getMaxOutputs()},
                             {"--sequences", "max_sequences", options.maxSequences, config.getMaxSequences()},
                             {"--threads", "max_workers", options.maxWorkers, config.getMaxWorkers()}})
    if (llvm::is_contained(options.boundsGiven, bound.flag) && bound.asked != bound.made) {
      diagnostics.error(bound.flag + "=" + llvm::Twine(bound.asked) + " is for model files, and '" + options.input +
                        "' is IR made for " + llvm::Twine(bound.made) + "; leave it out, or change " + bound.name +
                        " of trafo.config");
      return TRAFO_USAGE;
    }
  return 0;
}

/// From Plan on the module is for one machine.
static int checkTarget(const CompileOptions &options, const Input &input, DiagnosticPrinter &diagnostics) {
  ModuleOp module = *input.module;
  auto target = module->getAttrOfType<plan::TargetAttr>(plan::kTargetAttr);
  if (!target)
    return 0;
  if (!target::targetOf(target)) {
    std::string prefixes;
    for (const target::Target &known : target::allTargets())
      prefixes += (prefixes.empty() ? "" : ", ") + known.triplePrefix.str();
    module.emitError("plan.target has triple '")
        << target.getTriple() << "', expects one that begins with " << prefixes;
    return TRAFO_BAD_DATA;
  }
  for (const std::string &asked : options.targets)
    if (input.stage >= Stage::Plan && asked != target.getName()) {
      diagnostics.error("--target=" + asked + " comes too late, '" + options.input + "' stands after stage " +
                        stageName(input.stage) + " and is for " + target.getName() + "; leave it out");
      return TRAFO_USAGE;
    }
  return 0;
}

int trafo::checkInput(const CompileOptions &options, const Input &input, DiagnosticPrinter &diagnostics) {
  ModuleOp module = *input.module;
  PassManager verifier(module.getContext());
  buildStageVerifier(verifier, input.stage);
  if (failed(verifier.run(module)))
    return TRAFO_BAD_DATA;
  if (int status = checkTarget(options, input, diagnostics))
    return status;
  for (const StageOption &option : stageOptions(options, module))
    if (option.given && option.stage <= input.stage) {
      diagnostics.error(option.text + " comes too late, '" + options.input + "' stands after stage " +
                        stageName(input.stage) + "; leave it out, or start from an earlier stage");
      return TRAFO_USAGE;
    }
  return checkBounds(options, module, diagnostics);
}
