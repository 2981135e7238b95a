// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-pack-weights -trafo-tile-contract -trafo-tile-prepare | FileCheck %s

// A group of 32: greatest magnitude, codes rounded to even, scale and sums beside them.
// CHECK-NOT:   plan.prepare
// CHECK:       math.sqrt
// CHECK:       vector.reduction <maxnumf>
// CHECK:       math.roundeven
// Rows that a micro-kernel takes together, four of the eight, lie together block by block.
// CHECK:       arith.trunci {{.*}} vector<16xi32> to vector<16xi8>
// CHECK:       vector.store {{.*}} : memref<2x2x4x32xi8>, vector<16xi8>
// CHECK:       memref.store {{.*}} : memref<2x2x4xf32>
