// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-pack-weights -trafo-count-costs -trafo-tile-attention -trafo-assign-arena | FileCheck %s
// RUN: not trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-assign-arena 2>&1 | FileCheck %s --check-prefix=UNPACKED

// RUN: sed 's/heads 4 scale 2.5e-1/& {window = 20 : i64}/; s/max_context = 128/max_context = 8192/' %S/../../pipelines/Inputs/tiny-quantized.mlir | trafo-opt -trafo-plan-step -trafo-pack-weights -trafo-count-costs -trafo-tile-attention -trafo-assign-arena | FileCheck %s --check-prefix=WINDOW

// With a window, neither the cache nor the states of attention grow with the context. (12 rows of a run see 2 pages.)
// WINDOW:        #plan.arena<{{.*}} kv_size = 65536, pools = [#plan.pool<offset = {{[0-9]+}}, size = 65536, pages = 4, layers = [0, 1], window = 20>]
// WINDOW:        plan.buffer @attention_states_2x448 : memref<4x2x448xf32>

// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-pack-weights -trafo-count-costs -trafo-tile-attention | sed 's/, logits_maxima = [0-9]* : i64//' | trafo-opt -trafo-assign-arena | FileCheck %s --check-prefix=NO-MAXIMA

// Room behind the logits is not taken for maxima that nobody writes.
// NO-MAXIMA:     #plan.arena<{{.*}} logits_stride = 128, {{.*}} decode_bytes = {{[0-9]+}}>
// NO-MAXIMA:     plan.buffer @logits_128 : memref<{{[0-9]+}}x128xf32> at {{[0-9]+}} {logits = 100 : i64}

// UNPACKED: expects trafo.config, and trafo-pack-weights and trafo-count-costs to have run

// CHECK:         #plan.arena<size = {{[0-9]+}}, weights_size = 63680,
// CHECK-SAME:      barriers = 12, vocabulary = 100, layers = 2, {{.*}} logits_maxima = 112>
// CHECK:         plan.buffer private @attention_parts_24{{.*}} at {{[0-9]+}} stride {{[0-9]+}}
