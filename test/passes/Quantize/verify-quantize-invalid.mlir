// RUN: trafo-opt %s -verify-quantize -split-input-file -verify-diagnostics

func.func @no_class(%x: tensor<?x64xf32>, %w: !trafo.weight<64x64xq8_0>) -> tensor<?x64xf32> {
  // expected-error @+1 {{'trafo.linear' op has no numeric class after Quantize: expects `activation`, which trafo-assign-numerics sets}}
  %0 = trafo.linear %x, %w : tensor<?x64xf32>, !trafo.weight<64x64xq8_0> -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// -----

func.func @int8_by_floats(%x: tensor<?x64xf32>, %w: !trafo.weight<64x64xf32>) -> tensor<?x64xf32> {
  // expected-error @+1 {{'trafo.lm_head' op expects weights that i8_g32 activations can be multiplied with, got '!trafo.weight<64x64xf32>'}}
  %0 = trafo.lm_head %x, %w via i8_g32 : tensor<?x64xf32>, !trafo.weight<64x64xf32> -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// -----

func.func @bf16_by_f16(%x: tensor<?x64xf32>, %a: !trafo.weight<64x64xbf16>, %b: !trafo.weight<64x64xf16>) -> tensor<?x64xf32> {
  // expected-error @+1 {{'trafo.gate_up' op expects weights that bf16 activations can be multiplied with, got '!trafo.weight<64x64xf16>'}}
  %0 = trafo.gate_up silu %x weights(%a, %b : !trafo.weight<64x64xbf16>, !trafo.weight<64x64xf16>) via bf16 : tensor<?x64xf32> -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// -----

func.func @pairs_of_odd_groups(%x: tensor<?x48xf32>, %w: !trafo.weight<64x48xbf16>) -> tensor<?x64xf32> {
  // expected-error @+1 {{'trafo.linear' op expects a multiple of 32 columns for bf16_g32, got '!trafo.weight<64x48xbf16>'}}
  %0 = trafo.linear %x, %w via bf16_g32 : tensor<?x48xf32>, !trafo.weight<64x48xbf16> -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// -----

func.func @groups_by_scale_per_row(%x: tensor<?x64xf32>, %w: !trafo.weight<64x64xi8_row>) -> tensor<?x64xf32> {
  // expected-error @+1 {{'trafo.linear' op expects weights that i8_g32 activations can be multiplied with, got '!trafo.weight<64x64xi8_row>'}}
  %0 = trafo.linear %x, %w via i8_g32 : tensor<?x64xf32>, !trafo.weight<64x64xi8_row> -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// -----

func.func @rows_by_groups(%x: tensor<?x64xf32>, %w: !trafo.weight<64x64xq8_0>) -> tensor<?x64xf32> {
  // expected-error @+1 {{'trafo.linear' op expects weights that i8_row activations can be multiplied with, got '!trafo.weight<64x64xq8_0>'}}
  %0 = trafo.linear %x, %w via i8_row : tensor<?x64xf32>, !trafo.weight<64x64xq8_0> -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// -----

func.func @rows(%x: tensor<?x64xf32>, %w: !trafo.weight<64x64xi8_row>) -> tensor<?x64xf32> {
  %0 = trafo.linear %x, %w via i8_row : tensor<?x64xf32>, !trafo.weight<64x64xi8_row> -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

func.func @allowed(%x: tensor<?x64xf32>, %a: !trafo.weight<64x64xbf16>, %b: !trafo.weight<64x64xq4_0>) -> tensor<?x64xf32> {
  %0 = trafo.linear %x, %a via bf16 : tensor<?x64xf32>, !trafo.weight<64x64xbf16> -> tensor<?x64xf32>
  %p = trafo.linear %0, %a via bf16_g32 : tensor<?x64xf32>, !trafo.weight<64x64xbf16> -> tensor<?x64xf32>
  %1 = trafo.linear %p, %b via i8_g32 : tensor<?x64xf32>, !trafo.weight<64x64xq4_0> -> tensor<?x64xf32>
  %2 = trafo.linear %1, %b via f32 : tensor<?x64xf32>, !trafo.weight<64x64xq4_0> -> tensor<?x64xf32>
  return %2 : tensor<?x64xf32>
}

func.func @groups_of_16(%x: tensor<?x256xf32>, %w: !trafo.weight<64x256xq6_k>, %r: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %0 = trafo.linear_add %x, %w onto %r via i8_g32 : tensor<?x256xf32>, !trafo.weight<64x256xq6_k> -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}
