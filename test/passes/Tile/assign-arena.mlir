// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-pack-weights -trafo-count-costs -trafo-tile-attention -trafo-assign-arena | FileCheck %s
// RUN: not trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-assign-arena 2>&1 | FileCheck %s --check-prefix=UNPACKED

// UNPACKED: expects trafo.config, and trafo-pack-weights and trafo-count-costs to have run

// CHECK:         #plan.arena<size = {{[0-9]+}}, weights_size = 63680,
// CHECK-SAME:      barriers = 12, vocabulary = 100, layers = 2
// CHECK:         plan.buffer private @attention_parts_24{{.*}} at {{[0-9]+}} stride {{[0-9]+}}
