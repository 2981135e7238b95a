// RUN: trafo-opt %s -split-input-file -trafo-tile-library-contract -verify-diagnostics

// A weight that generated code reads too lies as that wants it.
#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0>
module attributes {plan.target = #target, plan.weights_size = 8192} {
  trafo.weight @w : !trafo.weight<32x64xf32> from #trafo.random<1> layout <rows = 16> at 0
  plan.buffer @x : memref<8x64xf32>
  plan.stage @s {
  ^bb0(%layer: index):
    %rows = plan.rows
    %x = plan.ref @x : memref<8x64xf32>
    %w = plan.weight @w : !trafo.weight<32x64xf32>
    %p = plan.prepare none %x[%rows, %rows] : memref<8x64xf32> -> !plan.panel<8x64xf32>
    // expected-error @+1 {{as #trafo.layout<rows = 1, raw = true>, got #trafo.layout<rows = 16>}}
    plan.contract %p rows %rows, %w units %rows to %rows groups 1 library f32_rows : !plan.panel<8x64xf32>, !trafo.weight<32x64xf32> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }
}

// -----

// Where a panel lies follows from the target.
module attributes {plan.weights_size = 8192} {
  trafo.weight @w : !trafo.weight<32x64xf32> from #trafo.random<1> layout <rows = 16> at 0
  plan.buffer @x : memref<8x64xf32>
  plan.stage @s {
  ^bb0(%layer: index):
    %rows = plan.rows
    %x = plan.ref @x : memref<8x64xf32>
    %w = plan.weight @w : !trafo.weight<32x64xf32>
    %p = plan.prepare none %x[%rows, %rows] : memref<8x64xf32> -> !plan.panel<8x64xf32>
    // expected-error @+1 {{expects the module attribute plan.target}}
    plan.contract %p rows %rows, %w units %rows to %rows groups 1 library f32_rows : !plan.panel<8x64xf32>, !trafo.weight<32x64xf32> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }
}
