// RUN: trafo-opt %s -trafo-lower-block-contract-x86 | FileCheck %s
// RUN: sed "s/dot = tdpbsud/dot = tdpbf16ps/" %s | trafo-opt -trafo-lower-block-contract-x86 | FileCheck %s --check-prefix=PAIRS --implicit-check-not=amx.

// Where tiles are of bf16, int8 goes through VNNI alone: LLVM has no registers for both.
// PAIRS: "llvm.x86.avx512.vpdpbusd.512"

// AMX: 16 rows of the step by 16 weight rows by 32 columns in one product; few rows go through VNNI.

#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = tdpbsud, tile_tokens = 16, tile_groups = 1, panel_rows = 16, prefetch_bytes = 0>
module attributes {plan.target = #target} {
  // Nibbles become bytes on the stack, four columns of 16 rows a line.
  // CHECK-LABEL: func.func @q4_1
  // CHECK-DAG:     %[[CODES:.*]] = memref.alloca() {alignment = 64 : i64} : memref<4x8x64xi8>
  // CHECK-DAG:     %[[SUMS:.*]] = memref.alloca() {alignment = 64 : i64} : memref<4x16x16xi32>
  // CHECK-COUNT-8: vector.store {{.*}}, %[[CODES]]
  // CHECK:         %[[A:.*]] = amx.tile_load %arg1[{{.*}}] : memref<2x2x16x32xi8> into !amx.tile<16x32xi8>
  // CHECK:         %[[B:.*]] = amx.tile_load %[[CODES]][{{.*}}] : memref<4x8x64xi8> into !amx.tile<8x64xi8>
  // CHECK:         %[[ZERO:.*]] = amx.tile_zero : !amx.tile<16x16xi32>
  // CHECK:         %[[C:.*]] = amx.tile_muli %[[A]], %[[B]] zext, %[[ZERO]]
  // CHECK:         amx.tile_store %[[SUMS]][{{.*}}], %[[C]]
  // CHECK-COUNT-16: vector.load %[[SUMS]]
  // CHECK-COUNT-32: math.fma
  // CHECK-NOT:     llvm.x86.avx512.vpdpbusd
  // CHECK:         return
  func.func @q4_1(%w: memref<320xi8>, %q: memref<2x2x16x32xi8>, %d: memref<2x2x16xf32>, %s: memref<2x2x16xf32>,
                  %n: memref<2x2x16x2xi16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0:16 = plan.block_contract "q4_1" <rows = 16, lane = 4, planes = [4]> i8_g32 groups 1 tokens 16 columns 32 stride 320
            sums(%v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v : vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
            weights %w[%i] : memref<320xi8> acts(%q, %d, %s, %n : memref<2x2x16x32xi8>, memref<2x2x16xf32>, memref<2x2x16xf32>, memref<2x2x16x2xi16>)[%i, %i]
            -> vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>
    return %0#0 : vector<16xf32>
  }

  // In a loop a group's codes are put together while the group before is multiplied and the one before that is taken; each
  // has a slot of its own.
  // CHECK-LABEL: func.func @loop
  // CHECK-COUNT-16: vector.store {{.*}} : memref<4x8x64xi8>
  // CHECK:         scf.for
  // CHECK:         amx.tile_muli
  // CHECK:         amx.tile_store
  // CHECK-COUNT-8: vector.store {{.*}} : memref<4x8x64xi8>
  // CHECK-COUNT-16: vector.load {{.*}} : memref<4x16x16xi32>
  // CHECK:         scf.yield
  // CHECK:         amx.tile_muli
  // CHECK-NOT:     amx.tile_muli
  // CHECK:         return
  func.func @loop(%w: memref<5760xi8>, %q: memref<2x18x16x32xi8>, %d: memref<2x18x16xf32>, %s: memref<2x18x16xf32>,
                  %n: memref<2x18x16x2xi16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c18 = arith.constant 18 : index
    %c32 = arith.constant 32 : index
    %c320 = arith.constant 320 : index
    %0:16 = scf.for %block = %c0 to %c18 step %c1 iter_args(%a0 = %v, %a1 = %v, %a2 = %v, %a3 = %v, %a4 = %v, %a5 = %v, %a6 = %v, %a7 = %v, %a8 = %v, %a9 = %v, %a10 = %v, %a11 = %v, %a12 = %v, %a13 = %v, %a14 = %v, %a15 = %v)
        -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>) {
      %offset = arith.muli %block, %c320 : index
      %column = arith.muli %block, %c32 : index
      %1:16 = plan.block_contract "q4_1" <rows = 16, lane = 4, planes = [4]> i8_g32 groups 1 tokens 16 columns 32 stride 320
            sums(%a0, %a1, %a2, %a3, %a4, %a5, %a6, %a7, %a8, %a9, %a10, %a11, %a12, %a13, %a14, %a15 : vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
            weights %w[%offset] : memref<5760xi8> acts(%q, %d, %s, %n : memref<2x18x16x32xi8>, memref<2x18x16xf32>, memref<2x18x16xf32>, memref<2x18x16x2xi16>)[%i, %column]
            -> vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>
      scf.yield %1#0, %1#1, %1#2, %1#3, %1#4, %1#5, %1#6, %1#7, %1#8, %1#9, %1#10, %1#11, %1#12, %1#13, %1#14, %1#15 : vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>
    }
    return %0#0 : vector<16xf32>
  }

  // Bytes are read where they were packed; what they are too large by leaves the sums.
  // CHECK-LABEL: func.func @q8_0
  // CHECK-NOT:     memref<4x8x64xi8>
  // CHECK:         amx.tile_load %arg0[{{.*}}], %c64{{.*}} : memref<544xi8> into !amx.tile<8x64xi8>
  // CHECK:         amx.tile_muli
  // CHECK:         arith.muli %{{.*}}, %c128_i32
  // CHECK:         arith.subi
  func.func @q8_0(%w: memref<544xi8>, %q: memref<2x2x16x32xi8>, %d: memref<2x2x16xf32>, %s: memref<2x2x16xf32>,
                  %n: memref<2x2x16x2xi16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0:16 = plan.block_contract "q8_0" <rows = 16, lane = 4, bias = 128> i8_g32 groups 1 tokens 16 columns 32 stride 544
            sums(%v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v : vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
            weights %w[%i] : memref<544xi8> acts(%q, %d, %s, %n : memref<2x2x16x32xi8>, memref<2x2x16xf32>, memref<2x2x16xf32>, memref<2x2x16x2xi16>)[%i, %i]
            -> vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>
    return %0#0 : vector<16xf32>
  }

  // Where the block is the row, one product of tiles for each group of 32 columns, added up as integers.
  // CHECK-LABEL: func.func @i8_row
  // CHECK:         scf.for
  // CHECK:           amx.tile_load %arg0[{{.*}}], %c64{{.*}} : memref<1088xi8> into !amx.tile<8x64xi8>
  // CHECK:           amx.tile_muli
  // CHECK:           scf.yield
  // CHECK:         arith.sitofp
  func.func @i8_row(%w: memref<1088xi8>, %q: memref<2x2x16x32xi8>, %d: memref<2x1x16xf32>, %s: memref<2x1x16xi32>,
                  %n: memref<2x2x16x2xi16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0:16 = plan.block_contract "i8_row" <rows = 16, lane = 4, bias = 128> i8_row groups 1 tokens 16 columns 64 stride 1088
         sums(%v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v : vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
         weights %w[%i] : memref<1088xi8> acts(%q, %d, %s, %n : memref<2x2x16x32xi8>, memref<2x1x16xf32>, memref<2x1x16xi32>, memref<2x2x16x2xi16>)[%i, %i]
         -> vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>
    return %0#0 : vector<16xf32>
  }

  // Scales of 16 columns each: two products of four lines, of a group before the loop over groups, in it and after it.
  // CHECK-LABEL: func.func @q6_k
  // CHECK:         memref.alloca() {{.*}} : memref<8x16x16xi32>
  // CHECK-COUNT-8: vector.store {{.*}} : memref<4x8x64xi8>
  // CHECK-COUNT-6: amx.tile_muli {{.*}} : !amx.tile<16x16xi8>, !amx.tile<4x64xi8>, !amx.tile<16x16xi32>
  // CHECK-NOT:     amx.tile_muli
  // CHECK:         return
  func.func @q6_k(%w: memref<3360xi8>, %q: memref<2x8x16x32xi8>, %d: memref<2x8x16xf32>, %s: memref<2x8x16xf32>,
                  %n: memref<2x8x16x2xi16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0:16 = plan.block_contract "q6_k" <rows = 16, lane = 4, planes = [4, 2]> i8_g32 groups 1 tokens 16 columns 256 stride 3360
            sums(%v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v, %v : vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
            weights %w[%i] : memref<3360xi8> acts(%q, %d, %s, %n : memref<2x8x16x32xi8>, memref<2x8x16xf32>, memref<2x8x16xf32>, memref<2x8x16x2xi16>)[%i, %i]
            -> vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>
    return %0#0 : vector<16xf32>
  }

  // CHECK-LABEL: func.func @one
  // CHECK-NOT:     amx
  // CHECK:         "llvm.x86.avx512.vpdpbusd.512"
  func.func @one(%w: memref<320xi8>, %q: memref<2x2x16x32xi8>, %d: memref<2x2x16xf32>, %s: memref<2x2x16xf32>,
                 %n: memref<2x2x16x2xi16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0 = plan.block_contract "q4_1" <rows = 16, lane = 4, planes = [4]> i8_g32 groups 1 tokens 1 columns 32 stride 320 sums(%v : vector<16xf32>)
         weights %w[%i] : memref<320xi8> acts(%q, %d, %s, %n : memref<2x2x16x32xi8>, memref<2x2x16xf32>, memref<2x2x16xf32>, memref<2x2x16x2xi16>)[%i, %i]
         -> vector<16xf32>
    return %0 : vector<16xf32>
  }
}
