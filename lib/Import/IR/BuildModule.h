//===- BuildModule.h - a described model becomes IR -----------------------===//
//
// The one step of importing that needs MLIR. It takes what the readers have validated and gives the form "Import" of
// docs/decisions/0002-the-road-in-ir.md.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_LIB_IMPORT_IR_BUILDMODULE_H
#define TRAFO_LIB_IMPORT_IR_BUILDMODULE_H

#include "dialects/Trafo/IR/TrafoDialect.h"
#include "lib/Import/Models/Models.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <optional>

namespace trafo {

/// What a model is imported for: the bounds of `#trafo.config`, the KV cache's format, and where weights come from.
struct ImportOptions {
  int64_t maxContext = 2048; ///< positions per sequence, a multiple of 64
  int64_t maxRows = 512;     ///< rows of one step
  int64_t maxOutputs = 512;  ///< rows of one step whose logits may be wanted, at most maxRows
  int64_t maxSequences = 16; ///< sequences held at once
  int64_t maxWorkers = 64;   ///< workers the arena holds scratch for
  KVFormat kvFormat = KVFormat::F16;
  int64_t kvGroup = 0;                ///< elements of a head that share a scale in int8; 0: all
  std::optional<uint64_t> randomSeed; ///< weights are `#trafo.random` of this seed, and the file's bytes are not named
};

/// The module of the model `spec` in `checkpoint`, verified. Layers share a body where the types of their weights
/// agree. Fails with a diagnostic on what the dialect cannot say (a soft cap of logits, yarn with unusual constants)
/// and on options out of their bounds.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> importModel(mlir::MLIRContext &context, const Checkpoint &checkpoint,
                                                               const DecoderSpec &spec, const ImportOptions &options);

} // namespace trafo

#endif // TRAFO_LIB_IMPORT_IR_BUILDMODULE_H
