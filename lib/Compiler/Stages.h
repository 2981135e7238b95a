//===- Stages.h - the stages of a compilation, in order -------------------===//
#ifndef TRAFO_LIB_COMPILER_STAGES_H
#define TRAFO_LIB_COMPILER_STAGES_H

#include "lib/Target/Target.h"

#include <optional>
#include <string>

namespace mlir {
class OpPassManager;
}

namespace trafo {

/// What IR went through last. Stages up to Quantize are done once, the others once a target.
enum class Stage { Import, Normalize, Fuse, Quantize, Plan, Tile, Lower };
inline constexpr Stage kStages[] = {Stage::Import, Stage::Normalize, Stage::Fuse, Stage::Quantize,
                                    Stage::Plan,   Stage::Tile,      Stage::Lower};

/// "import", "normalize", ...
llvm::StringRef stageName(Stage stage);
std::optional<Stage> findStage(llvm::StringRef name);
/// "import, normalize, ...", for messages and help.
std::string stageNames();

/// What pipelines of stages are told. Numbers and yes/noes of the machine are on the module (plan.target).
struct StageOptions {
  std::string quantize;     ///< storage format to quantise linears to; empty: keep
  std::string quantizeHead; ///< the same for the head; empty: follows from `quantize`
  /// Who computes matmuls: generated, library or cheapest; and why, where cost does not decide.
  std::string roads = "generated", roadsReason = "asked for";
  int64_t promptSteps = 1, decodeSteps = 128; ///< the use that the cheapest is cheapest for
  std::string libraryWeights;                 ///< float format that the library wants weights in; empty: as they are
  bool bf16Activations = false;               ///< linears with bf16 weights see their inputs rounded to bf16
  bool bf16Groups = false;                    ///< and their products are summed by groups of 32 columns
  bool profile = false;                       ///< workers stamp the time around each stage
};

/// Adds the pipeline of `stage`, which ends in its verify-<stage>. `target` is needed from Lower on.
void buildStage(mlir::OpPassManager &pm, Stage stage, const StageOptions &options, const target::Target *target);

/// Adds what `stage` ends in, its verify-<stage>; nothing for Import.
void buildStageVerifier(mlir::OpPassManager &pm, Stage stage);

/// The stage after which a module is as it stands, by the ops in it: lower (llvm.func @trafo_step), tile (func.func
/// @trafo_step), plan (plan.step); otherwise import, since the stages from there to Quantize may be repeated.
Stage inferStage(mlir::ModuleOp module);

} // namespace trafo

#endif // TRAFO_LIB_COMPILER_STAGES_H
