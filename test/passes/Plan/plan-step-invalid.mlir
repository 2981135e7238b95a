// RUN: trafo-opt %s -split-input-file -trafo-plan-step -verify-diagnostics

// expected-error @+2 {{expects the module attribute trafo.config}}
// expected-error @+1 {{expects the module attribute plan.target}}
module {
  func.func @step() {
    return
  }
}

// -----

// expected-error @+1 {{expects the module attribute plan.target}}
module attributes {trafo.config = #trafo.config<max_context = 64, max_rows = 4, max_outputs = 4, max_sequences = 1, max_workers = 1>} {
  func.func @step() {
    return
  }
}

// -----

#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 1, tile_groups = 1, panel_rows = 4, prefetch_bytes = 0>
module attributes {plan.target = #target, trafo.config = #trafo.config<max_context = 64, max_rows = 4, max_outputs = 4, max_sequences = 1, max_workers = 1>} {
  trafo.weight @w : !trafo.weight<32x32xf32> from #trafo.splat<1.0>
  func.func @step(%rows: !trafo.rows) -> tensor<?x32xf32> {
    %w = trafo.get @w : !trafo.weight<32x32xf32>
    %x = trafo.embedding %rows, %w : (!trafo.rows, !trafo.weight<32x32xf32>) -> tensor<?x32xf32>
    // expected-error @+1 {{has no activation format; run trafo-assign-numerics first}}
    %y = trafo.lm_head %x, %w : tensor<?x32xf32>, !trafo.weight<32x32xf32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 1, tile_groups = 1, panel_rows = 4, prefetch_bytes = 0>
module attributes {plan.target = #target, trafo.config = #trafo.config<max_context = 64, max_rows = 4, max_outputs = 4, max_sequences = 1, max_workers = 1>} {
  trafo.weight @w : !trafo.weight<32x32xf32> from #trafo.splat<1.0>
  func.func @step(%rows: !trafo.rows) -> tensor<?x32xf32> {
    %w = trafo.get @w : !trafo.weight<32x32xf32>
    %x = trafo.embedding %rows, %w : (!trafo.rows, !trafo.weight<32x32xf32>) -> tensor<?x32xf32>
    // expected-error @+1 {{has no stage: run the fuse pipeline first}}
    %y = arith.mulf %x, %x : tensor<?x32xf32>
    %z = trafo.lm_head %y, %w via f32 : tensor<?x32xf32>, !trafo.weight<32x32xf32> -> tensor<?x32xf32>
    return %z : tensor<?x32xf32>
  }
}
