// RUN: trafo-opt %s -split-input-file -verify-plan -verify-diagnostics

// expected-error @+1 {{expects one plan.step after trafo-plan-step, got 0}}
module {
}

// -----

module {
  // expected-error @+1 {{is not allowed at the top of a planned module}}
  func.func @left() {
    return
  }
}

// -----

module {
  plan.buffer @x : memref<4x16xf32>
  plan.buffer @kv : memref<1x2x1x2x1024xf16> {cached_layers = array<i64: 0>, window = 20 : i64}
  plan.stage @sees_what_is_kept {
  ^bb0(%layer: index):
    %x = plan.ref @x : memref<4x16xf32>
    %kv = plan.ref @kv : memref<1x2x1x2x1024xf16>
    plan.attention %x, %kv[%layer] to %x {head_size = 16 : i64, heads = 1 : i64, kv_heads = 1 : i64, scale = 2.5e-01 : f32, window = 20 : i64} : memref<4x16xf32>, memref<1x2x1x2x1024xf16>, memref<4x16xf32>
    plan.end
  }
  plan.stage @sees_more {
  ^bb0(%layer: index):
    %x = plan.ref @x : memref<4x16xf32>
    %kv = plan.ref @kv : memref<1x2x1x2x1024xf16>
    // expected-error @+1 {{expects a window of 1 to 20, all that the cache keeps, got 21}}
    plan.attention %x, %kv[%layer] to %x {head_size = 16 : i64, heads = 1 : i64, kv_heads = 1 : i64, scale = 2.5e-01 : f32, window = 21 : i64} : memref<4x16xf32>, memref<1x2x1x2x1024xf16>, memref<4x16xf32>
    plan.end
  }
  plan.step @step {
    plan.run @sees_what_is_kept
    plan.run @sees_more
    plan.end
  }
}

// -----

module {
  plan.buffer @x : memref<4x16xf32>
  plan.buffer @kv : memref<1x2x1x2x1024xf16> {cached_layers = array<i64: 0>, window = 20 : i64}
  plan.stage @sees_all {
  ^bb0(%layer: index):
    %x = plan.ref @x : memref<4x16xf32>
    %kv = plan.ref @kv : memref<1x2x1x2x1024xf16>
    // expected-error @+1 {{expects a window of 1 to 20, all that the cache keeps, got 0}}
    plan.attention %x, %kv[%layer] to %x {head_size = 16 : i64, heads = 1 : i64, kv_heads = 1 : i64, scale = 2.5e-01 : f32} : memref<4x16xf32>, memref<1x2x1x2x1024xf16>, memref<4x16xf32>
    plan.end
  }
  plan.step @step {
    plan.run @sees_all
    plan.end
  }
}

// -----

module {
  plan.stage @s {
  ^bb0(%layer: index):
    // expected-error @+1 {{still makes a tensor after trafo-plan-step}}
    %0 = arith.constant dense<0.0> : tensor<4xf32>
    plan.end
  }
  plan.step @step {
    plan.run @s
    plan.end
  }
}

// -----

module {
  plan.buffer @windowed : memref<1x2x1x2x1024xf16> {cached_layers = array<i64: 0>, window = 20 : i64}
  plan.buffer @all : memref<1x4x1x2x1024xf16> {cached_layers = array<i64: 1>}
  plan.step @two_pools {
    plan.end
  }
}

// -----

module {
  plan.buffer @all : memref<1x4x1x2x1024xf16> {cached_layers = array<i64: 1>}
  plan.buffer @narrow : memref<1x2x1x2x1024xf16> {cached_layers = array<i64: 0>, window = 20 : i64}
  // expected-error @+1 {{is one pool too many; expects one of all positions and one with a window at most}}
  plan.buffer @wide : memref<1x3x1x2x1024xf16> {cached_layers = array<i64: 2>, window = 100 : i64}
  plan.step @step {
    plan.end
  }
}

// -----

module {
  plan.buffer @first : memref<1x4x1x2x1024xf16> {cached_layers = array<i64: 1>}
  // expected-error @+1 {{is one pool too many; expects one of all positions and one with a window at most}}
  plan.buffer @second : memref<1x4x1x2x1024xf16> {cached_layers = array<i64: 0>}
  plan.step @step {
    plan.end
  }
}
