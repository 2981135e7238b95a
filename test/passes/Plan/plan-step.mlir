// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step | FileCheck %s

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
