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

// A scale for the whole row: first its greatest magnitude, then the codes; their sum is one integer.
// RUN: sed 's/xq[48]_[01]/xi8_row/g; s/i8_g32/i8_row/g' %S/../../pipelines/Inputs/tiny-quantized.mlir | trafo-opt -trafo-plan-step -trafo-pack-weights -trafo-tile-contract -trafo-tile-prepare | FileCheck %s --check-prefix=ROW
// ROW:       math.sqrt
// ROW:       scf.for {{.*}} -> (vector<16xf32>)
// ROW-NOT:     math.roundeven
// ROW:       vector.reduction <maxnumf>
// ROW:       scf.for {{.*}} -> (i32)
// ROW-NOT:     vector.reduction <maxnumf>
// ROW:         vector.store {{.*}} : memref<2x2x4x32xi8>, vector<16xi8>
// ROW:         scf.yield
// ROW:       memref.store {{.*}} : memref<2x1x4xf32>
// ROW-NEXT:  memref.store {{.*}} : memref<2x1x4xi32>

// Codes of two digits: the words, which lie token after token, and a row of each digit, by one scale.
// RUN: sed '/lm_head/s/i8_g32/i8x2_g32/' %S/../../pipelines/Inputs/tiny-quantized.mlir | trafo-opt -trafo-plan-step -trafo-pack-weights -trafo-tile-contract -trafo-tile-prepare | FileCheck %s --check-prefix=DIGITS
// DIGITS-COUNT-2: vector.store {{.*}} : memref<2x2x4x32xi16>, vector<16xi16>
// DIGITS-COUNT-4: vector.store {{.*}} : memref<2x2x8x32xi8>, vector<16xi8>
// DIGITS:         memref.store {{.*}} : memref<2x2x4xi32>
// DIGITS:         memref.store {{.*}} : memref<2x2x8xf32>
