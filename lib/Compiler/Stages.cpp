//===- Stages.cpp - the stage order, end to end ---------------------------===//
//
// The only file that knows all stages.
//
//===----------------------------------------------------------------------===//
#include "lib/Compiler/Stages.h"

#include "dialects/Plan/IR/PlanOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Fuse/Passes.h"
#include "passes/Lower/Passes.h"
#include "passes/Normalize/Passes.h"
#include "passes/Plan/Passes.h"
#include "passes/Quantize/Passes.h"
#include "passes/Tile/Passes.h"

using namespace mlir;
using namespace trafo;

llvm::StringRef trafo::stageName(Stage stage) {
  switch (stage) {
  case Stage::Import:
    return "import";
  case Stage::Normalize:
    return "normalize";
  case Stage::Fuse:
    return "fuse";
  case Stage::Quantize:
    return "quantize";
  case Stage::Plan:
    return "plan";
  case Stage::Tile:
    return "tile";
  case Stage::Lower:
    return "lower";
  }
  llvm_unreachable("a stage");
}

std::optional<Stage> trafo::findStage(llvm::StringRef name) {
  for (Stage stage : kStages)
    if (stageName(stage) == name)
      return stage;
  return std::nullopt;
}

std::string trafo::stageNames() {
  std::string names;
  for (Stage stage : kStages)
    names += (names.empty() ? "" : ", ") + stageName(stage).str();
  return names;
}

void trafo::buildStage(OpPassManager &pm, Stage stage, const StageOptions &options, const target::Target *target) {
  switch (stage) {
  case Stage::Import: // done by lib/Import/IR
    return;
  case Stage::Normalize: // one spelling for every model
    return buildNormalizePipeline(pm);
  case Stage::Fuse: // fewer, larger ops
    return buildFusePipeline(pm);
  case Stage::Quantize: { // storage formats and numeric classes
    QuantizePipelineOptions quantize;
    quantize.weights = options.quantize;
    quantize.headWeights = options.quantizeHead;
    quantize.libraryWeights = options.libraryWeights;
    quantize.bf16Activations = options.bf16Activations;
    quantize.bf16Groups = options.bf16Groups;
    return buildQuantizePipeline(pm, quantize);
  }
  case Stage::Plan: { // ops become stages of a step
    PlanPipelineOptions plan;
    plan.roads = options.roads;
    plan.reason = options.roadsReason;
    plan.promptSteps = options.promptSteps;
    plan.decodeSteps = options.decodeSteps;
    return buildPlanPipeline(pm, plan);
  }
  case Stage::Tile: { // loops, packing layouts, the arena
    TilePipelineOptions tile;
    tile.instrument = options.profile;
    return buildTilePipeline(pm, tile);
  }
  case Stage::Lower: // the target's own passes, then the llvm dialect
    return target->buildLowering(pm);
  }
}

void trafo::buildStageVerifier(OpPassManager &pm, Stage stage) {
  switch (stage) {
  case Stage::Import:
    return;
  case Stage::Normalize:
    return pm.addPass(createVerifyNormalizePass());
  case Stage::Fuse:
    return pm.addPass(createVerifyFusePass());
  case Stage::Quantize:
    return pm.addPass(createVerifyQuantizePass());
  case Stage::Plan:
    return pm.addPass(createVerifyPlanPass());
  case Stage::Tile:
    return pm.addPass(createVerifyTilePass());
  case Stage::Lower:
    return pm.addPass(createVerifyLowerPass());
  }
}

Stage trafo::inferStage(ModuleOp module) {
  if (module.lookupSymbol<LLVM::LLVMFuncOp>("trafo_step"))
    return Stage::Lower;
  if (module.lookupSymbol<func::FuncOp>("trafo_step"))
    return Stage::Tile;
  if (!module.getOps<plan::StepOp>().empty())
    return Stage::Plan;
  return Stage::Import;
}
