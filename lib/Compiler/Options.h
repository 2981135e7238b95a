//===- Options.h - what a compilation is asked for ------------------------===//
#ifndef TRAFO_LIB_COMPILER_OPTIONS_H
#define TRAFO_LIB_COMPILER_OPTIONS_H

#include "lib/Compiler/Stages.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace trafo {

enum class EmitKind {
  Executable,    ///< launcher, code and weights in one file
  SharedLibrary, ///< launcher and code; the weights lie beside it in `<output>.weights`
  Object,        ///< relocatable object of the first target
  Assembly,      ///< its assembly (x86: GNU as; nvidia: PTX)
  LLVM,          ///< its LLVM IR after optimisation
  Ptx,           ///< assembly of an nvidia target
  Cubin,         ///< that assembled by ptxas
  Mlir           ///< the module as it stands after `emitStage`
};

/// Passes of a user's to be run between two stages.
struct UserPipeline {
  Stage after = Stage::Quantize;
  std::string text; ///< "builtin.module(my-pass)"
};

struct CompileOptions {
  std::string input;  ///< .gguf, or .mlir as printed by `--emit=mlir:<stage>`
  std::string output; ///< "-": standard output, for text only

  EmitKind emit = EmitKind::Executable;
  Stage emitStage = Stage::Import;
  std::optional<Stage> from; ///< .mlir: the stage that printed it; inferred where absent

  int64_t maxContext = 2048; ///< positions per sequence, a multiple of 64
  int64_t maxRows = 512;     ///< rows of one step
  int64_t maxOutputs = 0;    ///< rows of one step whose logits may be wanted; 0: maxRows
  int64_t maxSequences = 16;
  int64_t maxWorkers = 64;
  std::vector<std::string> boundsGiven; ///< the flags of these that were given: "--context"
  std::string kvFormat = "f16";

  std::vector<std::string> targets;  ///< tiers, best first; empty: native
  std::string weights;               ///< "", "random:<seed>", or a storage format to quantise to
  std::string compute = "as-stored"; ///< how linears multiply: as-stored (by their weights' formats), int8 or bf16
  std::string gemm = "auto";         ///< x86 matmuls: auto, onednn, generated
  std::string tuneTable;             ///< rates that auto goes by; empty: those compiled in
  std::string tuneFor = "balanced";  ///< what auto makes cheap: decode, prefill, balanced
  bool chatTemplate = true;
  bool profile = false; ///< workers stamp the time around each stage

  std::vector<std::string> plugins; ///< shared objects with passes
  std::vector<UserPipeline> pipelines;

  bool report = false;
  std::optional<double> bandwidth;    ///< GB/s for the report; measured where absent
  std::optional<std::string> remarks; ///< regular expression of categories to print
  int progressFd = -1;                ///< machine-readable progress goes there

  std::string toolFolder; ///< where our program lies; launchers are looked for from there
};

} // namespace trafo

#endif // TRAFO_LIB_COMPILER_OPTIONS_H
