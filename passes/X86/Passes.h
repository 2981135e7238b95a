//===- Passes.h - block contractions on x86 -------------------------------===//
#ifndef TRAFO_PASSES_X86_H
#define TRAFO_PASSES_X86_H

#include "mlir/Pass/Pass.h"

namespace trafo {
#define GEN_PASS_DECL
#include "passes/X86/Passes.h.inc"

/// plan.block_contract -> vector arithmetic and x86 intrinsics; what the target has no dot product for goes the generic
/// way.
void buildX86Pipeline(mlir::OpPassManager &pm);

#define GEN_PASS_REGISTRATION
#include "passes/X86/Passes.h.inc"

/// Registers the stage's passes and `trafo-x86-pipeline`.
void registerX86Stage();
} // namespace trafo

#endif
