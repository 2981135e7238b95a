// The form of a decoder after each of the first three stages, as docs/decisions/0002 states it.
// RUN: trafo-opt %S/Inputs/tiny.mlir -trafo-normalize-pipeline -o %t.normalize.mlir
// RUN: FileCheck %s --check-prefix=NORMALIZE < %t.normalize.mlir
// RUN: trafo-opt %t.normalize.mlir -trafo-fuse-pipeline -o %t.fuse.mlir
// RUN: FileCheck %s --check-prefix=FUSE < %t.fuse.mlir
// RUN: trafo-opt %t.fuse.mlir -trafo-quantize-pipeline | FileCheck %s --check-prefix=QUANTIZE
// In one go as stage by stage.
// RUN: trafo-opt %S/Inputs/tiny.mlir -trafo-normalize-pipeline -trafo-fuse-pipeline | diff %t.fuse.mlir -
// Options reach the passes.
// RUN: trafo-opt %S/Inputs/tiny-bf16.mlir -trafo-normalize-pipeline -trafo-fuse-pipeline '-trafo-quantize-pipeline=weights=q4_1' | FileCheck %s --check-prefix=WEIGHTS
// RUN: trafo-opt %S/Inputs/tiny-bf16.mlir -trafo-normalize-pipeline -trafo-fuse-pipeline '-trafo-quantize-pipeline=bf16-activations' | FileCheck %s --check-prefix=BF16

// NORMALIZE-LABEL: func private @decoder
// NORMALIZE-NEXT:    trafo.rms_norm
// NORMALIZE-NEXT:    trafo.linear
// NORMALIZE-NEXT:    trafo.linear
// NORMALIZE-NEXT:    trafo.linear
// NORMALIZE-NEXT:    trafo.rope
// NORMALIZE-NEXT:    trafo.rope
// NORMALIZE-NEXT:    trafo.kv_write
// NORMALIZE-NEXT:    trafo.attention
// NORMALIZE-NEXT:    trafo.linear
// NORMALIZE-NEXT:    arith.addf
// NORMALIZE-NEXT:    trafo.rms_norm
// NORMALIZE-DAG:     trafo.activation silu
// NORMALIZE:         arith.mulf
// NORMALIZE-NEXT:    trafo.linear
// NORMALIZE-NEXT:    arith.addf
// NORMALIZE-NEXT:    return

// FUSE-COUNT-2:   trafo.weight @blk.{{.}}.attn_q.weight.qkv
// FUSE:           trafo.weight @rope_table : !trafo.weight<128x32xf32>
// FUSE-LABEL: func private @decoder
// FUSE-NEXT:    trafo.rms_norm
// FUSE-NEXT:    trafo.qkv_rope
// FUSE-NEXT:    trafo.attention
// FUSE-NEXT:    trafo.linear_add
// FUSE-NEXT:    trafo.rms_norm
// FUSE-NEXT:    trafo.gate_up
// FUSE-NEXT:    trafo.linear_add
// FUSE-NEXT:    return
// FUSE-NOT:   via

// QUANTIZE-LABEL: func private @decoder
// QUANTIZE:         trafo.qkv_rope {{.*}} via i8_g32
// QUANTIZE:         trafo.linear_add {{.*}} via i8_g32
// QUANTIZE:         trafo.gate_up {{.*}} via i8_g32
// QUANTIZE:         trafo.linear_add {{.*}} via i8_g32
// QUANTIZE-LABEL: func @step
// QUANTIZE:         trafo.lm_head {{.*}} via i8x2_g32

// WEIGHTS:      trafo.weight @token_embd.weight.q8_0 : !trafo.weight<100x64xq8_0>
// WEIGHTS:      trafo.weight @blk.0.attn_q.weight.qkv.q4_1 : !trafo.weight<128x64xq4_1>
// WEIGHTS-LABEL: func private @decoder
// WEIGHTS:         trafo.qkv_rope {{.*}}weights(%{{.*}} : !trafo.weight<128x64xq4_1>){{.*}} via i8_g32
// WEIGHTS-LABEL: func @step
// WEIGHTS:         trafo.embedding {{.*}}xq8_0>
// WEIGHTS:         trafo.lm_head {{.*}} via i8x2_g32 {{.*}}xq8_0>

// BF16:         trafo.qkv_rope {{.*}} via bf16
// BF16:         trafo.lm_head {{.*}} via bf16
