// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-tile-attention | FileCheck %s

// Blocks of 64 positions; keys are read 16 positions at a time.
// CHECK-NOT: plan.attention
// CHECK-NOT: plan.kv_store
// CHECK:     plan.stage @decoder.attention
// CHECK:       %[[W:.*]], %[[N:.*]] = plan.worker
// CHECK:       scf.for %{{.*}} = %[[W]] to %{{.*}} step %[[N]]
// CHECK:         vector<16xf16>
// CHECK:         math.fma
