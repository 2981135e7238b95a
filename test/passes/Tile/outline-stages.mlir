// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-pipeline -trafo-tile-pipeline | FileCheck %s
// RUN: not trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-outline-stages 2>&1 | FileCheck %s --check-prefix=NO-ARENA

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
