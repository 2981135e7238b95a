// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-pack-weights -trafo-tile-contract -trafo-tile-prepare | FileCheck %s

// A group of 32: greatest magnitude, codes rounded to even, scale and sums beside them.
// CHECK-NOT:   plan.prepare
// CHECK:       math.sqrt
// CHECK:       vector.reduction <maxnumf>
// CHECK:       math.roundeven
// CHECK:       arith.trunci {{.*}} vector<16xi32> to vector<16xi8>
