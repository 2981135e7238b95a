// RUN: trafo-opt %s -verify-diagnostics -trafo-tile-prepare

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
