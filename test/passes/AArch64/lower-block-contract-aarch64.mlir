// RUN: sed 's/DOT/smmla/' %s | trafo-opt -trafo-lower-block-contract-aarch64 | FileCheck %s --check-prefix=I8MM
// RUN: sed 's/DOT/sdot/' %s | trafo-opt -trafo-lower-block-contract-aarch64 | FileCheck %s --check-prefix=DOTPROD
// RUN: sed 's/DOT/generic/' %s | trafo-opt -trafo-lower-block-contract-aarch64 | FileCheck %s --check-prefix=LEFT
// RUN: sed 's/DOT/generic/' %s | trafo-opt -trafo-aarch64-pipeline | FileCheck %s --check-prefix=ANY

// What the target has no dot product for is left alone, and goes the generic way in the pipeline.
// LEFT-COUNT-7: plan.block_contract {{.*}} i8_{{g32|row}}
// ANY-NOT:      plan.block_contract

#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = DOT, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0>
module attributes {plan.target = #target} {
  // One row of the step has no partner: 8 dot products for each of the 4 registers of rows.
  // I8MM-LABEL: func.func @q4_1_alone
  // I8MM-COUNT-32: "llvm.aarch64.neon.sdot.v4i32.v16i8"
  // I8MM-NOT:      llvm.aarch64
  // DOTPROD-LABEL: func.func @q4_1_alone
  // DOTPROD-COUNT-32: "llvm.aarch64.neon.sdot.v4i32.v16i8"
  // DOTPROD-NOT:      llvm.aarch64
  func.func @q4_1_alone(%w: memref<320xi8>, %q: memref<2x2x4x32xi8>, %d: memref<2x2x4xf32>, %s: memref<2x2x4xf32>,
                        %n: memref<2x2x4x2xi16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0 = plan.block_contract "q4_1" <rows = 16, lane = 4, planes = [4]> i8_g32 groups 1 tokens 1 columns 32 stride 640 sums(%v : vector<16xf32>)
         weights %w[%i] : memref<320xi8> acts(%q, %d, %s, %n : memref<2x2x4x32xi8>, memref<2x2x4xf32>, memref<2x2x4xf32>, memref<2x2x4x2xi16>)[%i, %i]
         -> vector<16xf32>
    return %0 : vector<16xf32>
  }

  // Two of three rows go together: two registers of 4 columns are zipped to 8 columns of 2 rows.
  // I8MM-LABEL: func.func @q4_0_three
  // I8MM:         vector.shuffle %{{.*}}, %{{.*}} [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] : vector<8xi8>, vector<8xi8>
  // I8MM:         vector.shuffle %{{.*}}, %{{.*}} [0, 4, 1, 5] : vector<4xi32>, vector<4xi32>
  // I8MM:         "llvm.aarch64.neon.smmla.v4i32.v16i8"
  // I8MM:         vector.shuffle %{{.*}}, %{{.*}} [2, 6, 3, 7] : vector<4xi32>, vector<4xi32>
  // I8MM:         "llvm.aarch64.neon.smmla.v4i32.v16i8"
  // I8MM-COUNT-2: "llvm.aarch64.neon.sdot.v4i32.v16i8"
  // The sums of the rows of the step are apart again, and 8 * sum(a) is taken off.
  // I8MM:         vector.shuffle %{{.*}}, %{{.*}} [0, 2, 4, 6] : vector<4xi32>, vector<4xi32>
  // I8MM:         arith.muli %{{.*}}, %c8_i32
  // I8MM:         vector.shuffle %{{.*}}, %{{.*}} [1, 3, 5, 7] : vector<4xi32>, vector<4xi32>
  // DOTPROD-LABEL: func.func @q4_0_three
  // DOTPROD-NOT:     smmla
  // DOTPROD-COUNT-96: "llvm.aarch64.neon.sdot.v4i32.v16i8"
  func.func @q4_0_three(%w: memref<288xi8>, %q: memref<2x2x3x32xi8>, %d: memref<2x2x3xf32>, %s: memref<2x2x3xf32>,
                        %n: memref<2x2x3x2xi16>, %i: index, %v: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>) {
    %0:3 = plan.block_contract "q4_0" <rows = 16, lane = 4, planes = [4]> i8_g32 groups 1 tokens 3 columns 32 stride 576
         sums(%v, %v, %v : vector<16xf32>, vector<16xf32>, vector<16xf32>)
         weights %w[%i] : memref<288xi8> acts(%q, %d, %s, %n : memref<2x2x3x32xi8>, memref<2x2x3xf32>, memref<2x2x3xf32>, memref<2x2x3x2xi16>)[%i, %i]
         -> vector<16xf32>, vector<16xf32>, vector<16xf32>
    return %0#0, %0#1, %0#2 : vector<16xf32>, vector<16xf32>, vector<16xf32>
  }

  // Bytes stored XOR 128 are unsigned codes with 128 too much, which i8mm takes; sdot wants them turned back.
  // I8MM-LABEL: func.func @q8_0_two
  // I8MM-NOT:      arith.xori
  // I8MM-COUNT-32: "llvm.aarch64.neon.usmmla.v4i32.v16i8"
  // I8MM:          arith.muli %{{.*}}, %c128_i32
  // DOTPROD-LABEL: func.func @q8_0_two
  // DOTPROD:         arith.xori
  // DOTPROD:         "llvm.aarch64.neon.sdot.v4i32.v16i8"
  // DOTPROD-NOT:     arith.muli %{{.*}}, %c128_i32
  func.func @q8_0_two(%w: memref<544xi8>, %q: memref<2x2x2x32xi8>, %d: memref<2x2x2xf32>, %s: memref<2x2x2xf32>,
                      %n: memref<2x2x2x2xi16>, %i: index, %v: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>) {
    %0:2 = plan.block_contract "q8_0" <rows = 16, lane = 4, bias = 128> i8_g32 groups 1 tokens 2 columns 32 stride 1088
         sums(%v, %v : vector<16xf32>, vector<16xf32>)
         weights %w[%i] : memref<544xi8> acts(%q, %d, %s, %n : memref<2x2x2x32xi8>, memref<2x2x2xf32>, memref<2x2x2xf32>, memref<2x2x2x2xi16>)[%i, %i]
         -> vector<16xf32>, vector<16xf32>
    return %0#0, %0#1 : vector<16xf32>, vector<16xf32>
  }

  func.func @q8_0_alone(%w: memref<544xi8>, %q: memref<2x2x4x32xi8>, %d: memref<2x2x4xf32>, %s: memref<2x2x4xf32>,
                        %n: memref<2x2x4x2xi16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    // I8MM-LABEL: func.func @q8_0_alone
    // I8MM-COUNT-32: "llvm.aarch64.neon.usdot.v4i32.v16i8"
    %0 = plan.block_contract "q8_0" <rows = 16, lane = 4, bias = 128> i8_g32 groups 1 tokens 1 columns 32 stride 1088 sums(%v : vector<16xf32>)
         weights %w[%i] : memref<544xi8> acts(%q, %d, %s, %n : memref<2x2x4x32xi8>, memref<2x2x4xf32>, memref<2x2x4xf32>, memref<2x2x4x2xi16>)[%i, %i]
         -> vector<16xf32>
    return %0 : vector<16xf32>
  }

  // The block is the row: a loop over its groups of 32 columns.
  // I8MM-LABEL: func.func @i8_row_two
  // I8MM:         scf.for
  // I8MM-COUNT-32:  "llvm.aarch64.neon.usmmla.v4i32.v16i8"
  // I8MM:           scf.yield
  // I8MM:         arith.sitofp
  // DOTPROD-LABEL: func.func @i8_row_two
  // DOTPROD:         scf.for
  // DOTPROD:           "llvm.aarch64.neon.sdot.v4i32.v16i8"
  // DOTPROD:           scf.yield
  func.func @i8_row_two(%w: memref<1088xi8>, %q: memref<2x2x2x32xi8>, %d: memref<2x1x2xf32>, %s: memref<2x1x2xi32>,
                  %n: memref<2x2x2x2xi16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0:2 = plan.block_contract "i8_row" <rows = 16, lane = 4, bias = 128> i8_row groups 1 tokens 2 columns 64 stride 1088
         sums(%v, %v : vector<16xf32>, vector<16xf32>)
         weights %w[%i] : memref<1088xi8> acts(%q, %d, %s, %n : memref<2x2x2x32xi8>, memref<2x1x2xf32>, memref<2x1x2xi32>, memref<2x2x2x2xi16>)[%i, %i]
         -> vector<16xf32>, vector<16xf32>
    return %0#0 : vector<16xf32>
  }

  // Groups of 16 of a super-block: four dot products, then the integer scale.
  // I8MM-LABEL: func.func @q6_k
  // I8MM:         scf.for
  // I8MM-COUNT-8:   "llvm.aarch64.neon.sdot.v4i32.v16i8"
  // I8MM:           arith.muli {{.*}}, %c32_i32
  // I8MM:           arith.subi {{.*}} : vector<8xi32>
  // I8MM:           arith.muli {{.*}} : vector<8xi32>
  // I8MM:           scf.yield
  func.func @q6_k(%w: memref<8192xi8>, %q: memref<2x8x4x32xi8>, %d: memref<2x8x4xf32>, %s: memref<2x8x4xf32>, %n: memref<2x8x4x2xi16>,
                  %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0 = plan.block_contract "q6_k" <rows = 16, lane = 4, planes = [4, 2]> i8_g32 groups 1 tokens 1 columns 256 stride 8192 sums(%v : vector<16xf32>)
         weights %w[%i] : memref<8192xi8> acts(%q, %d, %s, %n : memref<2x8x4x32xi8>, memref<2x8x4xf32>, memref<2x8x4xf32>, memref<2x8x4x2xi16>)[%i, %i]
         -> vector<16xf32>
    return %0 : vector<16xf32>
  }

  // A codebook's values are signed bytes: looked up, then multiplied as they are.
  // I8MM-LABEL: func.func @iq4_xs
  // I8MM:           "llvm.aarch64.neon.tbl1.v16i8"
  // I8MM:           "llvm.aarch64.neon.smmla.v4i32.v16i8"
  // I8MM-NOT:       arith.subi {{.*}} : vector<8xi32>
  // DOTPROD-LABEL: func.func @iq4_xs
  // DOTPROD:        "llvm.aarch64.neon.tbl1.v16i8"
  // DOTPROD:        "llvm.aarch64.neon.sdot.v4i32.v16i8"
  func.func @iq4_xs(%w: memref<8192xi8>, %q: memref<2x8x2x32xi8>, %d: memref<2x8x2xf32>, %s: memref<2x8x2xf32>, %n: memref<2x8x2x2xi16>,
                    %i: index, %v: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>) {
    %0:2 = plan.block_contract "iq4_xs" <rows = 16, lane = 4, planes = [4]> i8_g32 groups 1 tokens 2 columns 256 stride 8192
         sums(%v, %v : vector<16xf32>, vector<16xf32>)
         weights %w[%i] : memref<8192xi8> acts(%q, %d, %s, %n : memref<2x8x2x32xi8>, memref<2x8x2xf32>, memref<2x8x2xf32>, memref<2x8x2x2xi16>)[%i, %i]
         -> vector<16xf32>, vector<16xf32>
    return %0#0, %0#1 : vector<16xf32>, vector<16xf32>
  }

  // Float blocks are the same on every machine.
  // I8MM-LABEL: func.func @bf16
  // I8MM-COUNT-2: math.fma
  // I8MM-NOT:     math.fma
  func.func @bf16(%w: memref<64xi8>, %x: memref<8x64xf32>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0 = plan.block_contract "bf16" <rows = 16> f32 groups 1 tokens 1 columns 2 stride 64 sums(%v : vector<16xf32>)
         weights %w[%i] : memref<64xi8> acts(%x : memref<8x64xf32>)[%i, %i] -> vector<16xf32>
    return %0 : vector<16xf32>
  }
}
