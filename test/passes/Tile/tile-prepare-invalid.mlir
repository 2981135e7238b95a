// RUN: trafo-opt %s -split-input-file -verify-diagnostics -trafo-tile-prepare

#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0>
module attributes {plan.target = #target} {
  func.func @contracted_after(%x: memref<4x64xf32>, %i: index) {
    %w = plan.weight @w : !trafo.weight<32x64xf32>
    // expected-error @+1 {{is still read as a panel; run trafo-tile-contract first}}
    %0 = plan.prepare none %x[%i, %i] : memref<4x64xf32> -> !plan.panel<4x64xf32>
    plan.contract %0 rows %i, %w units %i to %i groups 1 : !plan.panel<4x64xf32>, !trafo.weight<32x64xf32> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    return
  }
}

// -----

func.func @no_target(%x: memref<4x64xf32>, %i: index) {
  // expected-error @+1 {{expects the module attribute plan.target}}
  %0 = plan.prepare none %x[%i, %i] : memref<4x64xf32> -> !plan.panel<4x64xf32>
  return
}
