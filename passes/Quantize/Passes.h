//===- Passes.h - storage formats and numeric classes ---------------------===//
#ifndef TRAFO_PASSES_QUANTIZE_PASSES_H
#define TRAFO_PASSES_QUANTIZE_PASSES_H

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"

namespace trafo {
#define GEN_PASS_DECL
#include "passes/Quantize/Passes.h.inc"

/// What trafo-quantize-pipeline can be told; see the passes for what the options mean.
struct QuantizePipelineOptions : mlir::PassPipelineOptions<QuantizePipelineOptions> {
  Option<std::string> weights{*this, "weights", llvm::cl::desc("format of the linears' weights; empty: as they are")};
  Option<std::string> headWeights{*this, "head-weights",
                                  llvm::cl::desc("format of the head's weights; empty: follows from weights")};
  Option<std::string> libraryWeights{
      *this, "library-weights",
      llvm::cl::desc(
          "float format that linears' float weights are brought to for a matmul library; empty: as they are")};
  Option<bool> bf16Activations{*this, "bf16-activations", llvm::cl::init(false),
                               llvm::cl::desc("round the inputs of bf16 weights to bf16")};
  Option<bool> bf16Groups{*this, "bf16-groups", llvm::cl::init(false),
                          llvm::cl::desc("and sum their products by groups of 32 columns")};
};

/// Takes the form "Fuse" of docs/decisions/0002, gives "Quantize".
void buildQuantizePipeline(mlir::OpPassManager &pm, const QuantizePipelineOptions &options = {});

#define GEN_PASS_REGISTRATION
#include "passes/Quantize/Passes.h.inc"

/// Registers the stage's passes and `trafo-quantize-pipeline`.
void registerQuantizeStage();
} // namespace trafo

#endif // TRAFO_PASSES_QUANTIZE_PASSES_H
