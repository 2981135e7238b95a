// RUN: trafo-opt %s -trafo-tile-functions | FileCheck %s

// x / (1 + e^-x): e^-x by range reduction and a polynomial, its power of two added to the exponent.
// CHECK-LABEL: func.func @silu
// CHECK-SAME:    %[[X:.*]]: vector<16xf32>
// CHECK-NOT:     math.exp
// CHECK:         math.roundeven
// CHECK-COUNT-8: math.fma
// CHECK:         arith.shli
// CHECK:         %[[E:.*]] = arith.bitcast {{.*}} : vector<16xi32> to vector<16xf32>
// CHECK:         %[[D:.*]] = arith.addf %{{.*}}, %[[E]]
// CHECK:         arith.divf %[[X]], %[[D]]
func.func @silu(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = plan.function silu %x : vector<16xf32>
  return %0 : vector<16xf32>
}

// CHECK-LABEL: func.func @relu
// CHECK-SAME:    %[[X:.*]]: vector<16xf32>
// CHECK:         arith.maxnumf %[[X]]
func.func @relu(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = plan.function relu %x : vector<16xf32>
  return %0 : vector<16xf32>
}

// The error function is odd: that of |x| is taken and mirrored.
// CHECK-LABEL: func.func @gelu
// CHECK:         math.absf
// CHECK-NOT:     math.erf
// CHECK:         arith.select
// CHECK-NEXT:    arith.mulf
func.func @gelu(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = plan.function gelu %x : vector<16xf32>
  return %0 : vector<16xf32>
}

// CHECK-LABEL: func.func @gelu_tanh
// CHECK-SAME:    %[[X:.*]]: vector<16xf32>
// CHECK:         math.fma %{{.*}}, %[[X]], %[[X]]
// CHECK-NOT:     math.tanh
// CHECK:         arith.divf
func.func @gelu_tanh(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = plan.function gelu_tanh %x : vector<16xf32>
  return %0 : vector<16xf32>
}
