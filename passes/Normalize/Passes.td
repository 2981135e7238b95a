#ifndef TRAFO_PASSES_NORMALIZE_TD
#define TRAFO_PASSES_NORMALIZE_TD

include "mlir/Pass/PassBase.td"

def DecomposeMlpPass : Pass<"trafo-decompose-mlp", "::mlir::ModuleOp"> {
  let summary = "write MLPs as linears, an activation and a product";
  let description = [{
    ```mlir
    %y = trafo.gated_mlp silu %x, %gate, %up, %down : ...
    ```
    becomes
    ```mlir
    %0 = trafo.linear %x, %gate : ...
    %1 = trafo.linear %x, %up : ...
    %2 = trafo.activation silu %0 : tensor<?x1536xf32>
    %3 = arith.mulf %2, %1 : tensor<?x1536xf32>
    %y = trafo.linear %3, %down : ...
    ```
    and `trafo.mlp` the same without gate and product. Bit-equal; always legal.
  }];
  let dependentDialects = ["::trafo::TrafoDialect", "::mlir::arith::ArithDialect"];
}

def PairRopePass : Pass<"trafo-pair-rope", "::mlir::ModuleOp"> {
  let summary = "turn rope that rotates halves of a head into rope that rotates neighbours";
  let description = [{
    The rows of the q and k projections (and of their biases) are permuted by recipe, so that what rope rotates together
    lies together. Both sides of attention's dot products are permuted alike, and nothing else may see them.

    ```mlir
    %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
    %1 = trafo.rope %0, %rows heads 4 x 16 <dims = 16, base = 1.0e4, pairing = halves> : tensor<?x64xf32>
    ```
    becomes
    ```mlir
    %0 = trafo.linear %x, %q_paired : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
    %1 = trafo.rope %0, %rows heads 4 x 16 <dims = 16, base = 1.0e4> : tensor<?x64xf32>
    ```
    with, for each layer, `trafo.weight @blk.0.attn_q.weight.paired ... recipe { get, pair_rows, yield }`.
    Changes the order in which dot products are added up, nothing else.
  }];
  let dependentDialects = ["::trafo::TrafoDialect"];
}

def PadHeadsPass : Pass<"trafo-pad-heads", "::mlir::ModuleOp"> {
  let summary = "pad heads that do not fill whole vectors with zero rows";
  let description = [{
    The rows of the q, k and v projections (and of their biases) get zero rows behind each head by recipe, the cache holds
    the padded heads, and attention gives the columns there were:
    ```mlir
    %q = trafo.linear %x, %wq : tensor<?x40xf32>, !trafo.weight<40x40xf16> -> tensor<?x40xf32>
    %y = trafo.attention %q, %kv[%layer], %rows heads 2 scale 0.22 : tensor<?x40xf32>, !trafo.kv<1x2x20xf16>
    ```
    becomes
    ```mlir
    %q = trafo.linear %x, %wq_padded : tensor<?x40xf32>, !trafo.weight<64x40xf16> -> tensor<?x64xf32>
    %y = trafo.attention %q, %kv[%layer], %rows heads 2 scale 0.22 : tensor<?x64xf32>, !trafo.kv<1x2x32xf16> -> tensor<?x40xf32>
    ```
    with, for each layer, `trafo.weight @blk.0.attn_q.weight.padded ... recipe { get, pad_rows, yield }`. Bit-equal.
  }];
  let options = [Option<"multiple", "multiple", "int64_t", "16", "what head sizes become a multiple of">];
  let dependentDialects = ["::trafo::TrafoDialect"];
}

def WidenVectorsPass : Pass<"trafo-widen-vectors", "::mlir::ModuleOp"> {
  let summary = "read norms, biases and rope's factors as f32";
  let description = [{
    ```mlir
    %0 = trafo.rms_norm %x, %w eps 1.0e-05 : tensor<?x64xf32>, !trafo.weight<64xf16>
    ```
    becomes
    ```mlir
    %0 = trafo.rms_norm %x, %w_f32 eps 1.0e-05 : tensor<?x64xf32>, !trafo.weight<64xf32>
    ```
    with, for each layer, `trafo.weight @blk.0.attn_norm.weight.f32 ... recipe { get, quantize to f32, yield }`.
  }];
  let dependentDialects = ["::trafo::TrafoDialect"];
}

def VerifyNormalizePass : Pass<"verify-normalize", "::mlir::ModuleOp"> {
  let summary = "after Normalize: no trafo.gated_mlp, no trafo.mlp, rope rotates neighbours, and vectors are f32";
}

#endif
