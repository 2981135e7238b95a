// From the tiled step to the llvm dialect. Takes what verify-tile states, after passes/<Target> has lowered every
// plan.block_contract; gives what verify-lower states.
#include "passes/Lower/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Conversion/VectorToSCF/VectorToSCF.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void trafo::buildToLLVMPipeline(OpPassManager &pm, bool canonicalize) {
  // Fewer ops for the conversions to walk; the code does not need it.
  if (canonicalize) {
    pm.addNestedPass<func::FuncOp>(createCanonicalizerPass());
    pm.addNestedPass<func::FuncOp>(createCSEPass());
  }
  // Vectors of two and more dimensions and masked transfers become loops.
  pm.addPass(createConvertVectorToSCFPass());
  pm.addPass(createSCFToControlFlowPass());
  // subview, reinterpret_cast and collapse become offsets (affine.apply), those become arith.
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createConvertMathToLLVMPass());
  ConvertVectorToLLVMPassOptions vectors;
  vectors.amx = true; // tiles of passes/X86, where there are any
  pm.addPass(createConvertVectorToLLVMPass(vectors));
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  // Memrefs have static shapes, so a memref argument is one pointer.
  ConvertFuncToLLVMPassOptions func;
  func.useBarePtrCallConv = true;
  pm.addPass(createConvertFuncToLLVMPass(func));
  pm.addPass(createReconcileUnrealizedCastsPass());
}

void trafo::buildLowerPipeline(OpPassManager &pm, const LowerPipelineOptions &options) {
  // The packing plan has been read: weights are bytes at offsets from here on.
  pm.addPass(createEraseWeightsPass());
  // The runtime's barrier is called through the pointer it passed.
  pm.addPass(createLowerBarrierPass());
  // So is its matmul library, where the plan has one.
  pm.addPass(createLowerLibraryMatmulPass());
  // No libm in the image: polynomials before the conversion would make calls.
  pm.addPass(createExpandMathPass());
  buildToLLVMPipeline(pm, options.canonicalize);
  // What the runtime calls, and nothing else, is visible.
  pm.addPass(createEmitEntryPass());
  // LLVM needs CPU and features on each function.
  pm.addPass(createSetTargetAttributesPass());
  if (options.canonicalize) {
    pm.addPass(createCanonicalizerPass());
    pm.addPass(createCSEPass());
  }
  pm.addPass(createVerifyLowerPass());
}

void trafo::registerLowerStage() {
  registerTrafoLowerPasses();
  PassPipelineRegistration<LowerPipelineOptions>("trafo-lower-pipeline", "a tiled step to the llvm dialect",
                                                 buildLowerPipeline);
}
