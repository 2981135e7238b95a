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
    "int64_t":$tile_tokens,              // rows of a step one micro-kernel handles at once
    "int64_t":$panel_rows,               // rows prepared (normalised, quantised) at once; their codes should fit L2
    "int64_t":$prefetch_bytes);          // how far ahead of a weight stream to prefetch; 0: not at all
  let assemblyFormat = "`<` struct(params) `>`";
}

/// Where things lie in the arena, known once trafo-assign-arena has run: the module attribute `plan.arena`.
def Plan_ArenaAttr : AttrDef<Plan_Dialect, "Arena"> {
  let mnemonic = "arena";
  let summary = "sizes and offsets (bytes) of the arena and the packed weights";
  let parameters = (ins "int64_t":$size, "int64_t":$weights_size, "int64_t":$logits_offset,
                        "int64_t":$logits_stride, // floats
                        "int64_t":$kv_offset, "int64_t":$kv_size, "int64_t":$kv_pages,
                        "int64_t":$barriers,      // of one step
                        "int64_t":$vocabulary, "int64_t":$layers,
                        "int64_t":$decode_bytes); // weight bytes a step of one row reads
  let assemblyFormat = "`<` struct(params) `>`";
}

#endif
