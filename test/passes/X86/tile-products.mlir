// RUN: sed 's/DOT/tdpbf16ps/' %s | trafo-opt -trafo-lower-block-contract-x86 | FileCheck %s

// Machines without tiles of bf16 leave it to portable arithmetic.
// RUN: sed 's/DOT/tdpbsud/' %s | trafo-opt -trafo-lower-block-contract-x86 | FileCheck %s --check-prefix=KEPT
// RUN: sed 's/DOT/maddubs/' %s | trafo-opt -trafo-lower-block-contract-x86 | FileCheck %s --check-prefix=KEPT
// KEPT-COUNT-2: plan.block_contract {{.*}} bf16_g32

#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = DOT, tile_tokens = 16, tile_groups = 1, panel_rows = 16, prefetch_bytes = 0, pair_tokens = 16>
module attributes {plan.target = #target} {
  // Sums stay in a tile for both groups of 32 columns.
  // CHECK-LABEL: func.func @rows
  // CHECK:         %[[STACK:.*]] = memref.alloca() {alignment = 64 : i64} : memref<1x3x16xf32>
  // CHECK-COUNT-3: vector.store %arg{{.*}}, %[[STACK]]
  // CHECK:         scf.for
  // CHECK:           %[[BEGIN:.*]] = amx.tile_load %[[STACK]]{{.*}} into !amx.tile<3x16xf32>
  // CHECK:           %[[A:.*]] = amx.tile_load %{{.*}} : memref<8x64xbf16> into !amx.tile<3x32xbf16>
  // CHECK:           %[[W:.*]] = memref.view %{{.*}} : memref<2048xi8> to memref<16x32xbf16>
  // CHECK:           %[[B:.*]] = amx.tile_load %[[W]]{{.*}} into !amx.tile<16x32xbf16>
  // CHECK:           %[[SUM:.*]] = amx.tile_mulf %[[A]], %[[B]], %[[BEGIN]]
  // CHECK-NOT:       %[[STACK]]
  // CHECK:           %[[END:.*]] = amx.tile_mulf %{{.*}}, %{{.*}}, %[[SUM]]
  // CHECK:           amx.tile_store %[[STACK]]{{.*}}, %[[END]]
  // CHECK-NOT:       amx.tile_mulf
  // CHECK:         }
  // CHECK-COUNT-3: vector.load %[[STACK]]
  func.func @rows(%w: memref<2048xi8>, %x: memref<8x64xbf16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0:3 = plan.block_contract "bf16" <rows = 16, lane = 2> bf16_g32 groups 1 tokens 3 columns 64 stride 2048
           sums(%v, %v, %v : vector<16xf32>, vector<16xf32>, vector<16xf32>)
           weights %w[%i] : memref<2048xi8> acts(%x : memref<8x64xbf16>)[%i, %i] -> vector<16xf32>, vector<16xf32>, vector<16xf32>
    return %0#0 : vector<16xf32>
  }

  // One row goes by tiles as well, so that its bits are those it has beside others; two tiles share its activations.
  // CHECK-LABEL: func.func @one
  // CHECK:         scf.for
  // CHECK:           amx.tile_load %{{.*}} into !amx.tile<1x32xbf16>
  // CHECK-COUNT-2:   amx.tile_mulf
  // CHECK:           amx.tile_load %{{.*}} into !amx.tile<1x32xbf16>
  // CHECK-COUNT-2:   amx.tile_mulf
  // CHECK-COUNT-2:   amx.tile_store
  func.func @one(%w: memref<4096xi8>, %x: memref<8x64xbf16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
    %0:2 = plan.block_contract "bf16" <rows = 16, lane = 2> bf16_g32 groups 2 tokens 1 columns 64 stride 2048
           sums(%v, %v : vector<16xf32>, vector<16xf32>)
           weights %w[%i] : memref<4096xi8> acts(%x : memref<8x64xbf16>)[%i, %i] -> vector<16xf32>, vector<16xf32>
    return %0#1 : vector<16xf32>
  }
}
