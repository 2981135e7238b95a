// What is printed reads back as the same, in the pretty form, the generic form and as bytecode.
// RUN: trafo-opt %s -o %t.mlir && FileCheck %s < %t.mlir
// RUN: trafo-opt %t.mlir | diff %t.mlir -
// RUN: trafo-opt %s -mlir-print-op-generic | trafo-opt | diff %t.mlir -
// RUN: trafo-opt %s -emit-bytecode | trafo-opt | diff %t.mlir -

// CHECK: module attributes {trafo.config = #trafo.config<max_context = 128, max_rows = 32, max_outputs = 8, max_sequences = 4, max_workers = 2>}
module attributes {trafo.config = #trafo.config<max_context = 128, max_rows = 32, max_outputs = 8, max_sequences = 4, max_workers = 2>} {

// Every format of include/trafo/Formats.h, in a matrix or a vector.
// CHECK-LABEL: func private @formats
func.func private @formats(
  // CHECK-SAME: !trafo.weight<3x5xf32>, !trafo.weight<5xf16>, !trafo.weight<3x5xbf16>
  !trafo.weight<3x5xf32>, !trafo.weight<5xf16>, !trafo.weight<3x5xbf16>,
  // CHECK-SAME: !trafo.weight<3x32xq4_0>, !trafo.weight<3x32xq4_1>, !trafo.weight<3x32xq5_0>, !trafo.weight<64xq5_1>, !trafo.weight<3x32xq8_0>, !trafo.weight<3x32xi8_row>
  !trafo.weight<3x32xq4_0>, !trafo.weight<3x32xq4_1>, !trafo.weight<3x32xq5_0>, !trafo.weight<64xq5_1>, !trafo.weight<3x32xq8_0>, !trafo.weight<3x32xi8_row>,
  // CHECK-SAME: !trafo.weight<3x256xq2_k>, !trafo.weight<3x256xq3_k>, !trafo.weight<3x256xq4_k>, !trafo.weight<3x256xq5_k>, !trafo.weight<3x256xq6_k>
  !trafo.weight<3x256xq2_k>, !trafo.weight<3x256xq3_k>, !trafo.weight<3x256xq4_k>, !trafo.weight<3x256xq5_k>, !trafo.weight<3x256xq6_k>,
  // CHECK-SAME: !trafo.weight<3x32xiq4_nl>, !trafo.weight<3x256xiq4_xs>
  !trafo.weight<3x32xiq4_nl>, !trafo.weight<3x256xiq4_xs>,
  // CHECK-SAME: !trafo.rows, !trafo.kv<30x3x64xf16>, !trafo.kv<1x1x32xint8>, !trafo.kv<1x1x32xint8_g16>
  !trafo.rows, !trafo.kv<30x3x64xf16>, !trafo.kv<1x1x32xint8>, !trafo.kv<1x1x32xint8_g16>)

// Attributes with defaults print what differs from them.
// CHECK-LABEL: func private @attributes
// CHECK-SAME: halves = #trafo.rope<dims = 64, base = 1.000000e+05, pairing = halves>
// CHECK-SAME: interleaved = #trafo.rope<dims = 64, base = 1.000000e+04>
// CHECK-SAME: layout = #trafo.layout<rows = 16, lane = 4, planes = [4, 1], bias = 128>
// CHECK-SAME: linear = #trafo.rope<dims = 32, base = 1.000000e+04, scaling = linear, factor = 4.000000e+00>
// CHECK-SAME: random = #trafo.random<18446744073709551615>
// CHECK-SAME: raw = #trafo.layout<rows = 1, raw = true>
// CHECK-SAME: third = #trafo.splat<0.3333333333333333
// CHECK-SAME: yarn = #trafo.rope<dims = 2, base = 1.050000e+04, scaling = yarn, factor = 8.000000e+00, original_context = 4096>
func.func private @attributes() attributes {
  halves = #trafo.rope<dims = 64, base = 1.0e5, pairing = halves>,
  interleaved = #trafo.rope<dims = 64, base = 1.0e4, pairing = interleaved, scaling = none, factor = 1.0, original_context = 0>,
  layout = #trafo.layout<rows = 16, lane = 4, planes = [4, 1], bias = 128>,
  linear = #trafo.rope<dims = 32, base = 1.0e4, scaling = linear, factor = 4.0>,
  random = #trafo.random<18446744073709551615>,
  raw = #trafo.layout<rows = 1, raw = true>,
  third = #trafo.splat<0.33333333333333331>,
  yarn = #trafo.rope<dims = 2, base = 10500.0, scaling = yarn, factor = 8.0, original_context = 4096>}

// CHECK: trafo.weight @file : !trafo.weight<64x64xq4_1> from #trafo.file<"dir/m \22x\22.gguf", 1785664>
trafo.weight @file : !trafo.weight<64x64xq4_1> from #trafo.file<"dir/m \22x\22.gguf", 1785664>
// CHECK: trafo.weight @packed : !trafo.weight<64x64xq4_1> from #trafo.random<1> layout <rows = 16, lane = 4> at 4096
trafo.weight @packed : !trafo.weight<64x64xq4_1> from #trafo.random<1> layout <rows = 16, lane = 4> at 4096
// CHECK: trafo.weight @factors : !trafo.weight<8xf32> from #trafo.splat<-2.500000e-01>
trafo.weight @factors : !trafo.weight<8xf32> from #trafo.splat<-0.25>
trafo.weight @norm : !trafo.weight<64xf32> from #trafo.random<1>
trafo.weight @floats : !trafo.weight<64x64xbf16> from #trafo.random<1>

// CHECK-LABEL: trafo.weight @recipe : !trafo.weight<256x64xq4_1> recipe {
trafo.weight @recipe : !trafo.weight<256x64xq4_1> recipe {
  // CHECK-NEXT: %[[F:.*]] = trafo.get @file : <64x64xq4_1>
  %0 = trafo.get @file : !trafo.weight<64x64xq4_1>
  // CHECK-NEXT: %[[G:.*]] = trafo.get @floats : <64x64xbf16>
  %1 = trafo.get @floats : !trafo.weight<64x64xbf16>
  // CHECK-NEXT: %[[P:.*]] = trafo.pair_rows %[[F]] heads 16 dims 8 : <64x64xq4_1>
  %2 = trafo.pair_rows %0 heads 16 dims 8 : !trafo.weight<64x64xq4_1>
  // CHECK-NEXT: %[[S:.*]] = trafo.scale %[[G]] by 2.500000e-01 : <64x64xbf16>
  %3 = trafo.scale %1 by 0.25 : !trafo.weight<64x64xbf16>
  // CHECK-NEXT: %[[Q:.*]] = trafo.quantize %[[S]] : <64x64xbf16> to <64x64xq4_1>
  %4 = trafo.quantize %3 : !trafo.weight<64x64xbf16> to !trafo.weight<64x64xq4_1>
  // CHECK-NEXT: %[[I:.*]] = trafo.interleave %[[P]], %[[Q]] by 16 : (!trafo.weight<64x64xq4_1>, !trafo.weight<64x64xq4_1>) -> !trafo.weight<128x64xq4_1>
  %5 = trafo.interleave %2, %4 by 16 : (!trafo.weight<64x64xq4_1>, !trafo.weight<64x64xq4_1>) -> !trafo.weight<128x64xq4_1>
  // CHECK-NEXT: %[[C:.*]] = trafo.concat %[[I]], %[[F]] : (!trafo.weight<128x64xq4_1>, !trafo.weight<64x64xq4_1>) -> !trafo.weight<192x64xq4_1>
  %6 = trafo.concat %5, %0 : (!trafo.weight<128x64xq4_1>, !trafo.weight<64x64xq4_1>) -> !trafo.weight<192x64xq4_1>
  // CHECK-NEXT: %[[R:.*]] = trafo.pad_rows %[[C]] : (!trafo.weight<192x64xq4_1>) -> !trafo.weight<256x64xq4_1>
  %7 = trafo.pad_rows %6 : (!trafo.weight<192x64xq4_1>) -> !trafo.weight<256x64xq4_1>
  // CHECK-NEXT: trafo.yield %[[R]] : <256x64xq4_1>
  trafo.yield %7 : !trafo.weight<256x64xq4_1>
}

// CHECK-LABEL: trafo.weight @table
trafo.weight @table : !trafo.weight<128x32xf32> recipe {
  // CHECK: trafo.rope_table <dims = 16, base = 1.000000e+04> : <128x32xf32>
  %0 = trafo.rope_table <dims = 16, base = 1.0e4> : !trafo.weight<128x32xf32>
  trafo.yield %0 : !trafo.weight<128x32xf32>
}
// CHECK-LABEL: trafo.weight @table_factors
trafo.weight @table_factors : !trafo.weight<128x32xf32> recipe {
  %0 = trafo.get @factors : !trafo.weight<8xf32>
  // CHECK: trafo.rope_table <dims = 16, base = 1.000000e+04> factors %{{.*}} : !trafo.weight<8xf32> : <128x32xf32>
  %1 = trafo.rope_table <dims = 16, base = 1.0e4> factors %0 : !trafo.weight<8xf32> : !trafo.weight<128x32xf32>
  trafo.yield %1 : !trafo.weight<128x32xf32>
}

// CHECK-LABEL: func private @imported
func.func private @imported(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>, %layer: index,
    %norm: !trafo.weight<64xf32>, %w: !trafo.weight<64x64xq4_1>, %k: !trafo.weight<32x64xq8_0>,
    %factors: !trafo.weight<8xf32>) -> tensor<?x64xf32> {
  // CHECK-NEXT: trafo.rms_norm %{{.*}}, %{{.*}} eps 9.99999974E-6 : tensor<?x64xf32>, <64xf32>
  %0 = trafo.rms_norm %x, %norm eps 1.0e-5 : tensor<?x64xf32>, !trafo.weight<64xf32>
  // CHECK-NEXT: trafo.layer_norm %{{.*}}, %{{.*}} eps 9.99999974E-6 : tensor<?x64xf32>, <64xf32>
  %1 = trafo.layer_norm %0, %norm eps 1.0e-5 : tensor<?x64xf32>, !trafo.weight<64xf32>
  // CHECK-NEXT: trafo.layer_norm %{{.*}}, %{{.*}} bias %{{.*}} : !trafo.weight<64xf32> eps 9.99999974E-6
  %2 = trafo.layer_norm %1, %norm bias %norm : !trafo.weight<64xf32> eps 1.0e-5 : tensor<?x64xf32>, !trafo.weight<64xf32>
  // CHECK-NEXT: trafo.linear %{{.*}}, %{{.*}} : tensor<?x64xf32>, <64x64xq4_1> -> tensor<?x64xf32>
  %3 = trafo.linear %2, %w : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  // CHECK-NEXT: trafo.linear %{{.*}}, %{{.*}} bias %{{.*}} : !trafo.weight<64xf32> via f32 :
  %4 = trafo.linear %3, %w bias %norm : !trafo.weight<64xf32> via f32 : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  // CHECK-NEXT: trafo.linear %{{.*}}, %{{.*}} via i8_g32 :
  %5 = trafo.linear %2, %k via i8_g32 : tensor<?x64xf32>, !trafo.weight<32x64xq8_0> -> tensor<?x32xf32>
  // CHECK-NEXT: trafo.rope %{{.*}}, %{{.*}} heads 4 x 16 <dims = 16, base = 1.000000e+04, pairing = halves> : tensor<?x64xf32>
  %6 = trafo.rope %4, %rows heads 4 x 16 <dims = 16, base = 1.0e4, pairing = halves> : tensor<?x64xf32>
  // CHECK-NEXT: trafo.rope %{{.*}}, %{{.*}} factors %{{.*}} : !trafo.weight<8xf32> heads 2 x 16 <dims = 16, base = 1.000000e+04> : tensor<?x32xf32>
  %7 = trafo.rope %5, %rows factors %factors : !trafo.weight<8xf32> heads 2 x 16 <dims = 16, base = 1.0e4> : tensor<?x32xf32>
  // CHECK-NEXT: trafo.kv_write %{{.*}}[%{{.*}}], %{{.*}}, %{{.*}}, %{{.*}} : <2x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  trafo.kv_write %kv[%layer], %7, %5, %rows : !trafo.kv<2x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  // CHECK-NEXT: trafo.attention %{{.*}}, %{{.*}}[%{{.*}}], %{{.*}} heads 4 scale 2.500000e-01 : tensor<?x64xf32>, <2x2x16xf16>
  %8 = trafo.attention %6, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16>
  // CHECK-NEXT: trafo.attention %{{.*}}, %{{.*}}[%{{.*}}], %{{.*}} heads 4 scale 2.500000e-01 {softcap = 5.000000e+01 : f32, window = 64 : i64} :
  %9 = trafo.attention %8, %kv[%layer], %rows heads 4 scale 0.25 {window = 64, softcap = 50.0 : f32} : tensor<?x64xf32>, !trafo.kv<2x2x16xf16>
  // CHECK-NEXT: %[[KEPT:.*]] = trafo.attention %{{.*}} heads 4 scale 2.500000e-01 : tensor<?x64xf32>, <2x2x16xf16> -> tensor<?x48xf32>
  %kept = trafo.attention %8, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16> -> tensor<?x48xf32>
  // CHECK-NEXT: trafo.activation relu %[[KEPT]] : tensor<?x48xf32>
  %relu = trafo.activation relu %kept : tensor<?x48xf32>
  // CHECK-NEXT: trafo.activation silu
  %10 = trafo.activation silu %9 : tensor<?x64xf32>
  // CHECK-NEXT: trafo.activation gelu
  %11 = trafo.activation gelu %10 : tensor<?x64xf32>
  // CHECK-NEXT: trafo.activation gelu_tanh
  %12 = trafo.activation gelu_tanh %11 : tensor<?x64xf32>
  // CHECK-NEXT: trafo.activation relu
  %13 = trafo.activation relu %12 : tensor<?x64xf32>
  // CHECK-NEXT: trafo.gated_mlp silu %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x64xf32>, <64x64xq4_1>, <64x64xq4_1>, <64x64xq4_1>
  %14 = trafo.gated_mlp silu %13, %w, %w, %w : tensor<?x64xf32>, !trafo.weight<64x64xq4_1>, !trafo.weight<64x64xq4_1>, !trafo.weight<64x64xq4_1>
  // CHECK-NEXT: trafo.mlp relu %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x64xf32>, <64x64xq4_1>, <64x64xq4_1>
  %15 = trafo.mlp relu %14, %w, %w : tensor<?x64xf32>, !trafo.weight<64x64xq4_1>, !trafo.weight<64x64xq4_1>
  return %15 : tensor<?x64xf32>
}

// CHECK-LABEL: func private @fused
func.func private @fused(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>, %layer: index,
    %norm: !trafo.weight<64xf32>, %w: !trafo.weight<64x64xq4_1>, %k: !trafo.weight<32x64xq8_0>, %kb: !trafo.weight<32xf32>,
    %qkv: !trafo.weight<128x64xq4_1>, %table: !trafo.weight<128x32xf32>) -> tensor<?x64xf32> {
  // CHECK-NEXT: trafo.add_rms_norm %{{.*}}, %{{.*}}, %{{.*}} eps 9.99999974E-6 : tensor<?x64xf32>, <64xf32>
  %0 = trafo.add_rms_norm %x, %x, %norm eps 1.0e-5 : tensor<?x64xf32>, !trafo.weight<64xf32>
  // CHECK-NEXT: trafo.qkv_rope %{{.*}} weights(%{{.*}} : !trafo.weight<128x64xq4_1>) table %{{.*}} : !trafo.weight<128x32xf32> cache %{{.*}}[%{{.*}}] rows %{{.*}} heads 4 via i8_g32 : tensor<?x64xf32>, <2x2x16xf16> -> tensor<?x64xf32>
  %1 = trafo.qkv_rope %0 weights(%qkv : !trafo.weight<128x64xq4_1>) table %table : !trafo.weight<128x32xf32> cache %kv[%layer] rows %rows heads 4 via i8_g32 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16> -> tensor<?x64xf32>
  // CHECK-NEXT: trafo.qkv_rope %{{.*}} weights(%{{.*}}, %{{.*}}, %{{.*}} : !trafo.weight<64x64xq4_1>, !trafo.weight<32x64xq8_0>, !trafo.weight<32x64xq8_0>) biases(%{{.*}}, %{{.*}}, %{{.*}} : !trafo.weight<64xf32>, !trafo.weight<32xf32>, !trafo.weight<32xf32>) cache %{{.*}}[%{{.*}}] rows %{{.*}} heads 4 : tensor<?x64xf32>, <2x2x16xf16> -> tensor<?x64xf32>
  %2 = trafo.qkv_rope %1 weights(%w, %k, %k : !trafo.weight<64x64xq4_1>, !trafo.weight<32x64xq8_0>, !trafo.weight<32x64xq8_0>) biases(%norm, %kb, %kb : !trafo.weight<64xf32>, !trafo.weight<32xf32>, !trafo.weight<32xf32>) cache %kv[%layer] rows %rows heads 4 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16> -> tensor<?x64xf32>
  // CHECK-NEXT: trafo.gate_up silu %{{.*}} weights(%{{.*}} : !trafo.weight<128x64xq4_1>) via bf16_g32 : tensor<?x64xf32> -> tensor<?x64xf32>
  %3 = trafo.gate_up silu %2 weights(%qkv : !trafo.weight<128x64xq4_1>) via bf16_g32 : tensor<?x64xf32> -> tensor<?x64xf32>
  // CHECK-NEXT: trafo.gate_up gelu %{{.*}} weights(%{{.*}}, %{{.*}} : !trafo.weight<64x64xq4_1>, !trafo.weight<64x64xq4_1>) biases(%{{.*}}, %{{.*}} : !trafo.weight<64xf32>, !trafo.weight<64xf32>) : tensor<?x64xf32> -> tensor<?x64xf32>
  %4 = trafo.gate_up gelu %3 weights(%w, %w : !trafo.weight<64x64xq4_1>, !trafo.weight<64x64xq4_1>) biases(%norm, %norm : !trafo.weight<64xf32>, !trafo.weight<64xf32>) : tensor<?x64xf32> -> tensor<?x64xf32>
  // CHECK-NEXT: trafo.linear_add %{{.*}}, %{{.*}} onto %{{.*}} : tensor<?x64xf32>, <64x64xq4_1> -> tensor<?x64xf32>
  %5 = trafo.linear_add %4, %w onto %x : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  // CHECK-NEXT: trafo.linear_add %{{.*}}, %{{.*}} bias %{{.*}} : !trafo.weight<64xf32> onto %{{.*}} via f32 : tensor<?x64xf32>, <64x64xq4_1> -> tensor<?x64xf32>
  %6 = trafo.linear_add %5, %w bias %norm : !trafo.weight<64xf32> onto %x via f32 : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  return %6 : tensor<?x64xf32>
}

func.func private @empty(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>, %layer: index) -> tensor<?x64xf32> {
  return %x : tensor<?x64xf32>
}

// CHECK-LABEL: func @step
func.func @step(%rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>) -> tensor<?x64xf32> {
  // CHECK-NEXT: %[[T:.*]] = trafo.get @file : <64x64xq4_1>
  %t = trafo.get @file : !trafo.weight<64x64xq4_1>
  // CHECK-NEXT: trafo.embedding %{{.*}}, %[[T]] : (!trafo.rows, !trafo.weight<64x64xq4_1>) -> tensor<?x64xf32>
  %0 = trafo.embedding %rows, %t : (!trafo.rows, !trafo.weight<64x64xq4_1>) -> tensor<?x64xf32>
  // CHECK-NEXT: trafo.embedding %{{.*}}, %[[T]] {scale = 8.000000e+00 : f32} :
  %1 = trafo.embedding %rows, %t {scale = 8.0 : f32} : (!trafo.rows, !trafo.weight<64x64xq4_1>) -> tensor<?x64xf32>
  // CHECK-NEXT: trafo.layers %{{.*}}, %{{.*}}, %{{.*}} [#trafo.layer<@empty, []>, #trafo.layer<@imported, [@norm, @file, @keys, @factors]>] : tensor<?x64xf32>, <2x2x16xf16>
  %2 = trafo.layers %0, %rows, %kv [#trafo.layer<@empty, []>, #trafo.layer<@imported, [@norm, @file, @keys, @factors]>] : tensor<?x64xf32>, !trafo.kv<2x2x16xf16>
  // CHECK-NEXT: trafo.select_rows %{{.*}}, %{{.*}} : tensor<?x64xf32> -> tensor<?x64xf32>
  %3 = trafo.select_rows %2, %rows : tensor<?x64xf32> -> tensor<?x64xf32>
  // CHECK-NEXT: trafo.lm_head %{{.*}}, %[[T]] via i8x2_g32 : tensor<?x64xf32>, <64x64xq4_1> -> tensor<?x64xf32>
  %4 = trafo.lm_head %3, %t via i8x2_g32 : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  return %4 : tensor<?x64xf32>
}
trafo.weight @keys : !trafo.weight<32x64xq8_0> from #trafo.random<1>

// Static row counts, for tests.
// CHECK-LABEL: func private @static_rows
func.func private @static_rows(%x: tensor<4x64xf32>, %w: !trafo.weight<32x64xq8_0>) -> tensor<4x32xf32> {
  %0 = trafo.linear %x, %w : tensor<4x64xf32>, !trafo.weight<32x64xq8_0> -> tensor<4x32xf32>
  return %0 : tensor<4x32xf32>
}
}
