//===- Compile.cpp - from options to files --------------------------------===//
#include "lib/Compiler/Compile.h"

#include "dialects/Plan/IR/PlanOps.h"
#include "dialects/Trafo/IR/TrafoOps.h"
#include "lib/Compiler/Input.h"
#include "lib/Compiler/Manifest.h"
#include "lib/Compiler/Progress.h"
#include "lib/Compiler/RateTable.h"
#include "lib/Compiler/Report.h"
#include "lib/Compiler/RunPasses.h"
#include "lib/Compiler/Session.h"
#include "lib/Compiler/StageOptionsOf.h"
#include "lib/Compiler/WriteOutput.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "trafo/runtime.h"

using namespace mlir;
using namespace trafo;

namespace {

/// One compilation: the state that its steps share.
class Compilation {
public:
  Compilation(const CompileOptions &options, Session &session, llvm::raw_ostream &out)
      : options(options), out(out), context(session.context), diagnostics(session.diagnostics),
        runner(diagnostics, options.output == "-" ? "trafo.reproducer.mlir" : options.output + ".reproducer.mlir") {}

  int run();

private:
  int prepare();
  unsigned countSteps() const;
  /// Runs `stage` on `module` and then the user's pipelines after it; of the stage that the input stands at these alone, of
  /// earlier ones nothing.
  LogicalResult runStage(ModuleOp module, Stage stage);
  LogicalResult runUserPipelines(ModuleOp module, Stage after);
  bool stopsAfter(Stage stage) const { return options.emit == EmitKind::Mlir && options.emitStage == stage; }
  int writeIr(ModuleOp module);
  int compileTier(ModuleOp module, plan::TargetAttr tier, const RateTable &table);
  int checkPackingAgrees(ModuleOp module, plan::TargetAttr tier);
  int finish();

  const CompileOptions &options;
  llvm::raw_ostream &out;
  MLIRContext &context;
  DiagnosticPrinter &diagnostics;
  PassRunner runner;
  std::unique_ptr<Progress> progress;
  Input input;
  SmallVector<plan::TargetAttr> tiers;
  SmallVector<RateTable> rates; ///< one a tier
  StageOptions stageOptions;
  ModelSummary summary;
  OwningOpRef<ModuleOp> packing; ///< the first tier's tiled module: layouts and offsets of weights
  SmallVector<TierCode> code;
};

/// The form of code an emit kind asks for.
target::CodeForm codeForm(EmitKind kind) {
  switch (kind) {
  case EmitKind::Object:
    return target::CodeForm::Object;
  case EmitKind::Assembly:
  case EmitKind::Ptx:
    return target::CodeForm::Assembly;
  case EmitKind::LLVM:
    return target::CodeForm::LLVM;
  default:
    return target::CodeForm::Image;
  }
}

bool isArtifact(EmitKind kind) { return kind == EmitKind::Executable || kind == EmitKind::SharedLibrary; }

} // namespace

/// What can be refused before anything is read.
int Compilation::prepare() {
  std::vector<std::string> names = options.targets;
  if (names.empty())
    names.push_back("native");
  for (const std::string &name : names) {
    std::string error;
    plan::TargetAttr tier = target::describeTier(&context, name, error);
    if (!tier) {
      diagnostics.error(error);
      return name == "native" ? TRAFO_UNSUPPORTED : TRAFO_USAGE;
    }
    bool isNvidia = target::targetOf(tier)->name == "Nvidia";
    bool wantsNvidia = options.emit == EmitKind::Ptx || options.emit == EmitKind::Cubin;
    if (isNvidia && options.profile) {
      diagnostics.error("--profile needs one clock for all workers, which '" + name +
                        "' has not; expects an x86 target");
      return TRAFO_UNSUPPORTED;
    }
    bool eitherWay =
        options.emit == EmitKind::LLVM || options.emit == EmitKind::Mlir || options.emit == EmitKind::Assembly;
    if (isNvidia != wantsNvidia && !eitherWay) {
      diagnostics.error("target '" + name +
                        "' and --emit do not fit; nvidia targets emit ptx, cubin, asm, llvm and mlir, "
                        "CPU targets exe, so, obj, asm, llvm and mlir");
      return TRAFO_USAGE;
    }
    if (!tiers.empty() && tier.getTriple() != tiers.front().getTriple()) {
      diagnostics.error("targets '" + tiers.front().getName() + "' and '" + name +
                        "' are for different kinds of CPU; compile them to two files");
      return TRAFO_USAGE;
    }
    tiers.push_back(tier);
  }
  if (tiers.size() > 1 && !isArtifact(options.emit)) {
    diagnostics.error("--emit=exe and so take several targets; expects one target otherwise");
    return TRAFO_USAGE;
  }
  if (int status = findRates(options, tiers, diagnostics, rates))
    return status;
  return stageOptionsOf(options, tiers, diagnostics, stageOptions);
}

unsigned Compilation::countSteps() const {
  unsigned perModel = 1 + (Stage::Quantize > input.stage ? 3 : 0);
  return perModel + tiers.size() * 4 + (isArtifact(options.emit) ? 1 : 0);
}

LogicalResult Compilation::runUserPipelines(ModuleOp module, Stage after) {
  for (const UserPipeline &user : options.pipelines)
    if (user.after == after && failed(runner.run(module, "pass-pipeline", [&](PassManager &pm) {
          return addUserPipeline(pm, user, diagnostics);
        })))
      return failure();
  return success();
}

LogicalResult Compilation::runStage(ModuleOp module, Stage stage) {
  if (stage < input.stage)
    return success();
  if (stage == input.stage)
    return runUserPipelines(module, stage);
  progress->step(stageName(stage));
  auto tier = module->getAttrOfType<plan::TargetAttr>(plan::kTargetAttr);
  if (failed(runner.run(module, stageName(stage), [&](PassManager &pm) {
        buildStage(pm, stage, stageOptions, tier ? target::targetOf(tier) : nullptr);
        return success();
      })))
    return failure();
  return runUserPipelines(module, stage);
}

int Compilation::writeIr(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream(text) << *module << "\n";
  return writeFile(options.output, ArrayRef(text.data(), text.size()), diagnostics);
}

/// Tiers share one copy of the weights and one arena, so what the runtime sees of the plan must be the same.
int Compilation::checkPackingAgrees(ModuleOp module, plan::TargetAttr tier) {
  if (module->getAttr(plan::kArenaAttr) != packing.get()->getAttr(plan::kArenaAttr)) {
    diagnostics.error("targets '" + tiers.front().getName() + "' and '" + tier.getName() +
                      "' plan different arenas; compile them to two files");
    return TRAFO_UNSUPPORTED;
  }
  for (auto [first, other] : llvm::zip_longest(packing->getOps<WeightOp>(), module.getOps<WeightOp>()))
    if (!first || !other || first->getSymName() != other->getSymName() || first->getOffset() != other->getOffset() ||
        first->getLayoutAttr() != other->getLayoutAttr()) {
      diagnostics.error("targets '" + tiers.front().getName() + "' and '" + tier.getName() + "' pack weight '" +
                        (first ? first->getSymName() : other->getSymName()) +
                        "' differently; compile them to two files");
      return TRAFO_UNSUPPORTED;
    }
  return 0;
}

int Compilation::compileTier(ModuleOp module, plan::TargetAttr tier, const RateTable &table) {
  if (!module->hasAttr(plan::kTargetAttr) || input.stage < Stage::Plan) {
    module->setAttr(plan::kTargetAttr, tier);
    if (table.rates)
      module->setAttr(plan::kRatesAttr, table.rates);
  }
  auto target = module->getAttrOfType<plan::TargetAttr>(plan::kTargetAttr);
  for (Stage stage : {Stage::Plan, Stage::Tile, Stage::Lower}) {
    if (stage == Stage::Lower) {
      summarizeStages(module, summary);
      // Lowering erases weights, so the packing plan is kept aside: weights and attributes, no code.
      if (!packing && isArtifact(options.emit)) {
        packing = ModuleOp::create(module.getLoc());
        packing.get()->setAttrs(module->getAttrDictionary());
        OpBuilder builder = OpBuilder::atBlockEnd(packing->getBody());
        for (auto weight : module.getOps<WeightOp>())
          builder.clone(*weight);
      } else if (packing) {
        if (int status = checkPackingAgrees(module, tier))
          return status;
      }
    }
    if (failed(runStage(module, stage)))
      return TRAFO_UNSUPPORTED;
    if (stopsAfter(stage))
      return 0;
  }
  progress->step("code");
  TierCode made{target, {}};
  if (failed(runner.guard(module, "code generation", [&]() -> LogicalResult {
        FailureOr<target::Bytes> bytes = target::targetOf(target)->emit(module, target, codeForm(options.emit));
        if (failed(bytes))
          return failure();
        made.bytes = std::move(*bytes);
        return success();
      })))
    return TRAFO_INTERNAL;
  code.push_back(std::move(made));
  return 0;
}

int Compilation::finish() {
  if (!isArtifact(options.emit))
    return writeFile(options.output, code.front().bytes, diagnostics);
  FailureOr<trafo_manifest_t> manifest = buildManifest(*packing);
  if (failed(manifest))
    return TRAFO_BAD_DATA;
  progress->step("weights");
  return writeArtifact(options, diagnostics, *progress, input, summary, *packing, *manifest, code);
}

int Compilation::run() {
  if (int status = prepare())
    return status;
  if (int status = readInput(context, options, diagnostics, input))
    return status;
  if (input.stage == Stage::Lower && isArtifact(options.emit)) {
    diagnostics.error("'" + options.input +
                      "' is lowered: it has code but no weights; expects --emit=obj, asm or llvm");
    return TRAFO_USAGE;
  }
  if (options.emit == EmitKind::Mlir && options.emitStage < input.stage) {
    diagnostics.error("--emit=mlir:" + stageName(options.emitStage) + " comes too late, '" + options.input +
                      "' stands after stage " + stageName(input.stage) + "; expects that stage or a later one");
    return TRAFO_USAGE;
  }
  progress = std::make_unique<Progress>(options.progressFd, countSteps());
  progress->step(stageName(Stage::Import));
  ModuleOp module = *input.module;
  for (Stage stage : {Stage::Import, Stage::Normalize, Stage::Fuse, Stage::Quantize}) {
    if (failed(runStage(module, stage)))
      return TRAFO_UNSUPPORTED;
    if (stopsAfter(stage))
      return writeIr(module);
  }
  summary.compute = options.compute;
  summary.libraryAsked = stageOptions.roads == "library";
  summary.ratesOf = rates.front().machine;
  summarizeOps(module, summary);
  for (auto [i, tier] : llvm::enumerate(tiers)) {
    OwningOpRef<ModuleOp> copy = i + 1 < tiers.size() ? OwningOpRef<ModuleOp>(module.clone()) : std::move(input.module);
    if (int status = compileTier(*copy, tier, rates[i]))
      return status;
    if (options.emit == EmitKind::Mlir)
      return writeIr(*copy);
    SmallVector<StringRef> features;
    tier.getFeatures().split(features, ',', -1, false);
    std::vector<std::string> names;
    for (StringRef feature : features)
      names.push_back(feature.ltrim('+').str());
    summary.targets.push_back({tier.getName().str(), std::move(names)});
    if (options.report && i == 0) {
      progress->clear();
      FailureOr<trafo_manifest_t> manifest = buildManifest(packing ? *packing : *copy);
      if (failed(manifest))
        return TRAFO_BAD_DATA;
      printReport(out, summary, *manifest, options.bandwidth);
    }
  }
  return finish();
}

int trafo::compile(const CompileOptions &options, llvm::raw_ostream &out, llvm::raw_ostream &errors) {
  Session session(errors);
  if (int status = session.open(options))
    return status;
  return Compilation(options, session, out).run();
}
