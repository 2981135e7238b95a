// RUN: sed -e s/FORM/i8_rows/g %s | trafo-opt -trafo-pack-weights -trafo-tile-library-contract | FileCheck %s --check-prefixes=CHECK,I8
// RUN: sed -e s/FORM/u7_rows/g %s | trafo-opt -trafo-pack-weights -trafo-tile-library-contract | FileCheck %s --check-prefixes=CHECK,U7

#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0>
module attributes {plan.target = #target, trafo.config = #trafo.config<max_context = 64, max_rows = 8, max_outputs = 8, max_sequences = 1, max_workers = 2>} {
  // CHECK: trafo.weight @w : {{.*}} layout <rows = 1, raw = true> at 0
  trafo.weight @w : !trafo.weight<2048x64xi8_row> from #trafo.random<1>
  plan.buffer @x : memref<8x64xf32>
  plan.buffer @y : memref<8x2048xf32>

  // Codes become rows: as they are, or what is above zero and what is below apart.
  // CHECK-LABEL: plan.stage @linear
  // CHECK:         %[[CODES:.*]] = plan.ref @panel_8x64_codes : memref<2x2x4x32xi8>
  // I8:            %[[X:.*]] = plan.ref @rows_8x64 : memref<8x64xi8>
  // U7:            %[[X:.*]] = plan.ref @rows_16x64 : memref<16x64xi8>
  // CHECK:         %[[CODE:.*]] = vector.load %[[CODES]]{{.*}} vector<32xi8>
  // I8:            vector.store %[[CODE]], %[[X]]
  // U7:            %[[ABOVE:.*]] = arith.maxsi %[[CODE]], %[[NONE:.*]] : vector<32xi8>
  // U7:            vector.store %[[ABOVE]], %[[X]]
  // U7:            %[[MINUS:.*]] = arith.subi %{{.*}}, %[[CODE]] : vector<32xi8>
  // U7:            %[[BELOW:.*]] = arith.maxsi %[[MINUS]], {{.*}} : vector<32xi8>
  // U7:            vector.store %[[BELOW]], %[[X]]
  // A row of weights is its scale, then 64 codes; products of two rows a row are of half as many columns.
  // I8:            %[[PRODUCT:.*]] = plan.ref @product_8x512_i32 : memref<8x512xi32>
  // U7:            %[[PRODUCT:.*]] = plan.ref @product_16x256_i32 : memref<16x256xi32>
  // CHECK:         %[[BASE:.*]] = plan.address
  // I8:            scf.for %[[FIRST:.*]] = %{{.*}} to %{{.*}} step %c32
  // U7:            scf.for %[[FIRST:.*]] = %{{.*}} to %{{.*}} step %c16
  // CHECK:           %[[BYTES:.*]] = arith.muli %[[FIRST]], %c1088
  // CHECK:           %[[OFFSET:.*]] = arith.addi %[[BASE]], %[[BYTES]]
  // U7:              %[[TWICE:.*]] = arith.muli %{{.*}}, %c2
  // CHECK:           %[[CODESAT:.*]] = arith.addi %[[OFFSET]], %c4
  // I8:              plan.library_matmul i8_rows %[[X]] rows %{{.*}} weights %{{.*}}[%[[CODESAT]]] columns %{{.*}} to %[[PRODUCT]]
  // U7:              plan.library_matmul u7_rows %[[X]] rows %[[TWICE]] weights %{{.*}}[%[[CODESAT]]] columns %{{.*}} to %[[PRODUCT]]
  // Scales come from 68 bytes apart.
  // CHECK:           scf.for
  // CHECK:             arith.muli %{{.*}}, %c68
  // CHECK:             %[[SCALE:.*]] = vector.bitcast %{{.*}} : vector<4xi8> to vector<1xf32>
  // CHECK:             %[[ONE:.*]] = vector.extract %[[SCALE]][0]
  // CHECK:             memref.store %[[ONE]], %[[SCALES:.*]][
  // Results are those of generated code: exact sums, times the product of both scales, added to zero.
  // CHECK:           %[[SUM:.*]] = vector.load %[[PRODUCT]]{{.*}} vector<16xi32>
  // U7:              %[[LESS:.*]] = vector.load %[[PRODUCT]]{{.*}} vector<16xi32>
  // U7:              %[[EXACT:.*]] = arith.subi %[[SUM]], %[[LESS]]
  // CHECK-DAG:       %[[DW:.*]] = vector.load %[[SCALES]]
  // I8-DAG:          %[[F:.*]] = arith.sitofp %[[SUM]]
  // U7-DAG:          %[[F:.*]] = arith.sitofp %[[EXACT]]
  // CHECK:           %[[D:.*]] = arith.mulf %[[DW]]
  // CHECK:           %[[RESULT:.*]] = math.fma %[[F]], %[[D]]
  // CHECK:           vector.store %[[RESULT]]
  plan.stage @linear {
  ^bb0(%layer: index):
    %c0 = arith.constant 0 : index
    %c128 = arith.constant 128 : index
    %rows = plan.rows
    %x = plan.ref @x : memref<8x64xf32>
    %y = plan.ref @y : memref<8x2048xf32>
    %w = plan.weight @w : !trafo.weight<2048x64xi8_row>
    %p = plan.prepare none %x[%c0, %rows] : memref<8x64xf32> -> !plan.panel<8x64xi8_row>
    plan.contract %p rows %rows, %w units %c0 to %c128 groups 1 library FORM : !plan.panel<8x64xi8_row>, !trafo.weight<2048x64xi8_row> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      %c16 = arith.constant 16 : index
      %col = arith.muli %unit, %c16 : index
      vector.store %sum, %y[%row, %col] : memref<8x2048xf32>, vector<16xf32>
      plan.end
    }
    plan.end
  }
  plan.step @step {
    plan.run @linear
    plan.barrier
    plan.end
  }
}
