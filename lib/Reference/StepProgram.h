//===- StepProgram.h - a planned module, made to run here -----------------===//
//
// One fixed lowering for any form from Plan on: what is left of Tile, block contractions by their portable definition,
// upstream's conversions to the llvm dialect, LLVM's just-in-time compiler.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_REFERENCE_STEPPROGRAM_H
#define TRAFO_REFERENCE_STEPPROGRAM_H

#include "dialects/Plan/IR/PlanOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "trafo/artifact.h"

#include <functional>
#include <memory>

namespace trafo {

class StepProgram {
public:
  /// A copy of `module` in the llvm dialect; `seen` is called with the copy once its arena is assigned (not at all if the
  /// module comes with stages outlined). Null after a diagnostic.
  static mlir::OwningOpRef<mlir::ModuleOp> lower(mlir::ModuleOp module,
                                                 const std::function<void(mlir::ModuleOp)> &seen);
  /// Compiles what `lower` gave. Null after a diagnostic.
  static std::unique_ptr<StepProgram> compile(mlir::ModuleOp lowered);

  /// Where things lie in its memory.
  plan::ArenaAttr arena() const { return memory; }
  ~StepProgram();

  void run(const trafo_step_t &step) const { entry(&step, 0); }

private:
  StepProgram();
  struct Jit;
  std::unique_ptr<Jit> jit;
  trafo_step_fn entry = nullptr;
  plan::ArenaAttr memory;
};

} // namespace trafo

#endif // TRAFO_REFERENCE_STEPPROGRAM_H
