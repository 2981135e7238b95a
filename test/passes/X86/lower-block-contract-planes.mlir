// RUN: sed 's/DOT/maddubs/' %s | trafo-opt -trafo-lower-block-contract-x86 | FileCheck %s --check-prefix=AVX2
// RUN: sed 's/DOT/vpdpbusd/' %s | trafo-opt -trafo-lower-block-contract-x86 | FileCheck %s --check-prefix=VNNI
// RUN: sed 's/DOT/generic/' %s | trafo-opt -trafo-x86-pipeline | FileCheck %s --check-prefix=ANY

// Formats whose codes lie in planes, and super-blocks.
// ANY-NOT: llvm.x86
// ANY-NOT: plan.block_contract
#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = DOT, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0>
module attributes {plan.target = #target} {
  // Eight groups: 16-bit sums over a group, widened and scaled by one vpmaddwd a half, each group with its share of the
  // prefetches. Then the minima times s_a.
  // AVX2-LABEL: func.func @q4_k
  // AVX2-NOT:     memref.prefetch
  // AVX2:         scf.for
  // AVX2-COUNT-5:   memref.prefetch
  // AVX2-NOT:       memref.prefetch
  // AVX2-COUNT-8:   "llvm.x86.avx2.pmadd.ub.sw"
  // AVX2:           "llvm.x86.avx2.pmadd.wd"
  // AVX2-NOT:       "llvm.x86.avx2.pmadd.wd"
  // AVX2-COUNT-8:   "llvm.x86.avx2.pmadd.ub.sw"
  // AVX2:           "llvm.x86.avx2.pmadd.wd"
  // AVX2-NOT:       llvm.x86
  // AVX2:           scf.yield
  // AVX2:         scf.for
  // AVX2:           arith.extui {{.*}} : vector<8xi8> to vector<8xi32>
  // AVX2:           math.fma
  // AVX2:         arith.negf
  // VNNI-LABEL: func.func @q4_k
  // VNNI:         scf.for
  // VNNI-COUNT-8:   "llvm.x86.avx512.vpdpbusd.512"
  // VNNI:           arith.muli {{.*}} : vector<16xi32>
  // VNNI:           scf.yield
  // VNNI:         scf.for
  // VNNI:         arith.negf
  func.func @q4_k(%w: memref<8192xi8>, %q: memref<2x8x4x32xi8>, %d: memref<2x8x4xf32>, %s: memref<2x8x4xf32>, %n: memref<2x8x4x2xi16>,
                  %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0 = plan.block_contract "q4_k" <rows = 16, lane = 4, planes = [4]> i8_g32 groups 1 tokens 1 columns 256 stride 8192 prefetch 4096 sums(%v : vector<16xf32>)
         weights %w[%i] : memref<8192xi8> acts(%q, %d, %s, %n : memref<2x8x4x32xi8>, memref<2x8x4xf32>, memref<2x8x4xf32>, memref<2x8x4x2xi16>)[%i, %i]
         -> vector<16xf32>
    return %0 : vector<16xf32>
  }

  // Two 16-bit sums of two steps each a scale group of 16; what fields are above their codes comes off by the
  // activations' sums.
  // AVX2-LABEL: func.func @q6_k
  // AVX2:         scf.for
  // AVX2:           arith.muli {{.*}} : vector<16xi16>
  // AVX2:           "llvm.x86.avx2.pmadd.wd"
  // AVX2-COUNT-2:   "llvm.x86.avx2.pmadd.ub.sw"
  // AVX2:           "llvm.x86.avx2.pmadd.wd"
  // AVX2-COUNT-2:   "llvm.x86.avx2.pmadd.ub.sw"
  // AVX2:           "llvm.x86.avx2.pmadd.wd"
  // VNNI-LABEL: func.func @q6_k
  // VNNI:           arith.muli {{.*}}, %c-32_i32
  // VNNI-COUNT-4:   "llvm.x86.avx512.vpdpbusd.512"
  // VNNI:           arith.muli {{.*}} : vector<16xi32>
  // VNNI-COUNT-4:   "llvm.x86.avx512.vpdpbusd.512"
  // VNNI:           arith.muli {{.*}} : vector<16xi32>
  // VNNI:           scf.yield
  func.func @q6_k(%w: memref<8192xi8>, %q: memref<2x8x4x32xi8>, %d: memref<2x8x4xf32>, %s: memref<2x8x4xf32>, %n: memref<2x8x4x2xi16>,
                  %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0 = plan.block_contract "q6_k" <rows = 16, lane = 4, planes = [4, 2]> i8_g32 groups 1 tokens 1 columns 256 stride 8192 sums(%v : vector<16xf32>)
         weights %w[%i] : memref<8192xi8> acts(%q, %d, %s, %n : memref<2x8x4x32xi8>, memref<2x8x4xf32>, memref<2x8x4xf32>, memref<2x8x4x2xi16>)[%i, %i]
         -> vector<16xf32>
    return %0 : vector<16xf32>
  }

  // Four rows: half a tile at a time. Fields are put together once for all of them.
  // AVX2-LABEL: func.func @q5_k
  // AVX2:         scf.for
  // AVX2:           arith.ori {{.*}} : vector<32xi8>
  // AVX2-COUNT-4:   "llvm.x86.avx2.pmadd.ub.sw"
  // AVX2:           llvm.inline_asm
  // AVX2:           arith.ori {{.*}} : vector<32xi8>
  // AVX2-COUNT-4:   "llvm.x86.avx2.pmadd.ub.sw"
  // VNNI-LABEL: func.func @q5_k
  // VNNI:           arith.ori {{.*}} : vector<64xi8>
  // VNNI-COUNT-4:   "llvm.x86.avx512.vpdpbusd.512"
  func.func @q5_k(%w: memref<8192xi8>, %q: memref<2x8x4x32xi8>, %d: memref<2x8x4xf32>, %s: memref<2x8x4xf32>, %n: memref<2x8x4x2xi16>,
                  %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0:4 = plan.block_contract "q5_k" <rows = 16, lane = 4, planes = [4, 1]> i8_g32 groups 1 tokens 4 columns 256 stride 8192 sums(%v, %v, %v, %v : vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
         weights %w[%i] : memref<8192xi8> acts(%q, %d, %s, %n : memref<2x8x4x32xi8>, memref<2x8x4xf32>, memref<2x8x4xf32>, memref<2x8x4x2xi16>)[%i, %i]
         -> vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>
    return %0#0 : vector<16xf32>
  }

  // AVX2-LABEL: func.func @q3_k
  // AVX2-COUNT-4:   "llvm.x86.avx2.pmadd.ub.sw"
  // AVX2:           "llvm.x86.avx2.pmadd.wd"
  // VNNI-LABEL: func.func @q3_k
  // VNNI:           arith.muli {{.*}}, %c-4_i32
  func.func @q3_k(%w: memref<8192xi8>, %q: memref<2x8x4x32xi8>, %d: memref<2x8x4xf32>, %s: memref<2x8x4xf32>, %n: memref<2x8x4x2xi16>,
                  %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0 = plan.block_contract "q3_k" <rows = 16, lane = 4, planes = [2, 1]> i8_g32 groups 1 tokens 1 columns 256 stride 8192 sums(%v : vector<16xf32>)
         weights %w[%i] : memref<8192xi8> acts(%q, %d, %s, %n : memref<2x8x4x32xi8>, memref<2x8x4xf32>, memref<2x8x4xf32>, memref<2x8x4x2xi16>)[%i, %i]
         -> vector<16xf32>
    return %0 : vector<16xf32>
  }

  // Minima of groups of 16 meet the activations' sums as integers, both groups' by one vpmaddwd (on AVX2); a shuffle doubles
  // the scales; with one row every second step stays 2 bits up, its products shifted back once a scale group, where four
  // rows would shift more than they spare.
  // AVX2-LABEL: func.func @q2_k
  // AVX2:         scf.for
  // AVX2-COUNT-2:   "llvm.x86.avx2.pshuf.b"
  // AVX2:           arith.andi %[[STORED:.*]], %{{.*}} : vector<32xi8>
  // AVX2:           "llvm.x86.avx2.pmadd.ub.sw"
  // AVX2:           dense<12> : vector<32xi8>
  // AVX2-NEXT:      arith.andi %[[STORED]], %{{.*}} : vector<32xi8>
  // AVX2-COUNT-3:   "llvm.x86.avx2.pmadd.ub.sw"
  // AVX2-NOT:       "llvm.x86.avx2.pmadd.ub.sw"
  // AVX2:           arith.shrsi {{.*}} : vector<16xi16>
  // AVX2-NEXT:      arith.addi {{.*}} : vector<16xi16>
  // AVX2-NEXT:      "llvm.x86.avx2.pmadd.wd"
  // AVX2:           scf.yield
  // AVX2:         scf.for
  // AVX2:           vector.shuffle {{.*}} : vector<8xi8>, vector<8xi8>
  // AVX2:           "llvm.x86.avx2.pmadd.wd"
  // AVX2:           arith.sitofp
  // AVX2-NOT:       arith.muli {{.*}} : vector<8xi32>
  // AVX2:         arith.negf
  // AVX2-LABEL: func.func @q2_k_four
  // AVX2-COUNT-16:  "llvm.x86.avx2.pmadd.ub.sw"
  // AVX2-NOT:       arith.shrsi {{.*}} : vector<16xi16>
  // AVX2:           "llvm.x86.avx2.pmadd.wd"
  // VNNI-LABEL: func.func @q2_k
  // VNNI:         scf.for
  // VNNI:         scf.for
  // VNNI:         arith.muli {{.*}} : vector<16xi32>
  // VNNI:         arith.negf
  func.func @q2_k(%w: memref<8192xi8>, %q: memref<2x8x4x32xi8>, %d: memref<2x8x4xf32>, %s: memref<2x8x4xf32>, %n: memref<2x8x4x2xi16>,
                  %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0 = plan.block_contract "q2_k" <rows = 16, lane = 4, planes = [2]> i8_g32 groups 1 tokens 1 columns 256 stride 8192 sums(%v : vector<16xf32>)
         weights %w[%i] : memref<8192xi8> acts(%q, %d, %s, %n : memref<2x8x4x32xi8>, memref<2x8x4xf32>, memref<2x8x4xf32>, memref<2x8x4x2xi16>)[%i, %i]
         -> vector<16xf32>
    return %0 : vector<16xf32>
  }

  func.func @q2_k_four(%w: memref<8192xi8>, %q: memref<2x8x4x32xi8>, %d: memref<2x8x4xf32>, %s: memref<2x8x4xf32>, %n: memref<2x8x4x2xi16>,
                       %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0:4 = plan.block_contract "q2_k" <rows = 16, lane = 4, planes = [2]> i8_g32 groups 1 tokens 4 columns 256 stride 8192 sums(%v, %v, %v, %v : vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
         weights %w[%i] : memref<8192xi8> acts(%q, %d, %s, %n : memref<2x8x4x32xi8>, memref<2x8x4xf32>, memref<2x8x4xf32>, memref<2x8x4x2xi16>)[%i, %i]
         -> vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>
    return %0#0 : vector<16xf32>
  }

  // Magnitudes of the codebook's values and activations that carry the sign, a step at a time.
  // AVX2-LABEL: func.func @iq4_xs
  // AVX2:           "llvm.x86.avx2.pshuf.b"
  // AVX2:           math.absi
  // AVX2:           "llvm.x86.avx2.psign.b"
  // AVX2:           "llvm.x86.avx2.pmadd.ub.sw"
  // AVX2:           "llvm.x86.avx2.pmadd.wd"
  // VNNI-LABEL: func.func @iq4_xs
  // VNNI:           arith.muli {{.*}}, %c-128_i32
  // VNNI:           "llvm.x86.avx512.pshuf.b.512"
  // VNNI:           "llvm.x86.avx512.vpdpbusd.512"
  func.func @iq4_xs(%w: memref<8192xi8>, %q: memref<2x8x4x32xi8>, %d: memref<2x8x4xf32>, %s: memref<2x8x4xf32>, %n: memref<2x8x4x2xi16>,
                  %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0 = plan.block_contract "iq4_xs" <rows = 16, lane = 4, planes = [4]> i8_g32 groups 1 tokens 1 columns 256 stride 8192 sums(%v : vector<16xf32>)
         weights %w[%i] : memref<8192xi8> acts(%q, %d, %s, %n : memref<2x8x4x32xi8>, memref<2x8x4xf32>, memref<2x8x4xf32>, memref<2x8x4x2xi16>)[%i, %i]
         -> vector<16xf32>
    return %0 : vector<16xf32>
  }

  // One group a block: the scales are f16, and vpmaddwd multiplies with ones.
  // AVX2-LABEL: func.func @q5_0
  // AVX2-NOT:       scf.for
  // AVX2-COUNT-4:   "llvm.x86.avx2.pmadd.ub.sw"
  // AVX2:           "llvm.x86.avx2.pmadd.wd"
  // VNNI-LABEL: func.func @q5_0
  // VNNI:           arith.muli {{.*}}, %c-16_i32
  func.func @q5_0(%w: memref<8192xi8>, %q: memref<2x8x4x32xi8>, %d: memref<2x8x4xf32>, %s: memref<2x8x4xf32>, %n: memref<2x8x4x2xi16>,
                  %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0 = plan.block_contract "q5_0" <rows = 16, lane = 4, planes = [4, 1]> i8_g32 groups 1 tokens 1 columns 32 stride 8192 sums(%v : vector<16xf32>)
         weights %w[%i] : memref<8192xi8> acts(%q, %d, %s, %n : memref<2x8x4x32xi8>, memref<2x8x4xf32>, memref<2x8x4xf32>, memref<2x8x4x2xi16>)[%i, %i]
         -> vector<16xf32>
    return %0 : vector<16xf32>
  }
}
