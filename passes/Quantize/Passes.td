#ifndef TRAFO_PASSES_QUANTIZE_TD
#define TRAFO_PASSES_QUANTIZE_TD

include "mlir/Pass/PassBase.td"

def RequantizePass : Pass<"trafo-requantize", "::mlir::ModuleOp"> {
  let summary = "store float weights of linears in another format";
  let description = [{
    ```mlir
    %y = trafo.linear %x, %w : tensor<?x64xf32>, !trafo.weight<96x64xbf16> -> tensor<?x96xf32>
    ```
    becomes, under `weights=q8_0`,
    ```mlir
    %y = trafo.linear %x, %w_q8_0 : tensor<?x64xf32>, !trafo.weight<96x64xq8_0> -> tensor<?x96xf32>
    ```
    with, for each layer, `trafo.weight @blk.0.ffn_up.weight.q8_0 ... recipe { get, quantize, yield }`, which the packer
    runs. Weights that are quantised already are never touched. The head follows `head-weights`: by default q8_0 under 4
    bits, since the head's rounding is seen by every logit, otherwise `weights`. An embedding tied to the head goes with
    it, so that the model keeps one table. `i8_row` needs all weights of an op; beside one that stays quantised as it is,
    the others become q8_0.
  }];
  let options = [
    Option<"weights", "weights", "std::string", /*default=*/"", "f32, f16, bf16, q4_0, q4_1, q8_0 or i8_row; empty: do nothing">,
    Option<"headWeights", "head-weights", "std::string", /*default=*/"", "the same for trafo.lm_head; empty: follows from weights">,
  ];
  let dependentDialects = ["::trafo::TrafoDialect"];
}

def AssignNumericsPass : Pass<"trafo-assign-numerics", "::mlir::ModuleOp"> {
  let summary = "decide how each linear-like op sees its input";
  let description = [{
    Sets `activation`, the op's numeric class, where it is not set: `i8_g32` (int8 per group of 32) for weights in
    grouped formats, which may differ from weight to weight, in codes of two int8 digits (`i8x2_g32`) for the head; `i8_row` (int8 with one
    scale a row) for weights that have one scale a row; `bf16` for bf16
    weights of whole blocks of 32 columns under `bf16-activations`, `bf16_g32` (bf16, each group of 32 columns summed apart) for them under
    `bf16-groups`; `f32` otherwise, with a remark where that means unpacking a quantised format.

    ```mlir
    %y = trafo.linear %x, %w : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
    ```
    becomes
    ```mlir
    %y = trafo.linear %x, %w via i8_g32 : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
    ```
  }];
  let options = [
    Option<"bf16Activations", "bf16-activations", "bool", /*default=*/"false", "round the inputs of bf16 weights to bf16">,
    Option<"bf16Groups", "bf16-groups", "bool", /*default=*/"false", "and sum their products by groups of 32 columns, as tiles of bf16 do">,
  ];
  let dependentDialects = ["::trafo::TrafoDialect"];
}

def VerifyQuantizePass : Pass<"verify-quantize", "::mlir::ModuleOp"> {
  let summary = "after Quantize: every linear-like op has a numeric class that its weights allow";
}

#endif
