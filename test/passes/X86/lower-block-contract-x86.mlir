// RUN: sed 's/DOT/maddubs/' %s | trafo-opt -trafo-lower-block-contract-x86 | FileCheck %s --check-prefix=AVX2
// RUN: sed 's/DOT/vpdpbusd/' %s | trafo-opt -trafo-lower-block-contract-x86 | FileCheck %s --check-prefix=VNNI

// A target without a dot product keeps int8 sums for trafo-lower-block-contract-generic.
// RUN: sed 's/DOT/generic/' %s | trafo-opt -trafo-lower-block-contract-x86 | FileCheck %s --check-prefix=KEPT
// KEPT-COUNT-6: plan.block_contract {{.*}} i8{{x2_g32|_g32|_row}}

#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = DOT, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0>
module attributes {plan.target = #target} {
  // 4-bit codes: 16-bit sums over the block, one widening a half. A broadcast activation serves both halves.
  // AVX2-LABEL: func.func @q4_1
  // AVX2-COUNT-5:  memref.prefetch
  // AVX2:          vector.broadcast %{{.*}} : i32 to vector<8xi32>
  // AVX2-COUNT-2:  "llvm.x86.avx2.pmadd.ub.sw"
  // AVX2-NOT:      "llvm.x86.avx2.pmadd.ub.sw"
  // AVX2:          vector.broadcast %{{.*}} : i32 to vector<8xi32>
  // AVX2-COUNT-14: "llvm.x86.avx2.pmadd.ub.sw"
  // AVX2-COUNT-2:  "llvm.x86.avx2.pmadd.wd"
  // AVX2-NOT:      llvm.x86
  // One row: the high nibbles stay where they are, and their sum is shifted.
  // VNNI-LABEL: func.func @q4_1
  // VNNI-COUNT-8: "llvm.x86.avx512.vpdpbusd.512"
  // VNNI:         arith.shrsi
  // VNNI-COUNT-2: math.fma
  func.func @q4_1(%w: memref<320xi8>, %q: memref<2x2x4x32xi8>, %d: memref<2x2x4xf32>, %s: memref<2x2x4xf32>, %n: memref<2x2x4x2xi16>,
                  %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0 = plan.block_contract "q4_1" <rows = 16, lane = 4, planes = [4]> i8_g32 groups 1 tokens 1 columns 32 stride 640 prefetch 4096 sums(%v : vector<16xf32>)
         weights %w[%i] : memref<320xi8> acts(%q, %d, %s, %n : memref<2x2x4x32xi8>, memref<2x2x4xf32>, memref<2x2x4xf32>, memref<2x2x4x2xi16>)[%i, %i]
         -> vector<16xf32>
    return %0 : vector<16xf32>
  }

  // 8-bit codes: |w| and a * sign(w), so that no pair sum saturates.
  // AVX2-LABEL: func.func @q8_0
  // AVX2:         math.absi
  // AVX2:         "llvm.x86.avx2.psign.b"
  // AVX2:         "llvm.x86.avx2.pmadd.ub.sw"
  // VNNI-LABEL: func.func @q8_0
  // VNNI:         arith.muli %{{.*}}, %c-128_i32
  // VNNI-COUNT-8: "llvm.x86.avx512.vpdpbusd.512"
  func.func @q8_0(%w: memref<544xi8>, %q: memref<2x2x4x32xi8>, %d: memref<2x2x4xf32>, %s: memref<2x2x4xf32>, %n: memref<2x2x4x2xi16>,
                  %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0 = plan.block_contract "q8_0" <rows = 16, lane = 4, bias = 128> i8_g32 groups 1 tokens 1 columns 32 stride 1088 sums(%v : vector<16xf32>)
         weights %w[%i] : memref<544xi8> acts(%q, %d, %s, %n : memref<2x2x4x32xi8>, memref<2x2x4xf32>, memref<2x2x4xf32>, memref<2x2x4x2xi16>)[%i, %i]
         -> vector<16xf32>
    return %0 : vector<16xf32>
  }

  // Codes of two digits: as words with AVX2, less what bytes are stored above their codes; digit by digit with VNNI.
  // AVX2-LABEL: func.func @words
  // AVX2:         arith.andi
  // AVX2:         arith.shrui
  // AVX2-COUNT-32: "llvm.x86.avx2.pmadd.wd"
  // AVX2-NOT:     llvm.x86
  // AVX2:         memref.load {{.*}} : memref<2x2x1xi32>
  // AVX2:         arith.subi {{.*}} : vector<8xi32>
  // AVX2-NEXT:    vector.shuffle
  // AVX2-NEXT:    arith.sitofp
  // VNNI-LABEL: func.func @words
  // VNNI-COUNT-16: "llvm.x86.avx512.vpdpbusd.512"
  // VNNI-COUNT-2: arith.sitofp
  // VNNI:         math.fma %{{.*}}, %cst_{{.*}}, %{{.*}} : vector<16xf32>
  func.func @words(%w: memref<544xi8>, %q: memref<2x2x2x32xi8>, %d: memref<2x2x2xf32>, %s: memref<2x2x2xf32>, %n: memref<2x2x2x2xi16>,
                   %x: memref<2x2x1x32xi16>, %t: memref<2x2x1xi32>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0 = plan.block_contract "q8_0" <rows = 16, lane = 4, bias = 128> i8x2_g32 groups 1 tokens 1 columns 32 stride 1088 sums(%v : vector<16xf32>)
         weights %w[%i] : memref<544xi8> acts(%q, %d, %s, %n, %x, %t : memref<2x2x2x32xi8>, memref<2x2x2xf32>, memref<2x2x2xf32>, memref<2x2x2x2xi16>,
         memref<2x2x1x32xi16>, memref<2x2x1xi32>)[%i, %i]
         -> vector<16xf32>
    return %0 : vector<16xf32>
  }

  // Four rows by two tiles: one broadcast for both tiles, high nibbles shifted down, sums kept in registers by a fence.
  // VNNI-LABEL: func.func @tile
  // VNNI-COUNT-2: arith.shrui {{.*}} vector<32xi16>
  // VNNI:         vector.broadcast %{{.*}} : i32 to vector<16xi32>
  // VNNI-COUNT-2: "llvm.x86.avx512.vpdpbusd.512"
  // VNNI:         vector.broadcast %{{.*}} : i32 to vector<16xi32>
  // VNNI-COUNT-6: "llvm.x86.avx512.vpdpbusd.512"
  // VNNI:         llvm.inline_asm has_side_effects
  // VNNI-NOT:     arith.shrsi
  // VNNI:         math.fma
  func.func @tile(%w: memref<1280xi8>, %q: memref<2x2x4x32xi8>, %d: memref<2x2x4xf32>, %s: memref<2x2x4xf32>, %n: memref<2x2x4x2xi16>,
                  %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0:8 = plan.block_contract "q4_1" <rows = 16, lane = 4, planes = [4]> i8_g32 groups 2 tokens 4 columns 32 stride 640 sums(%v, %v, %v, %v, %v, %v, %v, %v : vector<16xf32>,
         vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
         weights %w[%i] : memref<1280xi8> acts(%q, %d, %s, %n : memref<2x2x4x32xi8>, memref<2x2x4xf32>, memref<2x2x4xf32>, memref<2x2x4x2xi16>)
         [%i, %i] -> vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>,
         vector<16xf32>
    return %0#0 : vector<16xf32>
  }

  // The block is the row: int32 sums over all columns, one conversion and one product of the scales at the end. The bytes
  // ahead are asked for group by group.
  // AVX2-LABEL: func.func @i8_row
  // AVX2:         scf.for %{{.*}} iter_args({{.*}}) -> (vector<8xi32>, vector<8xi32>)
  // AVX2-COUNT-8:   memref.prefetch
  // AVX2-NOT:       memref.prefetch
  // AVX2-COUNT-16:  "llvm.x86.avx2.psign.b"
  // AVX2-NOT:       arith.sitofp
  // AVX2:           scf.yield
  // AVX2-COUNT-2: arith.sitofp
  // AVX2-NOT:     arith.sitofp
  // AVX2:         return
  // What unsigned codes are too large by is taken off by the sum of the row, once.
  // VNNI-LABEL: func.func @i8_row
  // VNNI:         memref.load {{.*}} : memref<2x1x4xi32>
  // VNNI:         arith.muli %{{.*}}, %c-128_i32
  // VNNI:         scf.for %{{.*}} iter_args({{.*}}) -> (vector<16xi32>)
  // VNNI-COUNT-8:   "llvm.x86.avx512.vpdpbusd.512"
  // VNNI:           scf.yield
  // VNNI:         arith.sitofp
  // VNNI-NEXT:    vector.load {{.*}} vector<64xi8>
  // VNNI-NEXT:    vector.bitcast %{{.*}} : vector<64xi8> to vector<16xf32>
  func.func @i8_row(%w: memref<1088xi8>, %q: memref<2x2x4x32xi8>, %d: memref<2x1x4xf32>, %s: memref<2x1x4xi32>,
                  %n: memref<2x2x4x2xi16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0 = plan.block_contract "i8_row" <rows = 16, lane = 4, bias = 128> i8_row groups 1 tokens 1 columns 64 stride 1088 prefetch 4096
         sums(%v : vector<16xf32>)
         weights %w[%i] : memref<1088xi8> acts(%q, %d, %s, %n : memref<2x2x4x32xi8>, memref<2x1x4xf32>, memref<2x1x4xi32>, memref<2x2x4x2xi16>)[%i, %i]
         -> vector<16xf32>
    return %0 : vector<16xf32>
  }

  // AVX2-LABEL: func.func @i8_row_four
  // AVX2:         %{{.*}}:8 = scf.for
  // AVX2:           llvm.inline_asm has_side_effects
  // VNNI-LABEL: func.func @i8_row_four
  // VNNI:         %{{.*}}:4 = scf.for
  // VNNI:           llvm.inline_asm has_side_effects
  func.func @i8_row_four(%w: memref<1088xi8>, %q: memref<2x2x4x32xi8>, %d: memref<2x1x4xf32>, %s: memref<2x1x4xi32>,
                  %n: memref<2x2x4x2xi16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0:4 = plan.block_contract "i8_row" <rows = 16, lane = 4, bias = 128> i8_row groups 1 tokens 4 columns 64 stride 1088
         sums(%v, %v, %v, %v : vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
         weights %w[%i] : memref<1088xi8> acts(%q, %d, %s, %n : memref<2x2x4x32xi8>, memref<2x1x4xf32>, memref<2x1x4xi32>, memref<2x2x4x2xi16>)[%i, %i]
         -> vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>
    return %0#0 : vector<16xf32>
  }

  // Columns ascend, one fma each.
  // AVX2-LABEL: func.func @bf16
  // AVX2-COUNT-2: math.fma
  // AVX2-NOT:     math.fma
  func.func @bf16(%w: memref<64xi8>, %x: memref<8x64xf32>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0 = plan.block_contract "bf16" <rows = 16> f32 groups 1 tokens 1 columns 2 stride 64 sums(%v : vector<16xf32>)
         weights %w[%i] : memref<64xi8> acts(%x : memref<8x64xf32>)[%i, %i] -> vector<16xf32>
    return %0 : vector<16xf32>
  }
}
