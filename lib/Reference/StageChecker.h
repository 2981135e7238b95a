//===- StageChecker.h - judges a planned module, stage by stage -----------===//
//
// From Plan on there are no ops of the model left, but stages, and what each writes is known: the result of one of the ops
// it was made of. The module is lowered by StepProgram and run with one worker; at every barrier the buffers of the stage
// before it are compared with what the interpreter gave (with the compiled program's rounding points), and are then set to
// that, so that errors do not add up.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_REFERENCE_STAGECHECKER_H
#define TRAFO_REFERENCE_STAGECHECKER_H

#include "lib/Reference/PlannedStages.h"
#include "lib/Reference/Trace.h"
#include "mlir/IR/OwningOpRef.h"

#include <optional>

namespace trafo {

struct PassVerdict;

class StageChecker {
public:
  /// `model` is the module as it was before it was planned.
  StageChecker(mlir::OwningOpRef<mlir::ModuleOp> model, std::vector<StepRows> steps, unsigned threads)
      : model(std::move(model)), steps(std::move(steps)), threads(threads) {}

  ~StageChecker();

  /// Judges `module`, which is what `pass` left. Fails after a diagnostic if it cannot be lowered or run.
  mlir::FailureOr<PassVerdict> check(llvm::StringRef pass, mlir::ModuleOp module);

private:
  /// What a stage's buffer must hold: rows of one of the trace's entries, and of the cache.
  struct Expected {
    const TraceEntry *rows;
    const TraceEntry *cached;
  };

  mlir::LogicalResult prepare(mlir::ModuleOp module);
  mlir::LogicalResult pack(mlir::ModuleOp module);

  mlir::OwningOpRef<mlir::ModuleOp> model;
  std::vector<StepRows> steps;
  unsigned threads;

  Trace trace; ///< as compiled
  std::vector<StageWrites> runs;
  std::vector<std::vector<Expected>> expected; ///< by step and stage run
  llvm::StringMap<PlacedBuffer> buffers;
  std::string packedAs; ///< the weights and layouts that `weights` holds
  std::vector<uint8_t> weights;
  std::string lastLowered; ///< what was run last, as text, and how it fared
  std::unique_ptr<PassVerdict> lastVerdict;
};

} // namespace trafo

#endif // TRAFO_REFERENCE_STAGECHECKER_H
