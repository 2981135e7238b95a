//===- Manifest.h - the plan in numbers, for the runtime ------------------===//
#ifndef TRAFO_LIB_COMPILER_MANIFEST_H
#define TRAFO_LIB_COMPILER_MANIFEST_H

#include "mlir/IR/BuiltinOps.h"
#include "trafo/artifact.h"

namespace trafo {

/// Fills a manifest from trafo.config and plan.arena of a tiled module; the writer adds size and hash of the weights.
/// Fails with a diagnostic if one of them is missing.
llvm::FailureOr<trafo_manifest_t> buildManifest(mlir::ModuleOp module);

} // namespace trafo

#endif // TRAFO_LIB_COMPILER_MANIFEST_H
