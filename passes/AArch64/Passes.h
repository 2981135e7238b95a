//===- Passes.h - block contractions on AArch64 ---------------------------===//
#ifndef TRAFO_PASSES_AARCH64_H
#define TRAFO_PASSES_AARCH64_H

#include "mlir/Pass/Pass.h"

namespace trafo {
#define GEN_PASS_DECL
#include "passes/AArch64/Passes.h.inc"

/// plan.block_contract -> vector arithmetic and AArch64 intrinsics; what the target has no dot product for goes the
/// generic way.
void buildAArch64Pipeline(mlir::OpPassManager &pm);

#define GEN_PASS_REGISTRATION
#include "passes/AArch64/Passes.h.inc"

/// Registers the stage's passes and `trafo-aarch64-pipeline`.
void registerAArch64Stage();
} // namespace trafo

#endif
