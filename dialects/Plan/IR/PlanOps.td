#ifndef PLAN_OPS_TD
#define PLAN_OPS_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/Trafo/IR/TrafoTypes.td"
include "dialects/Trafo/IR/TrafoAttrs.td"
include "dialects/Plan/IR/PlanAttrs.td"

class Plan_Op<string mnemonic, list<Trait> traits = []> : Op<Plan_Dialect, mnemonic, traits>;

def Plan_Weight : Type<CPred<"::llvm::isa<::trafo::WeightType>($_self)">, "weight", "::trafo::WeightType">;
def Plan_LlvmPtr : Type<CPred<"::llvm::isa<::mlir::LLVM::LLVMPointerType>($_self)">, "LLVM pointer">;
def Plan_Vec16 : Type<CPred<"$_self == ::mlir::VectorType::get({16}, ::mlir::Float32Type::get($_self.getContext()))">, "vector<16xf32>",
                      "::mlir::VectorType">, BuildableType<"::mlir::VectorType::get({16}, $_builder.getF32Type())">;

//===-- Rows prepared for a contraction ----------------------------------------------------------------------------===//

def Plan_PanelType : TypeDef<Plan_Dialect, "Panel"> {
  let mnemonic = "panel";
  let summary = "up to `rows` rows of `cols` activations, prepared for a contraction, private to a worker";
  let description = [{
    `!plan.panel<64x576xi8_g32>`: int8 codes [rows, cols], f32 scale d, f32 d * sum(codes) and i32 sum(codes) per group
    of 32. `i8x2_g32`: codes of 16 bits, q = 255 * first + second digit; two rows of digits for each.
    `i8_row`: codes [rows, cols], of a row one scale and one sum of its codes.
    `f32`: the values themselves. `bf16`, `bf16_g32`: the values, each rounded to the nearest (ties to even).
  }];
  let parameters = (ins "int64_t":$rows, "int64_t":$cols, "::trafo::ActivationFormat":$format);
  let hasCustomAssemblyFormat = 1;
}
def Plan_Panel : Type<CPred<"::llvm::isa<::trafo::plan::PanelType>($_self)">, "panel", "::trafo::plan::PanelType">;

//===-- Buffers and weights ----------------------------------------------------------------------------------------===//

def Plan_BufferOp : Plan_Op<"buffer", [Symbol]> {
  let summary = "a piece of the arena; `private`: one for each worker";
  let description = [{
    The step's logits are the first `logits` floats of each row of a buffer. Where it says `logits_maxima`, there begins in
    the row the greatest of each 16 logits (NaN where one of them is not finite); other floats mean nothing.

    A buffer with `cached_layers` is a pool of pages of the KV cache (see plan.kv_store), which holds keys and values of
    these layers, in this order. With `window` a sequence keeps there what rows of a step see that look back over so many
    positions, else all. Of each kind a module has one at most; the step has a page table for each, for that of all
    positions first.
    C1: a static shape with identity layout. C2: an offset, once assigned, is a multiple of 64. C3: `logits` is of rows of
    so many f32. C4: `logits_maxima` lies past the logits and leaves room for one of each 16. C5: a pool has the dimensions
    of a cache, of as many layers as `cached_layers`. C6: `window` is a pool's and above 0.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyMemRef>:$type, UnitAttr:$is_private,
                       OptionalAttr<I64Attr>:$offset, OptionalAttr<I64Attr>:$stride, OptionalAttr<I64Attr>:$logits,
                       OptionalAttr<I64Attr>:$logits_maxima, OptionalAttr<DenseI64ArrayAttr>:$cached_layers,
                       OptionalAttr<I64Attr>:$window);
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name, "::mlir::MemRefType":$type, CArg<"bool", "false">:$isPrivate), [{
    build($_builder, $_state, name, type, isPrivate, /*offset=*/nullptr, /*stride=*/nullptr, /*logits=*/nullptr,
          /*logits_maxima=*/nullptr, /*cached_layers=*/nullptr, /*window=*/nullptr);
  }]>];
  let assemblyFormat = "(`private` $is_private^)? $sym_name `:` $type (`at` $offset^)? (`stride` $stride^)? attr-dict";
  let hasVerifier = 1;
}

def Plan_RefOp : Plan_Op<"ref", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the memory of a buffer (a private one: this worker's); C1: the symbol names a plan.buffer of this type";
  let arguments = (ins FlatSymbolRefAttr:$buffer);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$buffer attr-dict `:` type($result)";
}

def Plan_WeightOp : Plan_Op<"weight", [Pure]> {
  let summary = "a weight: of a symbol, or of a slot of the layer that the stage runs for";
  let description = "C1: exactly one of symbol and slot.";
  let arguments = (ins OptionalAttr<FlatSymbolRefAttr>:$symbol, OptionalAttr<I64Attr>:$slot, Optional<Index>:$layer);
  let results = (outs Plan_Weight:$result);
  let assemblyFormat = "($symbol^)? (`slot` $slot^ `of` $layer)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Plan_LoadOp : Plan_Op<"load", [Pure]> {
  let summary = "16 neighbouring values of an unpacked f32 weight, from element `index` on (row-major)";
  let description = "C1: the weight's format is f32.";
  let arguments = (ins Plan_Weight:$weight, Index:$index);
  let results = (outs Plan_Vec16:$result);
  let assemblyFormat = "$weight `[` $index `]` attr-dict `:` type($weight)";
  let hasVerifier = 1;
}

def Plan_AddressOp : Plan_Op<"address", [Pure]> {
  let summary = "where a packed weight begins in the packed weights, in bytes";
  let arguments = (ins Plan_Weight:$weight);
  let results = (outs Index:$offset);
  let assemblyFormat = "$weight attr-dict `:` type($weight)";
}

def Plan_PackedOp : Plan_Op<"packed", [Pure]> {
  let summary = "the packed weights of the model, as bytes";
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Plan_PoolLayerOp : Plan_Op<"pool_layer", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "where a pool holds a layer's keys and values: its number among the pool's layers";
  let description = "C1: the symbol names a pool of the KV cache. The stage is run for layers of the pool only.";
  let arguments = (ins FlatSymbolRefAttr:$pool, Index:$layer);
  let results = (outs Index:$result);
  let assemblyFormat = "$pool `[` $layer `]` attr-dict";
}

//===-- What a worker may ask --------------------------------------------------------------------------------------===//

def Plan_RowsOp : Plan_Op<"rows", [Pure]> {
  let summary = "R, the rows of this step";
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
}
def Plan_OutputCountOp : Plan_Op<"output_count", [Pure]> {
  let summary = "the number of rows whose logits are wanted";
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
}
def Plan_ShareOp : Plan_Op<"share", [Pure]> {
  let summary = "this worker's contiguous share [begin, end) of `count` units: begin = count * worker / workers";
  let arguments = (ins Index:$count);
  let results = (outs Index:$begin, Index:$end);
  let assemblyFormat = "$count attr-dict";
}
def Plan_WorkerOp : Plan_Op<"worker", [Pure]> {
  let summary = "this worker's number and the number of workers";
  let results = (outs Index:$worker, Index:$workers);
  let assemblyFormat = "attr-dict";
}
def Plan_ArgOp : Plan_Op<"arg", [Pure]> {
  let summary = "an array of the step: tokens, positions, sequences, outputs (i32 per row) or pages (i32 [pools x sequences, pages])";
  let description = "C1: the name is one of the five.";
  let arguments = (ins StrAttr:$name);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$name attr-dict `:` type($result)";
  let hasVerifier = 1;
}

//===-- Work inside a stage ----------------------------------------------------------------------------------------===//

def Plan_PrepareOp : Plan_Op<"prepare", [AttrSizedOperandSegments, MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "rows [first, first + count) of `source`, normalised and brought to the panel's format";
  let description = [{
    With `map`, row i is `source[map[first + i]]` (the rows whose logits are wanted). Sums of squares run in 16 lanes
    over columns, the lanes are then added in halves (8, 4, 2, 1). i8_g32: d = amax / 127, q = roundeven(x * (1 / d)); i8_row the same
    with the amax of the row.
    C1: weight iff normalised, a vector of the source's columns. C2: int8 and bf16_g32 panels need a multiple of 32 columns.
    C3: the panel has at most the source's columns.
  }];
  let arguments = (ins AnyMemRef:$source, Index:$first, Index:$count, Optional<AnyMemRef>:$map,
                       Plan_Norm:$norm, Optional<Plan_Weight>:$weight, Optional<Plan_Weight>:$bias,
                       DefaultValuedAttr<F32Attr, "0.0f">:$eps);
  let results = (outs Plan_Panel:$panel);
  let assemblyFormat = [{
    $norm $source `[` $first `,` $count `]` (`map` $map^ `:` type($map))? (`weight` $weight^ `:` type($weight))?
    (`bias` $bias^ `:` type($bias))? attr-dict `:` type($source) `->` type($panel)
  }];
  let hasVerifier = 1;
}

def Plan_ContractOp : Plan_Op<"contract", [RecursiveMemoryEffects, SingleBlock]> {
  let summary = "the panel's rows times units [begin, end) of a weight; the body stores each result";
  let description = [{
    A unit is `groups` tiles of 16 weight rows. For every panel row and unit the body runs once with the row's number
    in the panel, the unit, and per tile a vector of 16 sums (the numeric class is the panel's format).
    C1: the panel has the weight's columns. C2: the body's arguments are two indices and `groups` vector<16xf32>.
    C3: f32 and bf16 panels contract any format, bf16_g32 panels bf16, int8 panels formats with groups of 32 that have a block rule, i8_row
    panels those whose block is the row.
    `library` is the road: absent, the sums are computed by generated code; else by the machine's matmul library, which
    takes its operands in that form. C4: panel and weight are both f32, or both bf16 for bf16_tiles, or both i8_row for
    i8_rows and u7_rows; the columns are a multiple of 16 (of 32 where they are not f32), and so are the rows for forms of
    rows; sums of codes stay below 2^24, up to which the library's are exact.
  }];
  let arguments = (ins Plan_Panel:$panel, Index:$count, Plan_Weight:$weight, Index:$begin, Index:$end, I64Attr:$groups,
                       OptionalAttr<Plan_Library>:$library);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $panel `rows` $count `,` $weight `units` $begin `to` $end `groups` $groups (`library` $library^)? attr-dict `:` type($panel) `,` type($weight) $body
  }];
  let hasVerifier = 1;
}

def Plan_EndOp : Plan_Op<"end", [Terminator, Pure]> {
  let summary = "ends a body";
  let assemblyFormat = "attr-dict";
}

def Plan_FunctionOp : Plan_Op<"function", [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "an activation function of a vector, by the project's own exp (Cephes, two-part reduction)";
  let arguments = (ins Trafo_Function:$function, AnyVectorOfAnyRank:$input);
  let results = (outs AnyVectorOfAnyRank:$result);
  let assemblyFormat = "$function $input attr-dict `:` type($input)";
}

def Plan_EmbedOp : Plan_Op<"embed", [MemoryEffects<[MemWrite]>]> {
  let summary = "dest[r, :] = scale * table[token(r), :] for this worker's share of the rows";
  let arguments = (ins Plan_Weight:$table, Arg<AnyMemRef, "", [MemWrite]>:$dest, DefaultValuedAttr<F32Attr, "1.0f">:$scale);
  let assemblyFormat = "$table `to` $dest attr-dict `:` type($table) `,` type($dest)";
}

def Plan_KVStoreOp : Plan_Op<"kv_store", [MemoryEffects<[MemWrite]>]> {
  let summary = "16 neighbouring elements of k or v of one row into the cache, as finite numbers of its format";
  let description = [{
    The pool is `memref<layers x pages x heads x 2 x (64 * head size) x element>`, of f32, f16 or bf16: k of a page is
    [head size][64 positions], v is [64 positions][head size]. `element` counts over heads x head size. What lies outside
    the format's finite range becomes the nearest bound, and what is not a number the lower one.
    C1: the cache is such a pool.
  }];
  let arguments = (ins Plan_Vec16:$value, Arg<AnyMemRef, "", [MemWrite]>:$cache, Index:$layer, Index:$row, Index:$element,
                       I64Attr:$head_size, BoolAttr:$is_key);
  let assemblyFormat = "$value `,` $cache `[` $layer `,` $row `,` $element `]` attr-dict `:` type($cache)";
  let hasVerifier = 1;
}

def Plan_KVQuantizeOp : Plan_Op<"kv_quantize", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "k or v of all rows into the cache as int8 codes and scales, each head by the worker that completes it";
  let description = [{
    The pool is `memref<layers x pages x heads x 2 x (64 * (head size + 4 * groups)) x i8>`: codes of k and v lie as floats
    do (see plan.kv_store), behind them the bytes of f32 scales [groups][64 positions]. A group are `head size / groups`
    neighbouring elements x of a head: `scale = amax / 127`, `code = roundeven(x / scale)` within [-127, 127], 0 where the
    scale is 0. What is not finite becomes the nearest finite f32, and what is not a number the least.

    `source` holds the rows in f32; units [begin, end) of it, of 16 columns, are what this worker has stored. Workers whose
    units are one head's meet, and the last to come reads the others'; so a head's codes do not depend on who made them.
    C1: the cache is such a pool, with groups of a multiple of 16. C2: the source has heads x head size columns.
  }];
  let arguments = (ins Arg<AnyMemRef, "", [MemRead]>:$source, Index:$begin, Index:$end,
                       Arg<AnyMemRef, "", [MemWrite]>:$cache, Index:$layer, I64Attr:$head_size, BoolAttr:$is_key);
  let assemblyFormat = [{
    $source `units` $begin `to` $end `,` $cache `[` $layer `]` attr-dict `:` type($source) `,` type($cache)
  }];
  let hasVerifier = 1;
}

def Plan_AttentionOp : Plan_Op<"attention", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "causal attention of all rows";
  let description = [{
    Blocks of 64 absolute positions, each with its own maximum, merged from the left (see trafo.attention). C1: query
    is [rows, heads x head size], dest [rows, heads x `kept`], the first columns of each head's result (0: all). C2: the
    cache is a pool of kv_heads, of floats (plan.kv_store) or of codes (plan.kv_quantize). Of codes, a score is the product
    of query and codes times the scale of the position's key, and a value's scale is a factor of its weight.
  }];
  let arguments = (ins Arg<AnyMemRef, "", [MemRead]>:$query, Arg<AnyMemRef, "", [MemRead]>:$cache, Index:$layer,
                       Arg<AnyMemRef, "", [MemWrite]>:$dest, I64Attr:$heads, I64Attr:$kv_heads,
                       I64Attr:$head_size, F32Attr:$scale,
                       DefaultValuedAttr<I64Attr, "0">:$window, DefaultValuedAttr<F32Attr, "0.0f">:$softcap,
                       DefaultValuedAttr<I64Attr, "0">:$kept);
  let assemblyFormat = "$query `,` $cache `[` $layer `]` `to` $dest attr-dict `:` type($query) `,` type($cache) `,` type($dest)";
  let extraClassDeclaration = [{
    int64_t keptColumns() { return getKept() > 0 ? getKept() : getHeadSize(); }
  }];
  let hasVerifier = 1;
}

//===-- The program ------------------------------------------------------------------------------------------------===//

def Plan_StageOp : Plan_Op<"stage", [Symbol, SingleBlock]> {
  let summary = "work between two barriers, the same for every worker";
  let description = [{
    The body has one argument, the layer (0 outside layers), and ends in plan.end. C1: one index argument.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

def Plan_StepOp : Plan_Op<"step", [Symbol, SingleBlock]> {
  let summary = "the stages of a step in order; the module has one";
  let description = "C1: the body holds plan.run, plan.barrier and at most one plan.layers.";
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

def Plan_RunOp : Plan_Op<"run", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a stage; C1: the symbol names a plan.stage";
  let arguments = (ins FlatSymbolRefAttr:$stage, Optional<Index>:$layer);
  let assemblyFormat = "$stage (`layer` $layer^)? attr-dict";
}

def Plan_BarrierOp : Plan_Op<"barrier", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "every worker waits for all others; before trafo-tile without operands, after it with the step's barrier";
  let description = "C1: no operands, or two: the barrier's function and its state.";
  let arguments = (ins Variadic<Plan_LlvmPtr>:$call);
  let assemblyFormat = "($call^ `:` type($call))? attr-dict";
  let hasVerifier = 1;
}

def Plan_LayersOp : Plan_Op<"layers", [RecursiveMemoryEffects]> {
  let summary = "runs the layers: layer i runs body region `schedule[i].body`, in order";
  let description = [{
    `bodies` names the regions; `schedule` is that of trafo.layers: per layer its body and the weight of each slot.
    C1: as many regions as bodies, each with one index argument. C2: each layer's body is one of them.
  }];
  let arguments = (ins ArrayAttr:$bodies, ArrayAttr:$schedule);
  let regions = (region VariadicRegion<SizedRegion<1>>:$regions);
  let assemblyFormat = "$bodies `schedule` $schedule attr-dict-with-keyword `do` $regions";
  let hasVerifier = 1;
}

//===-- What Tile leaves to the target -----------------------------------------------------------------------------===//

def Plan_BlockContractOp : Plan_Op<"block_contract", [AttrSizedOperandSegments, MemoryEffects<[MemRead]>]> {
  let summary = "groups x 16 weight rows by T activation rows by one block: the arithmetic of a storage format";
  let description = [{
    `sums` are groups x tokens vectors (tile-major: group 0's tokens first); lane r of a vector is weight row r of the
    tile. `weights[offset]` is the tile's block in `layout` (see #trafo.layout); tile g's is `group_stride` bytes further
    each.

    i8_g32, block of 32 columns c, with weight codes w, scales d_w (and minima m_w), activation codes a, scale d_a,
    s_a = d_a * sum(a):
    ```
    I[r, t]   = sum_c w[r, c] * a[t, c]                      (exact, int32)
    sums[r,t] = fma(m_w[r], s_a[t], sums[r, t])              (formats with a minimum)
    sums[r,t] = fma(float(I[r, t]), d_w[r] * d_a[t], sums[r, t])
    ```
    i8_row, the whole row: the same with one scale d_a. i8x2_g32: the same with codes of two digits; float(I) is rounded
    once, from 255 times I of the first digits plus I of the second.

    i8_g32, super-block of 256 columns, with integer scales k_w (and minima n_w) of its groups j of 16 or 32 columns;
    i are the activations' groups of 32, in ascending order:
    ```
    I[r,t,i]  = sum_(j in i) k_w[r, j] * sum_(c in j) w[r, c] * a[t, c]        (exact, int32)
    P[r, t]   = fma(float(I[r, t, i]), d_a[t, i], P[r, t])                     (from 0)
    N[r, t]   = fma(float(n_w[r, j]), s_a[t, i], N[r, t])                      (from 0; groups of 32)
    N[r, t]   = fma(float(sum_(j in i) n_w[r, j] * sum_(c in j) a[t, c]), d_a[t, i], N[r, t])  (groups of 16)
    sums[r,t] = fma(-m_w[r], N[r, t], sums[r, t])            (formats with a minimum)
    sums[r,t] = fma(d_w[r], P[r, t], sums[r, t])
    ```
    f32 and bf16, block of `columns` columns: `sums[r, t] = fma(float(w[r, c]), float(x[t, c]), sums[r, t])`, c ascending.

    bf16_g32, groups of 32 columns in ascending order, c the even columns of the group in ascending order:
    ```
    p0[r, t]  = fma(w[r, c], x[t, c], p0[r, t])              (from 0)
    p1[r, t]  = fma(w[r, c + 1], x[t, c + 1], p1[r, t])      (from 0)
    sums[r,t] = sums[r, t] + (p0[r, t] + p1[r, t])
    ```
    which is what TDPBF16PS does for 32 columns (Intel SDM volume 2, TDPBF16PS), but that it takes denormal inputs and
    results for zero: with those alone may machines differ.

    Activations: row `row + t`, columns from `column`. For f32, bf16 and bf16_g32 `acts` is [rows, columns]. For i8_g32 `acts` are the
    codes [tiles, groups of 32, rows of a tile, 32], scales d_a and scaled sums s_a [tiles, groups, rows of a tile], and sums
    of 16 codes each [tiles, groups, rows of a tile, 2] (i16); i8_row has one d_a for a row, and for s_a the sum of all
    codes (i32); `row` counts over tiles and is a multiple of the tokens, so
    that they share a tile. i8x2_g32 has two rows a token, its first and its second digits, which `row` counts; d_a and s_a
    are at the first. Its codes themselves stand in two more buffers: [tiles, groups, tokens of a tile, 32] (i16), of each
    four columns 0, 2, 1, 3, and their sums [tiles, groups, tokens of a tile] (i32).
    `prefetch`, where not 0, says how many bytes ahead of the block the machine shall begin to read while it works on this
    one.
    C1: groups * tokens sums, as many results. C2: four activation buffers for int8, six for i8x2_g32, one for
    floats.
    C3: the format is a storage format, and the layout can hold it in tiles of 16 rows; codes in lanes of 4, in planes or
    biased by 128, one block of them. C4: the rows of int8 tokens divide those of a tile. C5: the format
    is one that the activations can be multiplied with: a block that is the row with i8_row, and nothing else with it;
    bf16 with bf16_g32. C6: bf16_g32 takes lanes of 2 and a multiple of 32 columns.
  }];
  let arguments = (ins Variadic<Plan_Vec16>:$sums, AnyMemRef:$weights, Index:$offset, Variadic<AnyMemRef>:$acts, Index:$row,
                       Index:$column, StrAttr:$format, Trafo_LayoutAttr:$layout, Trafo_ActivationFormat:$activation, I64Attr:$groups, I64Attr:$tokens,
                       I64Attr:$columns, I64Attr:$group_stride, DefaultValuedAttr<I64Attr, "0">:$prefetch);
  let results = (outs Variadic<Plan_Vec16>:$results);
  let assemblyFormat = [{
    $format $layout $activation `groups` $groups `tokens` $tokens `columns` $columns `stride` $group_stride (`prefetch` $prefetch^)?
    `sums` `(` $sums `:` type($sums) `)` `weights` $weights `[` $offset `]` `:` type($weights)
    `acts` `(` $acts `:` type($acts) `)` `[` $row `,` $column `]` attr-dict `->` type($results)
  }];
  let hasVerifier = 1;
}

def Plan_LibraryMatmulOp : Plan_Op<"library_matmul", [AttrSizedOperandSegments, MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "a matrix product that the machine's matmul library computes";
  let description = [{
    `out[r, c] = sum_k x[r, k] * w[c, k]` for r < rows and c < columns, where `weights[offset]` begins the numbers of the
    first of the weight rows c: of floats in f32, the order of summation being the library's, of int8 exactly in i32. Rows of
    x and out past `rows` may be read and written: a library whose bits depend on the number of rows is called with more.
    `call` is absent until the step is outlined, then the table of the library (trafo_library_t) and the worker.
    C1: x is [R, depth] of f32, bf16 or i8 as the form says (u7_rows: none below zero), out [R, C] of f32, or i32 for i8.
    C2: depth is a multiple of 16, of 32 where x is not f32, and C of 16. C3: the form is not none. C4: the table and the
    worker come together.
  }];
  let arguments = (ins Plan_Library:$form, AnyMemRef:$x, Index:$rows, AnyMemRef:$weights, Index:$offset, Index:$columns,
                       AnyMemRef:$out, Optional<Plan_LlvmPtr>:$table, Optional<Index>:$worker);
  let assemblyFormat = [{
    $form $x `rows` $rows `weights` $weights `[` $offset `]` `columns` $columns `to` $out
    (`call` $table^ `:` type($table))? (`worker` $worker^)? attr-dict `:` type($x) `,` type($weights) `,` type($out)
  }];
  let hasVerifier = 1;
}

#endif
