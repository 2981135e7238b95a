// RUN: trafo-opt %s -trafo-pack-weights -trafo-tile-contract | FileCheck %s
// RUN: trafo-opt %s -trafo-pack-weights -trafo-tile-contract --remarks-filter=trafo-tile --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK
// RUN: sed 's/tile_groups = 1/tile_groups = 2/' %s | trafo-opt -trafo-pack-weights -trafo-tile-contract | FileCheck %s --check-prefix=GROUPS

#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 4096>
module attributes {plan.target = #target, trafo.config = #trafo.config<max_context = 64, max_rows = 8, max_outputs = 8, max_sequences = 1, max_workers = 2>} {
  // Blocks of 32 columns, nibbles split.
  // CHECK: trafo.weight @q4 : {{.*}} layout <rows = 16, lane = 4, planes = [4]> at 0
  trafo.weight @q4 : !trafo.weight<40x64xq4_1> from #trafo.random<1>
  // Float formats go column by column. 3 tiles of 2 blocks of 320 bytes lie before.
  // CHECK: trafo.weight @f16 : {{.*}} layout <rows = 16> at 1920
  trafo.weight @f16 : !trafo.weight<32x64xf16> from #trafo.random<2>
  // Codes that meet f32 rows keep the file's blocks.
  // CHECK: trafo.weight @q6 : {{.*}} layout <rows = 1, raw = true>
  // REMARK: q6_k meets f32 rows
  trafo.weight @q6 : !trafo.weight<32x256xq6_k> from #trafo.random<3>
  // CHECK: trafo.weight @i8 : {{.*}} layout <rows = 16, lane = 4, bias = 128>
  trafo.weight @i8 : !trafo.weight<32x64xi8_row> from #trafo.random<4>

  // Pairs of columns side by side.
  // CHECK: trafo.weight @pairs : {{.*}} layout <rows = 16, lane = 2>
  trafo.weight @pairs : !trafo.weight<32x64xbf16> from #trafo.random<5>

  plan.buffer @x : memref<8x64xf32>
  plan.buffer @z : memref<8x256xf32>
  plan.buffer @y : memref<8x48xf32>

  // The first rows fetch the next unit, a row alone the bytes ahead.
  // CHECK-LABEL: plan.stage @grouped
  // CHECK:         scf.for %[[UNIT:.*]] =
  // CHECK:           scf.for %[[ROW:.*]] = {{.*}} step %c4
  // CHECK:             arith.cmpi eq, %[[ROW]], %c0
  // CHECK:             scf.if
  // CHECK-COUNT-5:       memref.prefetch
  // CHECK:             plan.block_contract "q4_1" <rows = 16, lane = 4, planes = [4]> i8_g32 groups 1 tokens 4 columns 32 stride 640
  // CHECK-COUNT-4:     vector.store
  // CHECK:           scf.for
  // CHECK:             plan.block_contract "q4_1" <rows = 16, lane = 4, planes = [4]> i8_g32 groups 1 tokens 1 columns 32 stride 640 prefetch 4096

  // Two units together, the odd one alone; single rows by one unit.
  // GROUPS-LABEL: plan.stage @grouped
  // GROUPS:         scf.for {{.*}} step %c2
  // GROUPS:           plan.block_contract {{.*}} groups 2 tokens 4 columns 32 stride 640
  // GROUPS-COUNT-8:   vector.store
  // GROUPS:           plan.block_contract {{.*}} groups 1 tokens 1 columns 32
  // GROUPS:         scf.for
  // GROUPS:           plan.block_contract {{.*}} groups 1 tokens 4 columns 32
  plan.stage @grouped {
  ^bb0(%layer: index):
    %c0 = arith.constant 0 : index
    %c3 = arith.constant 3 : index
    %rows = plan.rows
    %x = plan.ref @x : memref<8x64xf32>
    %y = plan.ref @y : memref<8x48xf32>
    %w = plan.weight @q4 : !trafo.weight<40x64xq4_1>
    %p = plan.prepare none %x[%c0, %rows] : memref<8x64xf32> -> !plan.panel<8x64xi8_g32>
    plan.contract %p rows %rows, %w units %c0 to %c3 groups 1 : !plan.panel<8x64xi8_g32>, !trafo.weight<40x64xq4_1> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      %c16 = arith.constant 16 : index
      %col = arith.muli %unit, %c16 : index
      vector.store %sum, %y[%row, %col] : memref<8x48xf32>, vector<16xf32>
      plan.end
    }
    plan.end
  }

  // Two digits a code: tiles hold half as many rows, whose sums the contraction makes of both.
  // CHECK-LABEL: plan.stage @two_terms
  // CHECK:         %[[COUNT:.*]] = arith.muli %{{.*}}, %c2
  // CHECK:           scf.for %[[ROW:.*]] = {{.*}} step %c4
  // CHECK:             %[[SUMS:.*]]:2 = scf.for
  // CHECK:               plan.block_contract "q4_1" <rows = 16, lane = 4, planes = [4]> i8x2_g32 groups 1 tokens 2 columns 32
  // CHECK-SAME:            memref<4x2x4x2xi16>, memref<4x2x2x32xi16>, memref<4x2x2xi32>
  // CHECK:             %[[FIRST:.*]] = arith.divui %[[ROW]], %c2
  // CHECK:             vector.store %[[SUMS]]#0
  // CHECK:             vector.store %[[SUMS]]#1
  // CHECK:           scf.for {{.*}} to %[[COUNT]] step %c2
  // CHECK:             plan.block_contract "q4_1" <rows = 16, lane = 4, planes = [4]> i8x2_g32 groups 1 tokens 1 columns 32 stride 640 prefetch 4096
  plan.stage @two_terms {
  ^bb0(%layer: index):
    %c0 = arith.constant 0 : index
    %c3 = arith.constant 3 : index
    %rows = plan.rows
    %x = plan.ref @x : memref<8x64xf32>
    %y = plan.ref @y : memref<8x48xf32>
    %w = plan.weight @q4 : !trafo.weight<40x64xq4_1>
    %p = plan.prepare none %x[%c0, %rows] : memref<8x64xf32> -> !plan.panel<8x64xi8x2_g32>
    plan.contract %p rows %rows, %w units %c0 to %c3 groups 1 : !plan.panel<8x64xi8x2_g32>, !trafo.weight<40x64xq4_1> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      %c16 = arith.constant 16 : index
      %col = arith.muli %unit, %c16 : index
      vector.store %sum, %y[%row, %col] : memref<8x48xf32>, vector<16xf32>
      plan.end
    }
    plan.end
  }

  // The row is one block: one contraction of all columns, of a panel with a scale and a sum per row.
  // CHECK-LABEL: plan.stage @whole_rows
  // CHECK:         plan.block_contract "i8_row" <rows = 16, lane = 4, bias = 128> i8_row groups 1 tokens 4 columns 64 stride 1088
  // CHECK-SAME:      memref<2x2x4x32xi8>, memref<2x1x4xf32>, memref<2x1x4xi32>, memref<2x2x4x2xi16>
  // CHECK:         plan.block_contract "i8_row" <rows = 16, lane = 4, bias = 128> i8_row groups 1 tokens 1 columns 64 stride 1088 prefetch 4096
  plan.stage @whole_rows {
  ^bb0(%layer: index):
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %rows = plan.rows
    %x = plan.ref @x : memref<8x64xf32>
    %w = plan.weight @i8 : !trafo.weight<32x64xi8_row>
    %p = plan.prepare none %x[%c0, %rows] : memref<8x64xf32> -> !plan.panel<8x64xi8_row>
    plan.contract %p rows %rows, %w units %c0 to %c2 groups 1 : !plan.panel<8x64xi8_row>, !trafo.weight<32x64xi8_row> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }

  // CHECK-LABEL: plan.stage @float
  // What four rows at a time leave is taken by two and by one.
  // CHECK:         plan.block_contract "f16" <rows = 16> f32 groups 1 tokens 4 columns 8
  // CHECK:         plan.block_contract "f16" <rows = 16> f32 groups 1 tokens 2 columns 8
  // CHECK:         plan.block_contract "f16" <rows = 16> f32 groups 1 tokens 1 columns 8
  plan.stage @float {
  ^bb0(%layer: index):
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %rows = plan.rows
    %x = plan.ref @x : memref<8x64xf32>
    %w = plan.weight @f16 : !trafo.weight<32x64xf16>
    %p = plan.prepare none %x[%c0, %rows] : memref<8x64xf32> -> !plan.panel<8x64xf32>
    plan.contract %p rows %rows, %w units %c0 to %c2 groups 1 : !plan.panel<8x64xf32>, !trafo.weight<32x64xf16> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }

  // The row is one block; two rows at a time, and one. The next unit's lines are fetched by a loop.
  // CHECK-LABEL: plan.stage @bf16_pairs
  // CHECK:         scf.if
  // CHECK:           scf.for
  // CHECK:             memref.prefetch
  // CHECK-NOT:         memref.prefetch
  // CHECK:         plan.block_contract "bf16" <rows = 16, lane = 2> bf16_g32 groups 1 tokens 2 columns 64 stride 2048 sums
  // CHECK-SAME:      acts({{.*}} : memref<8x64xbf16>)
  // CHECK:         plan.block_contract "bf16" <rows = 16, lane = 2> bf16_g32 groups 1 tokens 1 columns 64 stride 2048 prefetch 4096
  plan.stage @bf16_pairs {
  ^bb0(%layer: index):
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %rows = plan.rows
    %x = plan.ref @x : memref<8x64xf32>
    %w = plan.weight @pairs : !trafo.weight<32x64xbf16>
    %p = plan.prepare none %x[%c0, %rows] : memref<8x64xf32> -> !plan.panel<8x64xbf16_g32>
    plan.contract %p rows %rows, %w units %c0 to %c2 groups 1 : !plan.panel<8x64xbf16_g32>, !trafo.weight<32x64xbf16> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }

  // Two tiles of a unit, one after the other: the sums of one fill the registers.
  // CHECK-LABEL: plan.stage @float_pair
  // CHECK:         %[[FIRST:.*]]:4 = scf.for
  // CHECK:           plan.block_contract "f16" <rows = 16> f32 groups 1 tokens 4 columns 8
  // CHECK:         %[[SECOND:.*]]:4 = scf.for
  // CHECK:           plan.block_contract "f16" <rows = 16> f32 groups 1 tokens 4 columns 8
  // CHECK:         arith.addf %[[FIRST]]#0, %[[SECOND]]#0
  plan.stage @float_pair {
  ^bb0(%layer: index):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %rows = plan.rows
    %x = plan.ref @x : memref<8x64xf32>
    %w = plan.weight @f16 : !trafo.weight<32x64xf16>
    %p = plan.prepare none %x[%c0, %rows] : memref<8x64xf32> -> !plan.panel<8x64xf32>
    plan.contract %p rows %rows, %w units %c0 to %c1 groups 2 : !plan.panel<8x64xf32>, !trafo.weight<32x64xf16> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>, %other: vector<16xf32>):
      %both = arith.addf %sum, %other : vector<16xf32>
      %y = plan.ref @y : memref<8x48xf32>
      vector.store %both, %y[%row, %c0] : memref<8x48xf32>, vector<16xf32>
      plan.end
    }
    plan.end
  }

  // Unpacked once per unit, then contracted as f32.
  // CHECK-LABEL: plan.stage @unpacked
  // CHECK:         scf.for
  // CHECK:           scf.for
  // CHECK:             scf.for
  // CHECK:               memref.store
  // CHECK:           plan.block_contract "f32" <rows = 16> f32
  plan.stage @unpacked {
  ^bb0(%layer: index):
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %rows = plan.rows
    %z = plan.ref @z : memref<8x256xf32>
    %w = plan.weight @q6 : !trafo.weight<32x256xq6_k>
    %p = plan.prepare none %z[%c0, %rows] : memref<8x256xf32> -> !plan.panel<8x256xf32>
    plan.contract %p rows %rows, %w units %c0 to %c2 groups 1 : !plan.panel<8x256xf32>, !trafo.weight<32x256xq6_k> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }
  plan.step @step {
    plan.run @grouped
    plan.run @float
    plan.run @unpacked
    plan.run @whole_rows
    plan.run @bf16_pairs
    plan.end
  }
}
