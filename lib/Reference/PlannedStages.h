//===- PlannedStages.h - what each stage of a plan writes -----------------===//
#ifndef TRAFO_REFERENCE_PLANNEDSTAGES_H
#define TRAFO_REFERENCE_PLANNEDSTAGES_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

#include <string>
#include <vector>

namespace trafo {

/// What one run of a stage in a step writes; a barrier follows each.
struct StageWrites {
  std::string stage;                ///< "decoder.gate_up"
  int64_t layer;                    ///< -1 outside layers
  std::vector<std::string> buffers; ///< of rows, that it writes
  bool writesCache = false;
};

/// Of the runs of the module's plan.step in order; empty if it has none.
std::vector<StageWrites> stageWrites(mlir::ModuleOp module);

/// A buffer of rows in the arena: f32 [rows][stride].
struct PlacedBuffer {
  int64_t offset; ///< bytes
  int64_t stride; ///< floats
};

/// The shared buffers of rows that have a place.
llvm::StringMap<PlacedBuffer> placedBuffers(mlir::ModuleOp module);

} // namespace trafo

#endif // TRAFO_REFERENCE_PLANNEDSTAGES_H
