// RUN: trafo-opt %s -verify-fuse -split-input-file -verify-diagnostics

func.func @rope(%x: tensor<?x32xf32>, %r: !trafo.rows) -> tensor<?x32xf32> {
  // expected-error @+1 {{'trafo.rope' op is left after Fuse: expects it to be part of trafo.qkv_rope; the remarks of trafo-fuse-qkv say why it is not}}
  %0 = trafo.rope %x, %r heads 2 x 16 <dims = 16, base = 1.0e4> : tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}

// -----

func.func @kv_write(%k: tensor<?x32xf32>, %kv: !trafo.kv<2x2x16xf16>, %layer: index, %r: !trafo.rows) {
  // expected-error @+1 {{'trafo.kv_write' op is left after Fuse}}
  trafo.kv_write %kv[%layer], %k, %k, %r : !trafo.kv<2x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  return
}

// -----

func.func @product(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error @+1 {{'arith.mulf' op is left after Fuse: expects it to be part of trafo.gate_up; the remarks of trafo-fuse-gate-up say why it is not}}
  %0 = arith.mulf %x, %x : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @mlp(%x: tensor<?x8xf32>, %u: !trafo.weight<16x8xf32>, %d: !trafo.weight<8x16xf32>) -> tensor<?x8xf32> {
  // expected-error @+1 {{'trafo.mlp' op is left after Fuse: expects the forms that the normalize pipeline makes}}
  %0 = trafo.mlp silu %x, %u, %d : tensor<?x8xf32>, !trafo.weight<16x8xf32>, !trafo.weight<8x16xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// What has a stage of its own may stay as it is.
func.func @fused(%x: tensor<?x8xf32>, %w: !trafo.weight<8x8xf32>) -> tensor<?x8xf32> {
  %0 = trafo.linear %x, %w : tensor<?x8xf32>, !trafo.weight<8x8xf32> -> tensor<?x8xf32>
  %1 = trafo.activation silu %0 : tensor<?x8xf32>
  %2 = trafo.linear_add %1, %w onto %x : tensor<?x8xf32>, !trafo.weight<8x8xf32> -> tensor<?x8xf32>
  return %2 : tensor<?x8xf32>
}
