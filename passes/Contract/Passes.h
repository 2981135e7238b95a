//===- Passes.h - block contractions on any machine -----------------------===//
//
// What the lowerings of plan.block_contract share (BlockContract.h), and the one that needs no machine of its own. The
// others are in the target's folders.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_PASSES_CONTRACT_H
#define TRAFO_PASSES_CONTRACT_H

#include "mlir/Pass/Pass.h"

namespace trafo {
#define GEN_PASS_DECL
#include "passes/Contract/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/Contract/Passes.h.inc"
} // namespace trafo

#endif
