// RUN: trafo-opt %s -trafo-pack-weights | FileCheck %s
// RUN: not trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-pack-weights 2>&1 | FileCheck %s --check-prefix=NO-STEP

// NO-STEP: expects a plan.step; run trafo-plan-step first

#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 4096>
module attributes {plan.target = #target, trafo.config = #trafo.config<max_context = 64, max_rows = 8, max_outputs = 8, max_sequences = 1, max_workers = 2>} {
  // Contracted second, so it lies behind what is contracted first, at a multiple of 64 bytes.
  // CHECK: trafo.weight @second : {{.*}} layout <rows = 16, lane = 4, planes = [4]> at 64
  trafo.weight @second : !trafo.weight<16x32xq4_1> from #trafo.random<1>
  // Only looked up: the file's own bytes.
  // CHECK: trafo.weight @looked_up : {{.*}} layout <rows = 1, raw = true> at 0
  trafo.weight @looked_up : !trafo.weight<16xf32> from #trafo.splat<1.0>
  // No stage uses it: it gets no place.
  // CHECK: trafo.weight @unused : !trafo.weight<16xf32> from #trafo.splat<1.000000e+00>{{$}}
  trafo.weight @unused : !trafo.weight<16xf32> from #trafo.splat<1.0>
  plan.buffer @x : memref<8x32xf32>
  plan.stage @s {
  ^bb0(%layer: index):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %rows = plan.rows
    %x = plan.ref @x : memref<8x32xf32>
    %l = plan.weight @looked_up : !trafo.weight<16xf32>
    %v = plan.load %l[%c0] : !trafo.weight<16xf32>
    %w = plan.weight @second : !trafo.weight<16x32xq4_1>
    %p = plan.prepare none %x[%c0, %rows] : memref<8x32xf32> -> !plan.panel<8x32xi8_g32>
    plan.contract %p rows %rows, %w units %c0 to %c1 groups 1 : !plan.panel<8x32xi8_g32>, !trafo.weight<16x32xq4_1> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }
  plan.step @step {
    plan.run @s
    plan.end
  }
}
