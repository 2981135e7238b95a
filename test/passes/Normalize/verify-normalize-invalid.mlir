// RUN: trafo-opt %s -verify-normalize -split-input-file -verify-diagnostics

func.func @gated_mlp(%x: tensor<?x8xf32>, %u: !trafo.weight<16x8xf32>, %d: !trafo.weight<8x16xf32>) -> tensor<?x8xf32> {
  // expected-error @+1 {{'trafo.gated_mlp' op is left after Normalize: expects linears, which trafo-decompose-mlp makes}}
  %0 = trafo.gated_mlp silu %x, %u, %u, %d : tensor<?x8xf32>, !trafo.weight<16x8xf32>, !trafo.weight<16x8xf32>, !trafo.weight<8x16xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @mlp(%x: tensor<?x8xf32>, %u: !trafo.weight<16x8xf32>, %d: !trafo.weight<8x16xf32>) -> tensor<?x8xf32> {
  // expected-error @+1 {{'trafo.mlp' op is left after Normalize}}
  %0 = trafo.mlp silu %x, %u, %d : tensor<?x8xf32>, !trafo.weight<16x8xf32>, !trafo.weight<8x16xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @halves(%x: tensor<?x32xf32>, %r: !trafo.rows) -> tensor<?x32xf32> {
  // expected-error @+1 {{'trafo.rope' op is left with pairing halves after Normalize: expects interleaved, which trafo-pair-rope makes}}
  %0 = trafo.rope %x, %r heads 2 x 16 <dims = 16, base = 1.0e4, pairing = halves> : tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}

// -----

func.func @normal(%x: tensor<?x32xf32>, %r: !trafo.rows) -> tensor<?x32xf32> {
  %0 = trafo.rope %x, %r heads 2 x 16 <dims = 16, base = 1.0e4> : tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}

// -----

func.func @vector(%x: tensor<?x8xf32>, %w: !trafo.weight<8xbf16>) -> tensor<?x8xf32> {
  // expected-error @+1 {{'trafo.rms_norm' op is left with a vector of '!trafo.weight<8xbf16>' after Normalize: expects f32, which trafo-widen-vectors makes}}
  %0 = trafo.rms_norm %x, %w eps 1.0e-05 : tensor<?x8xf32>, !trafo.weight<8xbf16>
  return %0 : tensor<?x8xf32>
}
