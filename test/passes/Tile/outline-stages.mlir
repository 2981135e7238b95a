// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-pipeline -trafo-tile-pipeline | FileCheck %s
// RUN: not trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-outline-stages 2>&1 | FileCheck %s --check-prefix=NO-ARENA

// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-windows.mlir -trafo-plan-pipeline -trafo-tile-pipeline | FileCheck %s --check-prefix=POOLS

// Two pools have a page table each, that of all positions first; a layer's place in its pool comes from a constant table.
// POOLS:         pools = [#plan.pool<{{.*}} pages = 16, layers = [1]>, #plan.pool<{{.*}} pages = 4, layers = [0, 2], window = 20>]
// POOLS-DAG:     memref.global "private" constant @layers.kv_window : memref<3xi64> = dense<[0, 0, 1]>
// POOLS-DAG:     memref.global "private" constant @layers.kv : memref<3xi64> = dense<0>
// POOLS:         func.func private @stage.near.attention({{.*}} %[[TABLE:[a-z0-9]+]]: memref<4x8xi32>,
// POOLS-DAG:       %[[TWO:.*]] = arith.constant 2 : index
// POOLS:           %[[ROW:.*]] = arith.addi %{{.*}}, %[[TWO]] : index
// POOLS:           memref.load %[[TABLE]][%[[ROW]], %{{.*}}] : memref<4x8xi32>

// NO-ARENA: expects a plan.step and plan.arena; run trafo-assign-arena first

// Slots are rows of constant tables, the layers one loop, stages functions.
// CHECK:         memref.global "private" constant @offsets.decoder.linear_add_1.6
// CHECK:         func.func private @stage.decoder.qkv_rope
// CHECK:           plan.block_contract
// CHECK:         func.func @trafo_step
// CHECK:           call @stage.step.embedding
// CHECK-NEXT:      plan.barrier %{{.*}}, %{{.*}} : !llvm.ptr, !llvm.ptr
// CHECK:           scf.for
// CHECK-COUNT-5:     plan.barrier
// CHECK:           call @stage.step.lm_head
