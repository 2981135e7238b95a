#ifndef TRAFO_OPS_TD
#define TRAFO_OPS_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/Trafo/IR/TrafoInterfaces.td"
include "dialects/Trafo/IR/TrafoTypes.td"
include "dialects/Trafo/IR/TrafoAttrs.td"

class Trafo_Op<string mnemonic, list<Trait> traits = []> : Op<Trafo_Dialect, mnemonic, traits>;

/// Rows of activations: tensor<?xNxf32> (static row counts are allowed in tests).
def Trafo_Rows2D : ConfinedType<2DTensorOf<[F32]>,
                                [CPred<"!::llvm::cast<::mlir::ShapedType>($_self).isDynamicDim(1)">],
                                "2D tensor of f32 with static columns", "::mlir::RankedTensorType">;
def Trafo_Weight : Type<CPred<"::llvm::isa<::trafo::WeightType>($_self)">, "weight", "::trafo::WeightType">;
def Trafo_RowsHandle : Type<CPred<"::llvm::isa<::trafo::RowsType>($_self)">, "rows of a step", "::trafo::RowsType">,
                       BuildableType<"$_builder.getType<::trafo::RowsType>()">;
def Trafo_KV : Type<CPred<"::llvm::isa<::trafo::KVCacheType>($_self)">, "KV cache", "::trafo::KVCacheType">;

//===-- Weights and their recipes ----------------------------------------------------------------------------------===//

def Trafo_WeightOp : Trafo_Op<"weight", [Symbol, IsolatedFromAbove]> {
  let summary = "a weight: a symbol with a type and either a source or a recipe";
  let description = [{
    ```mlir
    trafo.weight @token_embd : !trafo.weight<49152x576xq8_0> from #trafo.file<"m.gguf", 1785664>
    trafo.weight @qkv : !trafo.weight<960x576xq4_1> recipe {
      %q = trafo.get @q : !trafo.weight<576x576xq4_1>
      %k = trafo.get @k : !trafo.weight<192x576xq4_1>
      %v = trafo.get @v : !trafo.weight<192x576xq4_1>
      %0 = trafo.concat %q, %k, %v : (!trafo.weight<576x576xq4_1>, !trafo.weight<192x576xq4_1>, !trafo.weight<192x576xq4_1>) -> !trafo.weight<960x576xq4_1>
      trafo.yield %0 : !trafo.weight<960x576xq4_1>
    }
    ```
    C1: exactly one of a source and a recipe. C2: the recipe yields one weight of this type. C3: a file source's path
    is not empty. C4: the source is a `#trafo.file`, `#trafo.random` or `#trafo.splat`. `offset` (bytes from the start of the packed weights) and `layout` are set by the packing plan.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Trafo_Weight>:$type, OptionalAttr<AnyAttr>:$source,
                       OptionalAttr<Trafo_LayoutAttr>:$layout, OptionalAttr<I64Attr>:$offset);
  let regions = (region MaxSizedRegion<1>:$recipe);
  let assemblyFormat = [{
    $sym_name `:` $type (`from` $source^)? (`layout` $layout^)? (`at` $offset^)? attr-dict (`recipe` $recipe^)?
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    ::trafo::WeightType getWeightType() { return ::llvm::cast<::trafo::WeightType>(getType()); }
  }];
}

def Trafo_GetOp : Trafo_Op<"get", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the value of a weight symbol; C1: the symbol names a trafo.weight of the result's type";
  let arguments = (ins FlatSymbolRefAttr:$weight);
  let results = (outs Trafo_Weight:$result);
  let assemblyFormat = "$weight attr-dict `:` type($result)";
}

def Trafo_YieldOp : Trafo_Op<"yield", [Pure, Terminator, HasParent<"WeightOp">]> {
  let summary = "ends a recipe";
  let arguments = (ins Trafo_Weight:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

def Trafo_ConcatOp : Trafo_Op<"concat", [Pure]> {
  let summary = "rows of several weights one after the other (vectors: elements)";
  let description = "C1: equal formats and columns. C2: the result's rows are the sum. C3: at least one weight.";
  let arguments = (ins Variadic<Trafo_Weight>:$inputs);
  let results = (outs Trafo_Weight:$result);
  let assemblyFormat = "$inputs attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Trafo_InterleaveOp : Trafo_Op<"interleave", [Pure]> {
  let summary = "rows of two weights in turns of `chunk` rows: a[0..chunk), b[0..chunk), a[chunk..2 chunk), ...";
  let description = "C1: equal types. C2: the rows are a multiple of chunk. C3: the result has twice the rows.";
  let arguments = (ins Trafo_Weight:$a, Trafo_Weight:$b, I64Attr:$chunk);
  let results = (outs Trafo_Weight:$result);
  let assemblyFormat = "$a `,` $b `by` $chunk attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Trafo_PairRowsOp : Trafo_Op<"pair_rows", [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "within each head of `head_size` rows, bring row i and row i + dims/2 (i < dims/2) to rows 2i, 2i + 1";
  let description = [{
    Turns a projection made for rope with `halves` pairing into one for `interleaved`; attention's dot products do not
    change when q and k are both permuted. Works on matrices (rows) and vectors (elements: biases).
    C1: rows are a multiple of head_size. C2: dims is even and at most head_size.
    C3: a vector has a float format.
  }];
  let arguments = (ins Trafo_Weight:$input, I64Attr:$head_size, I64Attr:$dims);
  let results = (outs Trafo_Weight:$result);
  let assemblyFormat = "$input `heads` $head_size `dims` $dims attr-dict `:` type($input)";
  let hasVerifier = 1;
}

def Trafo_PadRowsOp : Trafo_Op<"pad_rows", [Pure]> {
  let summary = "appends zero rows to each of `parts` equal parts (heads, say)";
  let description = [{
    Works on matrices (rows) and vectors (elements: biases).
    C1: same format and columns, at least as many rows. C2: rows of both are multiples of parts.
  }];
  let arguments = (ins Trafo_Weight:$input, DefaultValuedAttr<I64Attr, "1">:$parts);
  let results = (outs Trafo_Weight:$result);
  let assemblyFormat = "$input (`parts` $parts^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Trafo_ScaleOp : Trafo_Op<"scale", [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "every value times `factor`; C1: the format is a float format";
  let arguments = (ins Trafo_Weight:$input, F64Attr:$factor);
  let results = (outs Trafo_Weight:$result);
  let assemblyFormat = "$input `by` $factor attr-dict `:` type($input)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Trafo_QuantizeOp : Trafo_Op<"quantize", [Pure]> {
  let summary = "the same values in another storage format (rounding as GGUF's reference quantiser; floats to nearest even)";
  let description = "C1: equal shapes. C2: the result's format is f32, f16, bf16, q4_0, q4_1, q8_0 or i8_row.";
  let arguments = (ins Trafo_Weight:$input);
  let results = (outs Trafo_Weight:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Trafo_RopeTableOp : Trafo_Op<"rope_table", [Pure]> {
  let summary = "cosines and signed sines for interleaved rope, computed in double, rounded to f32";
  let description = [{
    Result `!trafo.weight<Px(2*H)xf32>`: row p holds for each element e of a head of size H = `head_size` first
    c[e] (H values), then s[e] (H values), so that `y[e] = x[e] * c[e] + x[e ^ 1] * s[e]`. With pair i = e / 2 and
    angle a = p * base^(-2i/dims) (scaled, divided by factors[i]): c = cos a, s = -sin a for even e, sin a for odd e;
    beyond `dims` c = 1, s = 0. C1: result has an even number of columns = 2 * head_size. C2: factors, if given, has
    dims/2 elements of f32.
  }];
  let arguments = (ins Trafo_RopeAttr:$rope, Optional<Trafo_Weight>:$factors);
  let results = (outs Trafo_Weight:$result);
  let assemblyFormat = "$rope (`factors` $factors^ `:` type($factors))? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

//===-- Ops as models are imported ---------------------------------------------------------------------------------===//

def Trafo_EmbeddingOp : Trafo_Op<"embedding", [Pure]> {
  let summary = "y[r, :] = scale * W[token(r), :]";
  let description = "C1: the result has the table's columns.";
  let arguments = (ins Trafo_RowsHandle:$rows, Trafo_Weight:$table, DefaultValuedAttr<F32Attr, "1.0f">:$scale);
  let results = (outs Trafo_Rows2D:$result);
  let assemblyFormat = "$rows `,` $table attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Trafo_RmsNormOp : Trafo_Op<"rms_norm", [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "y = x / sqrt(mean(x^2) + eps) * w, per row (Zhang and Sennrich 2019)";
  let description = "C1: weight is a vector of the input's columns. C2: eps > 0.";
  let arguments = (ins Trafo_Rows2D:$input, Trafo_Weight:$weight, F32Attr:$eps);
  let results = (outs Trafo_Rows2D:$result);
  let assemblyFormat = "$input `,` $weight `eps` $eps attr-dict `:` type($input) `,` type($weight)";
  let hasVerifier = 1;
}

def Trafo_LayerNormOp : Trafo_Op<"layer_norm", [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "y = (x - mean(x)) / sqrt(var(x) + eps) * w + b, per row (Ba et al. 2016)";
  let description = "C1: weight and bias are vectors of the input's columns. C2: eps > 0.";
  let arguments = (ins Trafo_Rows2D:$input, Trafo_Weight:$weight, Optional<Trafo_Weight>:$bias, F32Attr:$eps);
  let results = (outs Trafo_Rows2D:$result);
  let assemblyFormat = [{
    $input `,` $weight (`bias` $bias^ `:` type($bias))? `eps` $eps attr-dict `:` type($input) `,` type($weight)
  }];
  let hasVerifier = 1;
}

def Trafo_AddRmsNormOp : Trafo_Op<"add_rms_norm", [Pure, AllTypesMatch<["lhs", "rhs", "result"]>]> {
  let summary = "rms_norm(lhs + rhs); the sum itself is not kept";
  let description = "C1: weight is a vector of the input's columns. C2: eps > 0.";
  let arguments = (ins Trafo_Rows2D:$lhs, Trafo_Rows2D:$rhs, Trafo_Weight:$weight, F32Attr:$eps);
  let results = (outs Trafo_Rows2D:$result);
  let assemblyFormat = "$lhs `,` $rhs `,` $weight `eps` $eps attr-dict `:` type($lhs) `,` type($weight)";
  let hasVerifier = 1;
}

def Trafo_LinearOp : Trafo_Op<"linear", [Pure, Trafo_LinearLike]> {
  let summary = "y[r, n] = sum_k x[r, k] W[n, k] + b[n]";
  let description = [{
    `activation` is how x enters the sum (the op's numeric class); absent until trafo-assign-numerics has run.
    C1: x has the weight's columns. C2: the result has the weight's rows as columns. C3: bias is a vector of the weight's rows.
    C4: the result has the input's rows.
  }];
  let arguments = (ins Trafo_Rows2D:$input, Trafo_Weight:$weight, Optional<Trafo_Weight>:$bias,
                       OptionalAttr<Trafo_ActivationFormat>:$activation);
  let results = (outs Trafo_Rows2D:$result);
  let assemblyFormat = [{
    $input `,` $weight (`bias` $bias^ `:` type($bias))? (`via` $activation^)? attr-dict
    `:` type($input) `,` type($weight) `->` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = "::mlir::MutableOperandRange getLinearWeights() { return getWeightMutable(); }";
}

def Trafo_RopeOp : Trafo_Op<"rope", [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "rotates the heads of each row by the row's position";
  let description = "C1: columns are heads x head_size. C2: rope dims are even and at most head_size. C3: factors has dims/2 elements.";
  let arguments = (ins Trafo_Rows2D:$input, Trafo_RowsHandle:$rows, Optional<Trafo_Weight>:$factors, I64Attr:$heads,
                       I64Attr:$head_size, Trafo_RopeAttr:$rope);
  let results = (outs Trafo_Rows2D:$result);
  let assemblyFormat = [{
    $input `,` $rows (`factors` $factors^ `:` type($factors))? `heads` $heads `x` $head_size $rope attr-dict `:` type($input)
  }];
  let hasVerifier = 1;
}

def Trafo_KVWriteOp : Trafo_Op<"kv_write", [MemoryEffects<[MemWrite]>]> {
  let summary = "writes k and v of each row at the row's sequence and position, rounded to the cache's format";
  let description = "C1: k and v have kv heads x head size columns. C2: k and v have equal rows.";
  let arguments = (ins Trafo_KV:$cache, Index:$layer, Trafo_Rows2D:$key, Trafo_Rows2D:$value, Trafo_RowsHandle:$rows);
  let assemblyFormat = "$cache `[` $layer `]` `,` $key `,` $value `,` $rows attr-dict `:` type($cache) `,` type($key) `,` type($value)";
  let hasVerifier = 1;
}

def Trafo_AttentionOp : Trafo_Op<"attention", [MemoryEffects<[MemRead]>]> {
  let summary = "causal attention of each row over the positions of its sequence up to its own";
  let description = [{
    `y[r, h] = sum_p softmax_p(cap(scale * q[r, h] . K[p, h / (heads / kv_heads)])) V[p, ...]`, p from
    max(0, position(r) - window + 1) (window 0: from 0) to position(r); cap(s) = softcap * tanh(s / softcap), identity
    for softcap 0. Positions are reduced in blocks of 64 absolute positions, each with its own maximum, merged from
    the left (Milakov and Gimelshein 2018; Dao 2023). Where heads are padded, the result has fewer columns of each than the
    query: the first. C1: query columns are heads x head size, heads a multiple of the cache's. C2: window
    and softcap are not negative, scale is positive. C3: result columns are heads x at most head size.
  }];
  let arguments = (ins Trafo_Rows2D:$query, Trafo_KV:$cache, Index:$layer, Trafo_RowsHandle:$rows, I64Attr:$heads,
                       F32Attr:$scale, DefaultValuedAttr<I64Attr, "0">:$window, DefaultValuedAttr<F32Attr, "0.0f">:$softcap);
  let results = (outs Trafo_Rows2D:$result);
  let assemblyFormat = [{
    $query `,` $cache `[` $layer `]` `,` $rows `heads` $heads `scale` $scale attr-dict `:` type($query) `,` type($cache)
    custom<ResultUnlikeInput>(ref(type($query)), type($result))
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Columns of a head's result.
    int64_t keptColumns() { return getResult().getType().getDimSize(1) / static_cast<int64_t>(getHeads()); }
  }];
}

def Trafo_ActivationOp : Trafo_Op<"activation", [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "y = f(x), elementwise";
  let arguments = (ins Trafo_Function:$function, Trafo_Rows2D:$input);
  let results = (outs Trafo_Rows2D:$result);
  let assemblyFormat = "$function $input attr-dict `:` type($input)";
}

def Trafo_GatedMlpOp : Trafo_Op<"gated_mlp", [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "y = Wd (f(Wg x) * Wu x)   (Shazeer 2020)";
  let description = "C1: gate and up have equal shapes, x's columns as columns. C2: down is the transpose shape.";
  let arguments = (ins Trafo_Rows2D:$input, Trafo_Weight:$gate, Trafo_Weight:$up, Trafo_Weight:$down, Trafo_Function:$function);
  let results = (outs Trafo_Rows2D:$result);
  let assemblyFormat = "$function $input `,` $gate `,` $up `,` $down attr-dict `:` type($input) `,` type($gate) `,` type($up) `,` type($down)";
  let hasVerifier = 1;
}

def Trafo_MlpOp : Trafo_Op<"mlp", [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "y = Wd f(Wu x)";
  let description = "C1: up has x's columns as columns. C2: down is the transpose shape.";
  let arguments = (ins Trafo_Rows2D:$input, Trafo_Weight:$up, Trafo_Weight:$down, Trafo_Function:$function);
  let results = (outs Trafo_Rows2D:$result);
  let assemblyFormat = "$function $input `,` $up `,` $down attr-dict `:` type($input) `,` type($up) `,` type($down)";
  let hasVerifier = 1;
}

def Trafo_SelectRowsOp : Trafo_Op<"select_rows", [Pure]> {
  let summary = "the rows whose logits are wanted, in order; C1: equal columns";
  let arguments = (ins Trafo_Rows2D:$input, Trafo_RowsHandle:$rows);
  let results = (outs Trafo_Rows2D:$result);
  let assemblyFormat = "$input `,` $rows attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def Trafo_LmHeadOp : Trafo_Op<"lm_head", [Pure, Trafo_LinearLike]> {
  let summary = "logits[r, n] = sum_k x[r, k] W[n, k]; the table may be the embedding's (tied weights)";
  let description = "C1: x has the weight's columns. C2: the result has the weight's rows as columns. C3: the result has the input's rows.";
  let arguments = (ins Trafo_Rows2D:$input, Trafo_Weight:$weight, OptionalAttr<Trafo_ActivationFormat>:$activation);
  let results = (outs Trafo_Rows2D:$result);
  let assemblyFormat = "$input `,` $weight (`via` $activation^)? attr-dict `:` type($input) `,` type($weight) `->` type($result)";
  let hasVerifier = 1;
  let extraClassDeclaration = "::mlir::MutableOperandRange getLinearWeights() { return getWeightMutable(); }";
}

def Trafo_LayersOp : Trafo_Op<"layers", [AllTypesMatch<["input", "result"]>, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a schedule of layers one after the other";
  let description = [{
    A body is `func.func private @b(%x: tensor<?xNxf32>, %rows: !trafo.rows, %kv: !trafo.kv<...>, %layer: index,
    %slot...: !trafo.weight<...>) -> tensor<?xNxf32>`. Layer i gets %layer = i and the weights its `#trafo.layer`
    names. C1: each body exists and has that signature. C2: each layer fills all slots with weights of the slots' types.
    C3: at least one layer. C4: as many layers as the cache has.
  }];
  let arguments = (ins Trafo_Rows2D:$input, Trafo_RowsHandle:$rows, Trafo_KV:$cache,
                       TypedArrayAttrBase<Trafo_LayerAttr, "schedule">:$schedule);
  let results = (outs Trafo_Rows2D:$result);
  let assemblyFormat = "$input `,` $rows `,` $cache $schedule attr-dict `:` type($input) `,` type($cache)";
  let hasVerifier = 1;
}

//===-- Fused ops, made by passes/Fuse -----------------------------------------------------------------------------===//

def Trafo_QkvRopeOp : Trafo_Op<"qkv_rope", [MemoryEffects<[MemWrite]>, AttrSizedOperandSegments, Trafo_LinearLike]> {
  let summary = "the q, k and v projections of one input; q and k are rotated, k and v go to the KV cache, q is the result";
  let description = [{
    One weight is the concatenation q, k, v (rows), three are q, k and v. Rope is interleaved (trafo-pair-rope has run)
    or absent. `table` is a `trafo.rope_table` weight. C1: 1 or 3 weights with the input's columns and rows that add up
    to (heads + 2 kv heads) x head size. C2: biases, if any, are as many vectors of the weights' rows. C3: the table has
    2 x head size columns. C4: the result has heads x head size columns. C5: the result has the input's rows.
  }];
  let arguments = (ins Trafo_Rows2D:$input, Variadic<Trafo_Weight>:$weights, Variadic<Trafo_Weight>:$biases,
                       Optional<Trafo_Weight>:$table, Trafo_KV:$cache, Index:$layer, Trafo_RowsHandle:$rows,
                       I64Attr:$heads, OptionalAttr<Trafo_ActivationFormat>:$activation);
  let results = (outs Trafo_Rows2D:$query);
  let assemblyFormat = [{
    $input `weights` `(` $weights `:` type($weights) `)` (`biases` `(` $biases^ `:` type($biases) `)`)?
    (`table` $table^ `:` type($table))? `cache` $cache `[` $layer `]` `rows` $rows `heads` $heads (`via` $activation^)?
    attr-dict `:` type($input) `,` type($cache) `->` type($query)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = "::mlir::MutableOperandRange getLinearWeights() { return getWeightsMutable(); }";
}

def Trafo_GateUpOp : Trafo_Op<"gate_up", [Pure, AttrSizedOperandSegments, Trafo_LinearLike]> {
  let summary = "h = f(Wg x + bg) * (Wu x + bu)";
  let description = [{
    One weight holds gate and up interleaved by 16 rows (trafo.interleave), two are gate and up; so do the biases. C1: 1
    or 2 weights of the input's columns. C2: the result has half the rows of the one weight, or the rows of each of the
    two. C3: the result has the input's rows. C4: biases, if any, are as many vectors of the weights' rows.
  }];
  let arguments = (ins Trafo_Rows2D:$input, Variadic<Trafo_Weight>:$weights, Variadic<Trafo_Weight>:$biases,
                       Trafo_Function:$function, OptionalAttr<Trafo_ActivationFormat>:$activation);
  let results = (outs Trafo_Rows2D:$result);
  let assemblyFormat = [{
    $function $input `weights` `(` $weights `:` type($weights) `)` (`biases` `(` $biases^ `:` type($biases) `)`)?
    (`via` $activation^)? attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = "::mlir::MutableOperandRange getLinearWeights() { return getWeightsMutable(); }";
}

def Trafo_LinearAddOp : Trafo_Op<"linear_add", [Pure, AllTypesMatch<["residual", "result"]>, Trafo_LinearLike]> {
  let summary = "y = residual + W x + b";
  let description = "C1: x has the weight's columns. C2: the residual has the weight's rows as columns. C3: bias is a vector of the weight's rows. C4: the residual has the input's rows.";
  // The residual before the bias: result types are inferred by the operand's number.
  let arguments = (ins Trafo_Rows2D:$input, Trafo_Weight:$weight, Trafo_Rows2D:$residual, Optional<Trafo_Weight>:$bias,
                       OptionalAttr<Trafo_ActivationFormat>:$activation);
  let results = (outs Trafo_Rows2D:$result);
  let assemblyFormat = [{
    $input `,` $weight (`bias` $bias^ `:` type($bias))? `onto` $residual (`via` $activation^)? attr-dict
    `:` type($input) `,` type($weight) `->` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = "::mlir::MutableOperandRange getLinearWeights() { return getWeightMutable(); }";
}

#endif
