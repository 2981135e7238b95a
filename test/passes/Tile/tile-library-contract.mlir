// RUN: sed -e s/FORM/f32_rows/g -e s/TYPE/f32/g %s | trafo-opt -trafo-pack-weights -trafo-tile-library-contract -trafo-tile-prepare | FileCheck %s --check-prefixes=CHECK,ROWS -DTYPE=f32
// RUN: sed -e s/FORM/f32_tiles/g -e s/TYPE/f32/g %s | trafo-opt -trafo-pack-weights -trafo-tile-library-contract -trafo-tile-prepare | FileCheck %s --check-prefixes=CHECK,TILES -DTYPE=f32
// RUN: sed -e s/FORM/bf16_tiles/g -e s/TYPE/bf16/g %s | trafo-opt -trafo-pack-weights -trafo-tile-library-contract -trafo-tile-prepare | FileCheck %s --check-prefixes=CHECK,PAIRS -DTYPE=bf16

#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0>
module attributes {plan.target = #target, trafo.config = #trafo.config<max_context = 64, max_rows = 8, max_outputs = 8, max_sequences = 1, max_workers = 2>} {
  // ROWS:  trafo.weight @w : {{.*}} layout <rows = 1, raw = true> at 0
  // TILES: trafo.weight @w : {{.*}} layout <rows = 16> at 0
  // PAIRS: trafo.weight @w : {{.*}} layout <rows = 16, lane = 2> at 0
  trafo.weight @w : !trafo.weight<2048x64xTYPE> from #trafo.random<1>
  plan.buffer @x : memref<8x64xf32>
  plan.buffer @y : memref<8x1024xf32>

  // One product of 16 units of two tiles, then the body for each row and unit.
  // CHECK-LABEL: plan.stage @fused
  // PAIRS:         arith.trunci {{.*}} : vector<16xi32> to vector<16xi16>
  // PAIRS:         arith.bitcast {{.*}} : vector<16xi16> to vector<16xbf16>
  // CHECK:         vector.store {{.*}} : memref<8x64x[[TYPE]]>, vector<16x[[TYPE]]>
  // CHECK:         scf.for %[[FIRST:.*]] = %{{.*}} to %[[END:.*]] step %c16
  // CHECK:           %[[LEFT:.*]] = arith.subi %[[END]], %[[FIRST]]
  // CHECK:           %[[UNITS:.*]] = arith.minui %[[LEFT]]
  // ROWS:            arith.muli %[[FIRST]], %c8192
  // TILES:           arith.muli %[[FIRST]], %c8192
  // PAIRS:           arith.muli %[[FIRST]], %c4096
  // CHECK:           %[[COLUMNS:.*]] = arith.muli %[[UNITS]], %c32
  // ROWS:            plan.library_matmul f32_rows
  // TILES:           plan.library_matmul f32_tiles
  // PAIRS:           plan.library_matmul bf16_tiles
  // CHECK-SAME:      columns %[[COLUMNS]] to %[[PRODUCT:.*]] : memref<8x64x[[TYPE]]>, {{.*}}, memref<8x512xf32>
  // CHECK:           scf.for %[[ROW:.*]] =
  // CHECK:             scf.for %[[UNIT:.*]] = {{.*}} to %[[UNITS]]
  // CHECK:               %[[GATE:.*]] = vector.load %[[PRODUCT]][%[[ROW]]
  // CHECK:               %[[UP:.*]] = vector.load %[[PRODUCT]][%[[ROW]]
  // CHECK:               arith.mulf %[[GATE]], %[[UP]]
  // CHECK:               vector.store
  plan.stage @fused {
  ^bb0(%layer: index):
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %rows = plan.rows
    %x = plan.ref @x : memref<8x64xf32>
    %y = plan.ref @y : memref<8x1024xf32>
    %w = plan.weight @w : !trafo.weight<2048x64xTYPE>
    %p = plan.prepare none %x[%c0, %rows] : memref<8x64xf32> -> !plan.panel<8x64xTYPE>
    plan.contract %p rows %rows, %w units %c0 to %c64 groups 2 library FORM : !plan.panel<8x64xTYPE>, !trafo.weight<2048x64xTYPE> {
    ^bb0(%row: index, %unit: index, %gate: vector<16xf32>, %up: vector<16xf32>):
      %c16 = arith.constant 16 : index
      %col = arith.muli %unit, %c16 : index
      %product = arith.mulf %gate, %up : vector<16xf32>
      vector.store %product, %y[%row, %col] : memref<8x1024xf32>, vector<16xf32>
      plan.end
    }
    plan.end
  }
  plan.step @step {
    plan.run @fused
    plan.barrier
    plan.end
  }
}
