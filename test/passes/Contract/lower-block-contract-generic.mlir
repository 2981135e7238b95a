// RUN: trafo-opt %s -trafo-lower-block-contract-generic | FileCheck %s

// Codes are picked out column by column: no target attribute and no intrinsic is needed.
// CHECK-LABEL: func.func @q4_1
// CHECK-NOT:     llvm.
// CHECK-NOT:     plan.block_contract
// CHECK-COUNT-2: math.fma
// CHECK-NOT:     math.fma
func.func @q4_1(%w: memref<320xi8>, %q: memref<8x64xi8>, %d: memref<8x2xf32>, %s: memref<8x2xf32>, %n: memref<8x2xi32>,
                %i: index, %v: vector<16xf32>) -> vector<16xf32> {
  %0 = plan.block_contract "q4_1" i8_g32 groups 1 tokens 1 columns 32 stride 640 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<320xi8> acts(%q, %d, %s, %n : memref<8x64xi8>, memref<8x2xf32>, memref<8x2xf32>, memref<8x2xi32>)[%i, %i]
       -> vector<16xf32>
  return %0 : vector<16xf32>
}

// Bytes are stored XOR 128, which is undone.
// CHECK-LABEL: func.func @q8_0
// CHECK:         arith.xori
// CHECK:         math.fma
// CHECK-NOT:     math.fma
func.func @q8_0(%w: memref<544xi8>, %q: memref<8x64xi8>, %d: memref<8x2xf32>, %s: memref<8x2xf32>, %n: memref<8x2xi32>,
                %i: index, %v: vector<16xf32>) -> vector<16xf32> {
  %0 = plan.block_contract "q8_0" i8_g32 groups 1 tokens 1 columns 32 stride 1088 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<544xi8> acts(%q, %d, %s, %n : memref<8x64xi8>, memref<8x2xf32>, memref<8x2xf32>, memref<8x2xi32>)[%i, %i]
       -> vector<16xf32>
  return %0 : vector<16xf32>
}
