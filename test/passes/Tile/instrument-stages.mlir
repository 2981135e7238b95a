// A stamp at the start and at the end of each stage, in a log of the worker's own.
// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-pack-weights -trafo-count-costs -trafo-instrument-stages | FileCheck %s
// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-pipeline "-trafo-tile-pipeline=instrument=true" | FileCheck %s --check-prefix=TILED
// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-pipeline -trafo-tile-pipeline | FileCheck %s --check-prefix=PLAIN
// RUN: not trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-instrument-stages 2>&1 | FileCheck %s --check-prefix=COSTS
// RUN: not trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-pack-weights -trafo-count-costs -trafo-instrument-stages -trafo-instrument-stages 2>&1 | FileCheck %s --check-prefix=TWICE

// COSTS: expects a plan.step and plan.costs; run trafo-count-costs first
// TWICE: error: 'plan.buffer' op has the name of the log of time stamps; the step is instrumented already

// 12 runs: the embedding, five stages of two layers, the head.
// CHECK: plan.buffer private @profile : memref<25xi64> {layers = array<i64: -1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, -1>, stages = array<i64: 0, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 6>}

// CHECK-LABEL: plan.stage @decoder.attention
// CHECK-NEXT:  ^bb0
// CHECK-NEXT:    %[[LOG:.*]] = plan.ref @profile : memref<25xi64>
// CHECK:         %[[NEXT:.*]] = memref.load %[[LOG]][%{{.*}}] : memref<25xi64>
// CHECK:         %[[TIME:.*]] = llvm.call_intrinsic "llvm.readcyclecounter"() : () -> i64
// CHECK-NEXT:    memref.store %[[TIME]], %[[LOG]]
// After the last of 24 stamps the log begins anew.
// CHECK:         arith.cmpi eq, %{{.*}}, %c24_i64
// CHECK:         memref.store %{{.*}}, %[[LOG]]
// CHECK:         plan.attention
// CHECK:         llvm.call_intrinsic "llvm.readcyclecounter"
// CHECK-NOT:     plan.attention
// CHECK:         plan.end

// TILED:         plan.profile = #plan.profile<offset = {{[0-9]+}}, stride = 12288, stages = [0, 1, 2,
// TILED:         func.func private @stage.decoder.qkv_rope
// TILED-COUNT-2:   llvm.call_intrinsic "llvm.readcyclecounter"
// TILED-NOT:       llvm.call_intrinsic "llvm.readcyclecounter"
// TILED:         func.func private @stage.decoder.attention

// PLAIN:         plan.costs
// PLAIN-NOT:     plan.profile
// PLAIN-NOT:     readcyclecounter
