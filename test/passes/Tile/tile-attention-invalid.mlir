// RUN: trafo-opt %s -split-input-file -verify-diagnostics -trafo-tile-attention

// expected-error @+2 {{expects the module attribute trafo.config}}
// expected-error @+1 {{expects the module attribute plan.target}}
module {
  plan.buffer @x : memref<4x64xf32>
  plan.buffer @kv : memref<1x2x1x2x1024xf16>
  plan.stage @look {
  ^bb0(%layer: index):
    %x = plan.ref @x : memref<4x64xf32>
    %kv = plan.ref @kv : memref<1x2x1x2x1024xf16>
    plan.attention %x, %kv[%layer] to %x {head_size = 16 : i64, heads = 4 : i64, kv_heads = 1 : i64, scale = 2.5e-01 : f32} : memref<4x64xf32>, memref<1x2x1x2x1024xf16>, memref<4x64xf32>
    plan.end
  }
}

// -----

// Without attention there is nothing to expect.
module {
  plan.stage @other {
  ^bb0(%layer: index):
    plan.end
  }
}

// -----

// Scales that are not positive would make the greatest product something else than the greatest score.
module attributes {
  trafo.config = #trafo.config<max_context = 128, max_rows = 4, max_outputs = 4, max_sequences = 1, max_workers = 2>,
  plan.target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0>} {
  plan.buffer @x : memref<4x64xf32>
  plan.buffer @kv : memref<1x2x1x2x1024xf16>
  plan.stage @look {
  ^bb0(%layer: index):
    %x = plan.ref @x : memref<4x64xf32>
    %kv = plan.ref @kv : memref<1x2x1x2x1024xf16>
    // expected-error @+1 {{expects a positive scale, got -2.500000e-01}}
    plan.attention %x, %kv[%layer] to %x {head_size = 16 : i64, heads = 4 : i64, kv_heads = 1 : i64, scale = -2.5e-01 : f32} : memref<4x64xf32>, memref<1x2x1x2x1024xf16>, memref<4x64xf32>
    plan.end
  }
}
