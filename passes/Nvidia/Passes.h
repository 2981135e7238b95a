#ifndef TRAFO_PASSES_NVIDIA_PASSES_H
#define TRAFO_PASSES_NVIDIA_PASSES_H

#include "mlir/Pass/Pass.h"

namespace trafo {

#define GEN_PASS_DECL
#include "passes/Nvidia/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/Nvidia/Passes.h.inc"

/// A tiled step to the llvm and nvvm dialects: one kernel, a worker is a thread block of one thread.
void buildNvidiaPipeline(mlir::OpPassManager &pm);

/// Registers the target's passes and `trafo-nvidia-pipeline`.
void registerNvidiaStage();

} // namespace trafo

#endif
