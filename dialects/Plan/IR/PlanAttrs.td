#ifndef PLAN_ATTRS_TD
#define PLAN_ATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "dialects/Plan/IR/PlanDialect.td"
include "dialects/Plan/IR/PlanEnums.td"

/// The numbers and yes/noes passes read instead of asking which target they serve: the module attribute `plan.target`,
/// filled by lib/Target/<T>.
def Plan_TargetAttr : AttrDef<Plan_Dialect, "Target"> {
  let mnemonic = "target";
  let summary = "what the machine offers, in numbers";
  let parameters = (ins
    StringRefParameter<>:$name,          // the tier: "x86-64-v3"
    StringRefParameter<>:$triple,        // "x86_64-unknown-linux-gnu", "nvptx64-nvidia-cuda"
    StringRefParameter<>:$cpu,           // for LLVM: "x86-64-v3", "znver3", "sm_90a"
    StringRefParameter<>:$features,      // for LLVM: "+avx2,+fma"
    "uint64_t":$cpu_bits,                // TRAFO_CPU_* of include/trafo/artifact.h
    "::trafo::plan::DotKind":$dot,
    "int64_t":$tile_tokens,              // rows of a step one micro-kernel handles at once, a power of two,
    "int64_t":$tile_groups,              // by this many tiles of 16 weight rows
    "int64_t":$panel_rows,               // rows prepared (normalised, quantised) at once; their codes should fit L2
    "int64_t":$prefetch_bytes,           // how far ahead of a weight stream to prefetch; 0: not at all
    // the forms in which its matmul library is fastest with floats, and exact with int8 by rows; none: it has no library
    DefaultValuedParameter<"::trafo::plan::LibraryForm", "::trafo::plan::LibraryForm::None">:$library,
    DefaultValuedParameter<"::trafo::plan::LibraryForm", "::trafo::plan::LibraryForm::None">:$int8_library,
    // rows of float panels one micro-kernel handles at once, by one tile, and queries of attention by 16 positions: their
    // f32 sums stay in registers
    DefaultValuedParameter<"int64_t", "4">:$float_tokens,
    // rows of bf16_g32 panels one micro-kernel handles at once, by one tile: two chains of sums each stay in registers
    DefaultValuedParameter<"int64_t", "2">:$pair_tokens);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

/// A pool of pages of the KV cache: entries of plan.arena's `pools`, the n-th of which goes by the step's n-th page table.
def Plan_PoolAttr : AttrDef<Plan_Dialect, "Pool"> {
  let mnemonic = "pool";
  let summary = "pages that hold keys and values of some layers";
  let parameters = (ins "int64_t":$offset, "int64_t":$size, // bytes, in the arena
                        "int64_t":$pages,
                        "::mlir::DenseI64ArrayAttr":$layers, // whose keys and values each page holds, in this order
                        DefaultValuedParameter<"int64_t", "0">:$window); // positions that rows see there at most; 0: all
  let assemblyFormat = "`<` struct(params) `>`";
}

/// Where things lie in the arena, known once trafo-assign-arena has run: the module attribute `plan.arena`.
def Plan_ArenaAttr : AttrDef<Plan_Dialect, "Arena"> {
  let mnemonic = "arena";
  let summary = "sizes and offsets (bytes) of the arena and the packed weights";
  let parameters = (ins "int64_t":$size, "int64_t":$weights_size, "int64_t":$logits_offset,
                        "int64_t":$logits_stride, // floats
                        "int64_t":$kv_offset, "int64_t":$kv_size, // of all pools
                        "::mlir::ArrayAttr":$pools,
                        "int64_t":$barriers,      // of one step
                        "int64_t":$vocabulary, "int64_t":$layers,
                        "int64_t":$decode_bytes,  // weight bytes a step of one row reads
                        DefaultValuedParameter<"int64_t", "0">:$logits_maxima); // float of a row that maxima of 16 begin at; 0: none
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

/// What one run of a stage reads and computes, counted by trafo-count-costs: entries of the module attribute `plan.costs`.
def Plan_CostAttr : AttrDef<Plan_Dialect, "Cost"> {
  let mnemonic = "cost";
  let summary = "bytes and multiplications of a stage, in terms of a step's rows and positions";
  let parameters = (ins
    StringRefParameter<>:$stage,
    StringRefParameter<>:$numbers,     // its numeric class: "i8_g32 x q4_1", "f32"
    "int64_t":$runs,                   // in one step
    "int64_t":$weight_bytes,           // packed weights, read whole once a run
    "int64_t":$row_bytes,              // of tables, per row of the step
    "int64_t":$row_multiplies,         // multiply-adds per row
    "int64_t":$position_bytes,         // of the KV cache, per position that a sequence's rows see
    "int64_t":$position_multiplies,    // multiply-adds per row and position it sees
    "int64_t":$window,                 // most positions a row sees; 0: all
    "bool":$of_outputs,                // rows are those whose logits are wanted
    DefaultValuedParameter<"bool", "false">:$library); // a matmul library computes its products, in an order of its own
  let assemblyFormat = "`<` struct(params) `>`";
}

/// How fast steps of some rows contract weights of a format on a road, as `trafo tune` measured it on a machine of the
/// target's tier: entries of the module attribute `plan.rates`. docs/decisions/0010 says how a time follows.
def Plan_RateAttr : AttrDef<Plan_Dialect, "Rate"> {
  let mnemonic = "rate";
  let summary = "a measured rate of contractions";
  let parameters = (ins
    StringRefParameter<>:$weights,     // their storage format: "q4_1"
    "bool":$library,                   // by the machine's matmul library; else by generated code
    "int64_t":$rows,                   // of the step
    "int64_t":$mb_per_second,          // weights read
    "int64_t":$mmul_per_second,        // 1e6 multiply-adds a second
    "int64_t":$call_ns);               // what a contraction takes whatever its size
  let assemblyFormat = "`<` struct(params) `>`";
}

/// The road of a contraction and what both would take: entries of the module attribute `plan.roads`, in order.
def Plan_RoadAttr : AttrDef<Plan_Dialect, "Road"> {
  let mnemonic = "road";
  let summary = "who computes a contraction, and why";
  let parameters = (ins
    StringRefParameter<>:$stage,
    "::trafo::WeightType":$weight,
    "bool":$library,                   // the machine's matmul library does; else generated code
    StringRefParameter<>:$reason,
    "int64_t":$prompt_rows,            // of a step that reads a prompt; the times are those of one and of so many rows,
    "int64_t":$generated_row_ns,       // 0 where nobody measured the rates
    "int64_t":$generated_prompt_ns,
    "int64_t":$library_row_ns,
    "int64_t":$library_prompt_ns);
  let assemblyFormat = "`<` struct(params) `>`";
}

/// Where workers of an instrumented step leave their time stamps: the module attribute `plan.profile`.
def Plan_ProfileAttr : AttrDef<Plan_Dialect, "Profile"> {
  let mnemonic = "profile";
  let summary = "the log of time stamps in the arena: one i64 (index of the next stamp), then two stamps per run";
  let parameters = (ins
    "int64_t":$offset,                          // of worker 0's log in the arena
    "int64_t":$stride,                          // bytes to the next worker's
    "::mlir::DenseI64ArrayAttr":$stages,        // per run, in order: index into plan.costs
    "::mlir::DenseI64ArrayAttr":$layers);       // per run: the layer, -1 outside layers
  let assemblyFormat = "`<` struct(params) `>`";
}

#endif
