#ifndef TRAFO_PASSES_FUSE_TD
#define TRAFO_PASSES_FUSE_TD

include "mlir/Pass/PassBase.td"

def FuseQkvPass : Pass<"trafo-fuse-qkv", "::mlir::ModuleOp"> {
  let summary = "one op for the q, k and v projections, rope and the KV cache's store";
  let description = [{
    ```mlir
    %0 = trafo.linear %x, %q : ...
    %1 = trafo.linear %x, %k : ...
    %2 = trafo.linear %x, %v : ...
    %3 = trafo.rope %0, %rows heads 4 x 16 <dims = 16, base = 1.0e4> : ...
    %4 = trafo.rope %1, %rows heads 2 x 16 <dims = 16, base = 1.0e4> : ...
    trafo.kv_write %kv[%layer], %4, %2, %rows : ...
    ```
    becomes
    ```mlir
    %3 = trafo.qkv_rope %x weights(%qkv : !trafo.weight<128x64xq4_1>) table %table : !trafo.weight<128x32xf32>
         cache %kv[%layer] rows %rows heads 4 : ...
    ```
    `%qkv` is a recipe that concatenates q, k and v where their formats agree (else the op has three weights), `%table`
    a recipe of the cosines and sines of all positions (`max_context` of `trafo.config`), one symbol for all layers.
    Bit-equal but for cosines and sines, which are those of double arithmetic rounded to f32.
  }];
  let dependentDialects = ["::trafo::TrafoDialect"];
}

def FuseGateUpPass : Pass<"trafo-fuse-gate-up", "::mlir::ModuleOp"> {
  let summary = "one op for gate, up, the activation and their product";
  let description = [{
    ```mlir
    %0 = trafo.linear %x, %gate : ...
    %1 = trafo.linear %x, %up : ...
    %2 = trafo.activation silu %0 : tensor<?x96xf32>
    %3 = arith.mulf %2, %1 : tensor<?x96xf32>
    ```
    becomes
    ```mlir
    %3 = trafo.gate_up silu %x weights(%gate_up : !trafo.weight<192x64xq4_1>) : tensor<?x64xf32> -> tensor<?x96xf32>
    ```
    `%gate_up` is a recipe that interleaves gate and up by 16 rows, so that a tile of rows holds what is multiplied;
    where their formats differ, or the rows are no multiple of 16, the op has the two weights. Biases do as the weights do;
    beside a bias on one side alone, the other gets one of zeros. Bit-equal.
  }];
  let dependentDialects = ["::trafo::TrafoDialect"];
}

def FuseLinearAddPass : Pass<"trafo-fuse-linear-add", "::mlir::ModuleOp"> {
  let summary = "add a projection onto the residual stream as it is computed";
  let description = [{
    ```mlir
    %0 = trafo.linear %x, %o : ...
    %1 = arith.addf %residual, %0 : tensor<?x64xf32>
    ```
    becomes
    ```mlir
    %1 = trafo.linear_add %x, %o onto %residual : ...
    ```
    where nothing else reads the projection. Bit-equal.
  }];
  let dependentDialects = ["::trafo::TrafoDialect"];
}

def FuseAddNormPass : Pass<"trafo-fuse-add-norm", "::mlir::ModuleOp"> {
  let summary = "norm a sum without keeping it";
  let description = [{
    ```mlir
    %0 = arith.addf %a, %b : tensor<?x64xf32>
    %1 = trafo.rms_norm %0, %w eps 1.0e-5 : tensor<?x64xf32>, !trafo.weight<64xf32>
    ```
    becomes
    ```mlir
    %1 = trafo.add_rms_norm %a, %b, %w eps 1.0e-5 : tensor<?x64xf32>, !trafo.weight<64xf32>
    ```
    where nothing else reads the sum. Bit-equal.
  }];
  let dependentDialects = ["::trafo::TrafoDialect"];
}

def VerifyFusePass : Pass<"verify-fuse", "::mlir::ModuleOp"> {
  let summary = "after Fuse: rope and the KV cache's store are parts of trafo.qkv_rope, products parts of trafo.gate_up";
}

#endif
