// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step | FileCheck %s
// RUN: sed 's/heads 4 scale 2.5e-1/& {window = 20 : i64}/' %S/../../pipelines/Inputs/tiny-quantized.mlir | trafo-opt -trafo-plan-step | FileCheck %s --check-prefix=WINDOW
// RUN: sed 's/heads 4 scale 2.5e-1/& {window = 20 : i64}/; s/max_context = 128/max_context = 8192/' %S/../../pipelines/Inputs/tiny-quantized.mlir | trafo-opt -trafo-plan-step | FileCheck %s --check-prefix=LONG
// RUN: sed 's/x16xf16>/x16xint8>/g' %S/../../pipelines/Inputs/tiny-quantized.mlir | trafo-opt -trafo-plan-step | FileCheck %s --check-prefix=INT8

// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-windows.mlir -trafo-plan-step | FileCheck %s --check-prefix=MIXED

// A cache of all positions, 2 sequences of 2 pages. A window of 20 and 16 rows could span 2 pages, of any context.
// CHECK:        plan.buffer @kv : memref<2x4x2x2x1024xf16> {cached_layers = array<i64: 0, 1>}
// WINDOW:       plan.buffer @kv : memref<2x4x2x2x1024xf16> {cached_layers = array<i64: 0, 1>, window = 20 : i64}
// LONG:         plan.buffer @kv : memref<2x4x2x2x1024xf16> {cached_layers = array<i64: 0, 1>, window = 20 : i64}

// Layers with a window beside one without: a pool for each kind, where a layer has its place.
// MIXED:        plan.buffer @kv_window : memref<2x4x2x2x1024xf16> {cached_layers = array<i64: 0, 2>, window = 20 : i64}
// MIXED:        plan.stage @near.qkv_rope
// MIXED:        ^bb0(%[[LAYER:.*]]: index):
// MIXED:          %[[KV:.*]] = plan.ref @kv_window
// MIXED:          %[[PLACE:.*]] = plan.pool_layer @kv_window[%[[LAYER]]]
// MIXED:          plan.kv_store %{{.*}}, %[[KV]][%[[PLACE]],
// MIXED:        plan.stage @near.attention
// MIXED:          plan.attention %{{.*}}, %{{.*}}[%{{.*}}] to {{.*}} window = 20
// MIXED:        plan.buffer @kv : memref<1x16x2x2x1024xf16> {cached_layers = array<i64: 1>}
// MIXED:        plan.stage @everything.attention
// MIXED:          plan.pool_layer @kv[

// One projection for q, k and v: three contractions share one preparation and one share of the units.
// CHECK:       plan.stage @decoder.qkv_rope
// CHECK:         plan.share
// CHECK:         plan.prepare rms
// CHECK-COUNT-3: plan.contract

// CHECK:       plan.stage @decoder.attention
// CHECK:         plan.attention

// The residual is read and written in place.
// CHECK:       plan.stage @decoder.linear_add {
// CHECK:         plan.prepare none
// CHECK:         plan.contract
// CHECK:           %[[OLD:.*]] = vector.load %[[X:.*]][%[[ROW:.*]], %[[COL:.*]]]
// CHECK:           %[[NEW:.*]] = arith.addf %[[OLD]]
// CHECK:           vector.store %[[NEW]], %[[X]][%[[ROW]], %[[COL]]]

// Gate and up are two tiles of one unit.
// CHECK:       plan.stage @decoder.gate_up
// CHECK:         plan.contract {{.*}} groups 2
// CHECK:           plan.function silu

// Only wanted rows go through the head.
// CHECK:       plan.stage @step.lm_head
// CHECK:         plan.arg "outputs"
// CHECK:         plan.prepare rms {{.*}} map
// CHECK:         vector.store %{{.*}}, %[[LOGITS:[a-z0-9_]+]][%[[ROW:[a-z0-9_]+]], %{{.*}}]
// CHECK:         %[[MAXIMUM:.*]] = vector.reduction <maximumf>, %{{.*}} : vector<16xf32> into f32
// CHECK:         memref.store %[[MAXIMUM]], %[[LOGITS]][%[[ROW]], %{{.*}}]

// Five stages and five barriers a layer.
// CHECK:       plan.step @step
// CHECK:         plan.run @step.embedding
// CHECK-NEXT:    plan.barrier
// CHECK-NEXT:    plan.layers
// CHECK-COUNT-5: plan.barrier
// CHECK-NOT:     plan.barrier
// CHECK:         plan.run @step.lm_head
// CHECK-NEXT:    plan.barrier
// CHECK-NEXT:    plan.end

// A head's codes are made once all workers have stored what they have of it: units 4 and 5 are k, 6 and 7 are v.
// INT8-DAG:      plan.buffer @kv : memref<2x4x2x2x1280xi8>
// INT8-DAG:      plan.buffer @key_32 : memref<16x32xf32>
// INT8-DAG:      plan.buffer @value_32 : memref<16x32xf32>
// INT8:          plan.stage @decoder.qkv_rope
// INT8:            scf.for
// INT8-COUNT-3:      plan.contract
// INT8-NOT:        plan.kv_store
// INT8:            plan.kv_quantize %{{.*}} units %{{.*}} to %{{.*}}, %{{.*}} {head_size = 16 : i64, is_key = true} : memref<16x32xf32>, memref<2x4x2x2x1280xi8>
// INT8:            plan.kv_quantize {{.*}} is_key = false
// INT8-NEXT:       plan.end
