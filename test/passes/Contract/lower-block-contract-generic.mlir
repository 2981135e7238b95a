// RUN: trafo-opt %s -trafo-lower-block-contract-generic | FileCheck %s

// Integers are exact, so their order is free; the float part is the op's own two fma, the minimum's first.

// Four columns of 16 rows lie in 64 bytes, four more in the high halves of the same bytes.
// CHECK-LABEL: func.func @four_bits
// CHECK-NOT:     llvm.
// CHECK:         vector.shuffle {{.*}} [0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60]
// CHECK:         arith.muli {{.*}} : vector<16xi32>
// CHECK:         arith.shrui {{.*}} : vector<32xi16>
// CHECK:         vector.shuffle {{.*}} [0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60]
// CHECK:         arith.muli {{.*}} : vector<16xi32>
// CHECK:         %[[MIN:.*]] = math.fma {{.*}}, %arg6
// CHECK:         arith.sitofp {{.*}} vector<16xi32> to vector<16xf32>
// CHECK:         %[[SUM:.*]] = math.fma {{.*}}, %[[MIN]]
// CHECK-NEXT:    return %[[SUM]]
func.func @four_bits(%w: memref<320xi8>, %q: memref<2x2x4x32xi8>, %d: memref<2x2x4xf32>, %s: memref<2x2x4xf32>,
                     %n: memref<2x2x4x2xi16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
  %0 = plan.block_contract "q4_1" <rows = 16, lane = 4, planes = [4]> i8_g32 groups 1 tokens 1 columns 32 stride 640 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<320xi8> acts(%q, %d, %s, %n : memref<2x2x4x32xi8>, memref<2x2x4xf32>, memref<2x2x4xf32>, memref<2x2x4x2xi16>)[%i, %i]
       -> vector<16xf32>
  return %0 : vector<16xf32>
}

// Bytes are stored XOR 128, which is undone. No minimum, so one fma.
// CHECK-LABEL: func.func @eight_bits
// CHECK-NOT:     llvm.
// CHECK:         arith.xori
// CHECK:         arith.extsi
// CHECK-COUNT-1: math.fma
// CHECK-NOT:     math.fma
func.func @eight_bits(%w: memref<544xi8>, %q: memref<2x2x4x32xi8>, %d: memref<2x2x4xf32>, %s: memref<2x2x4xf32>,
                      %n: memref<2x2x4x2xi16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
  %0 = plan.block_contract "q8_0" <rows = 16, lane = 4, bias = 128> i8_g32 groups 1 tokens 1 columns 32 stride 1088 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<544xi8> acts(%q, %d, %s, %n : memref<2x2x4x32xi8>, memref<2x2x4xf32>, memref<2x2x4xf32>, memref<2x2x4x2xi16>)[%i, %i]
       -> vector<16xf32>
  return %0 : vector<16xf32>
}

// The row is one block: groups of 32 columns are summed as integers, then scaled once by an f32.
// CHECK-LABEL: func.func @whole_row
// CHECK-NOT:     llvm.
// CHECK:         %[[I:.*]] = scf.for %{{.*}} iter_args({{.*}}) -> (vector<16xi32>)
// CHECK-NOT:       arith.sitofp
// CHECK:           scf.yield
// CHECK:         arith.sitofp %[[I]]
// CHECK:         vector.bitcast %{{.*}} : vector<64xi8> to vector<16xf32>
// CHECK-COUNT-1: math.fma
// CHECK-NOT:     math.fma
func.func @whole_row(%w: memref<1088xi8>, %q: memref<2x2x4x32xi8>, %d: memref<2x1x4xf32>, %s: memref<2x1x4xi32>,
                %n: memref<2x2x4x2xi16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
  %0 = plan.block_contract "i8_row" <rows = 16, lane = 4, bias = 128> i8_row groups 1 tokens 1 columns 64 stride 1088
       sums(%v : vector<16xf32>)
       weights %w[%i] : memref<1088xi8> acts(%q, %d, %s, %n : memref<2x2x4x32xi8>, memref<2x1x4xf32>, memref<2x1x4xi32>, memref<2x2x4x2xi16>)[%i, %i]
       -> vector<16xf32>
  return %0 : vector<16xf32>
}

// Columns ascend, one fma each.
// CHECK-LABEL: func.func @floats
// CHECK-COUNT-2: math.fma
// CHECK-NOT:     math.fma
// CHECK-NOT:     plan.block_contract
func.func @floats(%w: memref<64xi8>, %x: memref<8x64xf32>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
  %0 = plan.block_contract "bf16" <rows = 16> f32 groups 1 tokens 1 columns 2 stride 64 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<64xi8> acts(%x : memref<8x64xf32>)[%i, %i] -> vector<16xf32>
  return %0 : vector<16xf32>
}

// Activations in bf16 are widened first.
// CHECK-LABEL: func.func @narrow_activations
// CHECK-COUNT-2: arith.extf {{.*}} : bf16 to f32
// CHECK-NOT:     plan.block_contract
func.func @narrow_activations(%w: memref<64xi8>, %x: memref<8x64xbf16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
  %0 = plan.block_contract "bf16" <rows = 16> bf16 groups 1 tokens 1 columns 2 stride 64 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<64xi8> acts(%x : memref<8x64xbf16>)[%i, %i] -> vector<16xf32>
  return %0 : vector<16xf32>
}

// Groups of a super-block are a loop; a codebook's entries are chosen by the bits of the index.
// CHECK-LABEL: func.func @codebook
// CHECK-NOT:     llvm.
// CHECK:         scf.for
// CHECK-COUNT-15: arith.select
// CHECK:         arith.muli {{.*}} : vector<16xi32>
// CHECK:           math.fma
// CHECK:           scf.yield
// CHECK:         math.fma
// CHECK-NOT:     plan.block_contract
func.func @codebook(%w: memref<2208xi8>, %q: memref<2x8x4x32xi8>, %d: memref<2x8x4xf32>, %s: memref<2x8x4xf32>,
                    %n: memref<2x8x4x2xi16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
  %0 = plan.block_contract "iq4_xs" <rows = 16, lane = 4, planes = [4]> i8_g32 groups 1 tokens 1 columns 256 stride 2208 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<2208xi8> acts(%q, %d, %s, %n : memref<2x8x4x32xi8>, memref<2x8x4xf32>, memref<2x8x4xf32>, memref<2x8x4x2xi16>)[%i, %i]
       -> vector<16xf32>
  return %0 : vector<16xf32>
}

// Two rows by a tile: a group's even and odd columns are summed apart from zero, a word of two columns at a time, and the two
// sums' sum is added to what was.
// CHECK-LABEL: func.func @pairs
// CHECK-SAME:    %[[V:[a-z0-9]*]]: vector<16xf32>)
// CHECK:         %[[SUMS:.*]]:2 = scf.for {{.*}} iter_args(%[[S0:.*]] = %[[V]], %[[S1:.*]] = %[[V]])
// CHECK-COUNT-16:  memref.prefetch
// CHECK:           %[[P:.*]]:4 = scf.for {{.*}} %c16{{.*}} iter_args(%[[E0:.*]] = %cst, %[[E1:.*]] = %cst, %[[O0:.*]] = %cst, %[[O1:.*]] = %cst)
// CHECK:             vector.load {{.*}} : memref<8x64xbf16>, vector<2xbf16>
// CHECK:             %[[W:.*]] = vector.load {{.*}} : memref<2048xi8>, vector<64xi8>
// CHECK:             %[[WORDS:.*]] = vector.bitcast %[[W]] : vector<64xi8> to vector<16xi32>
// CHECK:             %[[LOW:.*]] = arith.shli %[[WORDS]]
// CHECK:             %[[EVEN:.*]] = vector.bitcast %[[LOW]] : vector<16xi32> to vector<16xf32>
// CHECK:             %[[HIGH:.*]] = arith.andi %[[WORDS]]
// CHECK:             %[[ODD:.*]] = vector.bitcast %[[HIGH]] : vector<16xi32> to vector<16xf32>
// CHECK-NEXT:        math.fma %[[EVEN]], %{{.*}}, %[[E0]]
// CHECK-NEXT:        math.fma %[[EVEN]], %{{.*}}, %[[E1]]
// CHECK-NEXT:        math.fma %[[ODD]], %{{.*}}, %[[O0]]
// CHECK-NEXT:        math.fma %[[ODD]], %{{.*}}, %[[O1]]
// CHECK-NEXT:        scf.yield
// CHECK:           %[[PAIR:.*]] = arith.addf %[[P]]#0, %[[P]]#2
// CHECK-NEXT:      arith.addf %[[S0]], %[[PAIR]]
func.func @pairs(%w: memref<2048xi8>, %x: memref<8x64xbf16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
  %0:2 = plan.block_contract "bf16" <rows = 16, lane = 2> bf16_g32 groups 1 tokens 2 columns 64 stride 2048 prefetch 4096
         sums(%v, %v : vector<16xf32>, vector<16xf32>)
         weights %w[%i] : memref<2048xi8> acts(%x : memref<8x64xbf16>)[%i, %i] -> vector<16xf32>, vector<16xf32>
  return %0#0 : vector<16xf32>
}
