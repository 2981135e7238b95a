// What each pass of Tile leaves of a whole step.
// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-pack-weights -trafo-tile-contract -trafo-tile-prepare | FileCheck %s --check-prefix=PREPARE
// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-tile-attention | FileCheck %s --check-prefix=ATTENTION
// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-pack-weights -trafo-tile-embed -trafo-tile-functions | FileCheck %s --check-prefix=EMBED
// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-pack-weights -trafo-assign-arena | FileCheck %s --check-prefix=ARENA
// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-pipeline -trafo-tile-pipeline | FileCheck %s

// A group of 32: greatest magnitude, codes rounded to even, scale and sums beside them.
// PREPARE-NOT:   plan.prepare
// PREPARE:       math.sqrt
// PREPARE:       vector.reduction <maxnumf>
// PREPARE:       math.roundeven
// PREPARE:       arith.trunci {{.*}} vector<16xi32> to vector<16xi8>

// Blocks of 64 positions; keys are read 16 positions at a time.
// ATTENTION-NOT: plan.attention
// ATTENTION-NOT: plan.kv_store
// ATTENTION:     plan.stage @decoder.attention
// ATTENTION:       %[[W:.*]], %[[N:.*]] = plan.worker
// ATTENTION:       scf.for %{{.*}} = %[[W]] to %{{.*}} step %[[N]]
// ATTENTION:         vector<16xf16>
// ATTENTION:         math.fma

// EMBED-NOT:     plan.embed
// EMBED-NOT:     plan.function
// EMBED:         plan.stage @step.embedding
// EMBED:           plan.address
// EMBED:           memref.store

// ARENA:         #plan.arena<size = {{[0-9]+}}, weights_size = 63680,
// ARENA-SAME:      barriers = 12, vocabulary = 100, layers = 2
// ARENA:         plan.buffer private @attention_scratch{{.*}} at {{[0-9]+}} stride {{[0-9]+}}

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
