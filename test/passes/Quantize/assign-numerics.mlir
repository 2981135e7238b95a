// RUN: trafo-opt %s -trafo-assign-numerics | FileCheck %s --check-prefixes=CHECK,F32
// RUN: trafo-opt %s -trafo-assign-numerics=bf16-activations | FileCheck %s --check-prefixes=CHECK,BF16
// RUN: trafo-opt %s -trafo-assign-numerics=bf16-groups | FileCheck %s --check-prefixes=CHECK,GROUPS
// RUN: trafo-opt %s -trafo-assign-numerics=bf16-groups --remarks-filter=trafo-quantize --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=ODD
// RUN: trafo-opt %s -trafo-assign-numerics --remarks-filter=trafo-quantize --remark-format=emitRemark -verify-diagnostics -o /dev/null

// CHECK-LABEL: func @fast
func.func @fast(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>, %layer: index, %a: !trafo.weight<64x64xq4_0>,
    %b: !trafo.weight<64x64xq4_1>, %c: !trafo.weight<64x64xq8_0>, %qkv: !trafo.weight<128x64xq4_1>) -> tensor<?x64xf32> {
  // CHECK: trafo.linear %{{.*}} via i8_g32
  // expected-remark @+1 {{[Passed] assign-numerics | Category:trafo-quantize | Remark="activations enter as i8_g32"}}
  %0 = trafo.linear %x, %a : tensor<?x64xf32>, !trafo.weight<64x64xq4_0> -> tensor<?x64xf32>
  // CHECK: trafo.linear_add %{{.*}} via i8_g32
  // expected-remark @+1 {{activations enter as i8_g32}}
  %1 = trafo.linear_add %0, %b onto %x : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  // Formats may differ as long as each has codes.
  // CHECK: trafo.gate_up {{.*}} via i8_g32
  // expected-remark @+1 {{activations enter as i8_g32}}
  %2 = trafo.gate_up silu %1 weights(%b, %c : !trafo.weight<64x64xq4_1>, !trafo.weight<64x64xq8_0>) : tensor<?x64xf32> -> tensor<?x64xf32>
  // CHECK: trafo.qkv_rope {{.*}} via i8_g32
  // expected-remark @+1 {{activations enter as i8_g32}}
  %3 = trafo.qkv_rope %2 weights(%qkv : !trafo.weight<128x64xq4_1>) cache %kv[%layer] rows %rows heads 4 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16> -> tensor<?x64xf32>
  // The head's rounding reaches the logits as it is, so it is finer.
  // CHECK: trafo.lm_head %{{.*}} via i8x2_g32
  // expected-remark @+1 {{activations enter as i8x2_g32}}
  %4 = trafo.lm_head %3, %c : tensor<?x64xf32>, !trafo.weight<64x64xq8_0> -> tensor<?x64xf32>
  return %4 : tensor<?x64xf32>
}

// CHECK-LABEL: func @floats
func.func @floats(%x: tensor<?x64xf32>, %a: !trafo.weight<64x64xf32>, %b: !trafo.weight<64x64xf16>, %c: !trafo.weight<64x64xbf16>) -> tensor<?x64xf32> {
  // CHECK: trafo.linear %{{.*}} via f32
  // expected-remark @+1 {{activations enter as f32}}
  %0 = trafo.linear %x, %a : tensor<?x64xf32>, !trafo.weight<64x64xf32> -> tensor<?x64xf32>
  // CHECK: trafo.linear %{{.*}} via f32
  // expected-remark @+1 {{activations enter as f32}}
  %1 = trafo.linear %0, %b : tensor<?x64xf32>, !trafo.weight<64x64xf16> -> tensor<?x64xf32>
  // F32:  trafo.linear %{{.*}} via f32
  // BF16: trafo.linear %{{.*}} via bf16 :
  // GROUPS: trafo.linear %{{.*}} via bf16_g32 :
  // expected-remark @+1 {{activations enter as f32}}
  %2 = trafo.linear %1, %c : tensor<?x64xf32>, !trafo.weight<64x64xbf16> -> tensor<?x64xf32>
  return %2 : tensor<?x64xf32>
}

// Groups of 32 columns are whole, or there are none.
// CHECK-LABEL: func @odd_columns
func.func @odd_columns(%x: tensor<?x48xf32>, %w: !trafo.weight<64x48xbf16>) -> tensor<?x64xf32> {
  // CHECK: trafo.linear %{{.*}} via f32
  // ODD: not bf16_g32: its columns are no multiple of 32
  // expected-remark @+1 {{activations enter as f32}}
  %0 = trafo.linear %x, %w : tensor<?x48xf32>, !trafo.weight<64x48xbf16> -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// Super-blocks too, whatever their groups; each weight keeps its own format.
// CHECK-LABEL: func @super_blocks
func.func @super_blocks(%x: tensor<?x256xf32>, %a: !trafo.weight<256x256xq4_k>, %b: !trafo.weight<256x256xq6_k>,
    %c: !trafo.weight<256x256xq8_0>) -> tensor<?x256xf32> {
  // CHECK: trafo.linear %{{.*}} via i8_g32
  // expected-remark @+1 {{[Passed] assign-numerics | Category:trafo-quantize | Remark="activations enter as i8_g32"}}
  %0 = trafo.linear %x, %a : tensor<?x256xf32>, !trafo.weight<256x256xq4_k> -> tensor<?x256xf32>
  // CHECK: trafo.gate_up {{.*}} via i8_g32
  // expected-remark @+1 {{activations enter as i8_g32}}
  %1 = trafo.gate_up silu %0 weights(%c, %b : !trafo.weight<256x256xq8_0>, !trafo.weight<256x256xq6_k>) : tensor<?x256xf32> -> tensor<?x256xf32>
  return %1 : tensor<?x256xf32>
}

// A scale per row of the weights wants one per row of the inputs.
// CHECK-LABEL: func @scale_per_row
func.func @scale_per_row(%x: tensor<?x64xf32>, %a: !trafo.weight<64x64xi8_row>) -> tensor<?x64xf32> {
  // CHECK: trafo.gate_up {{.*}} via i8_row
  // expected-remark @+1 {{activations enter as i8_row}}
  %0 = trafo.gate_up silu %x weights(%a, %a : !trafo.weight<64x64xi8_row>, !trafo.weight<64x64xi8_row>) : tensor<?x64xf32> -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// One class can not serve both.
// CHECK-LABEL: func @scale_per_row_beside_groups
func.func @scale_per_row_beside_groups(%x: tensor<?x64xf32>, %a: !trafo.weight<64x64xi8_row>, %b: !trafo.weight<64x64xq8_0>) -> tensor<?x64xf32> {
  // CHECK: trafo.gate_up {{.*}} via f32
  // expected-remark @+1 {{unpacked: slow: q8_0 stands beside}}
  %0 = trafo.gate_up silu %x weights(%a, %b : !trafo.weight<64x64xi8_row>, !trafo.weight<64x64xq8_0>) : tensor<?x64xf32> -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// CHECK-LABEL: func @beside_floats
func.func @beside_floats(%x: tensor<?x64xf32>, %a: !trafo.weight<64x64xq8_0>, %b: !trafo.weight<64x64xf16>) -> tensor<?x64xf32> {
  // CHECK: trafo.gate_up {{.*}} via f32
  // expected-remark @+1 {{unpacked: slow: q8_0 stands beside a format without codes}}
  %0 = trafo.gate_up silu %x weights(%a, %b : !trafo.weight<64x64xq8_0>, !trafo.weight<64x64xf16>) : tensor<?x64xf32> -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// CHECK-LABEL: func @assigned_already
func.func @assigned_already(%x: tensor<?x64xf32>, %a: !trafo.weight<64x64xq8_0>) -> tensor<?x64xf32> {
  // CHECK: trafo.linear %{{.*}} via f32
  %0 = trafo.linear %x, %a via f32 : tensor<?x64xf32>, !trafo.weight<64x64xq8_0> -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}
