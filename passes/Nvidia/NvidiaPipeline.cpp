// From the tiled step to the llvm and nvvm dialects. Takes what verify-tile states; gives what verify-lower states.
#include "passes/Nvidia/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Contract/Passes.h"
#include "passes/Lower/Passes.h"

using namespace mlir;

void trafo::buildNvidiaPipeline(OpPassManager &pm) {
  // Until there are kernels for tensor cores, the slow and correct way.
  pm.addPass(createLowerBlockContractGenericPass());
  // The packing plan has been read: weights are bytes at offsets from here on.
  pm.addPass(createEraseWeightsPass());
  // Blocks meet in global memory; there is no runtime function to call.
  pm.addPass(createLowerGridBarrierPass());
  // No libdevice: the same polynomials as on a CPU.
  pm.addPass(createExpandMathPass());
  buildToLLVMPipeline(pm, /*canonicalize=*/true);
  pm.addPass(createEmitKernelPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createVerifyLowerPass());
}

void trafo::registerNvidiaStage() {
  registerTrafoNvidiaPasses();
  PassPipelineRegistration<>("trafo-nvidia-pipeline", "a tiled step to the llvm and nvvm dialects",
                             [](OpPassManager &pm) { buildNvidiaPipeline(pm); });
}
