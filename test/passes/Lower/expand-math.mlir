// RUN: trafo-opt %s -trafo-expand-math | FileCheck %s

// CHECK-LABEL: func @transcendental
// CHECK-NOT:     math.exp
// CHECK-NOT:     math.tanh
// CHECK-NOT:     math.cosh
// CHECK:         math.fma
// CHECK:         return
func.func @transcendental(%x: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>) {
  %a = math.exp %x : vector<16xf32>
  %b = math.tanh %x : vector<16xf32>
  %c = math.cosh %x : vector<16xf32>
  return %a, %b, %c : vector<16xf32>, vector<16xf32>, vector<16xf32>
}

// What machines have instructions for stays as it is.
// CHECK-LABEL: func @instructions
// CHECK:         math.fma
// CHECK-NEXT:    math.sqrt
// CHECK-NEXT:    math.absf
// CHECK-NEXT:    math.roundeven
// CHECK-NEXT:    return
func.func @instructions(%x: vector<8xf32>) -> vector<8xf32> {
  %a = math.fma %x, %x, %x : vector<8xf32>
  %b = math.sqrt %a : vector<8xf32>
  %c = math.absf %b : vector<8xf32>
  %d = math.roundeven %c : vector<8xf32>
  return %d : vector<8xf32>
}
