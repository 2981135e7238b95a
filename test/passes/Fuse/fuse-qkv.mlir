// RUN: trafo-opt %s -trafo-fuse-qkv | FileCheck %s
// RUN: trafo-opt %s -trafo-fuse-qkv --remarks-filter=trafo-fuse --remark-format=emitRemark -verify-diagnostics -o /dev/null

module attributes {trafo.config = #trafo.config<max_context = 128, max_rows = 32, max_outputs = 8, max_sequences = 4, max_workers = 4>} {

trafo.weight @q.0 : !trafo.weight<64x64xq4_1> from #trafo.random<1>
trafo.weight @q.1 : !trafo.weight<64x64xq4_1> from #trafo.random<1>
trafo.weight @k.0 : !trafo.weight<32x64xq4_1> from #trafo.random<1>
trafo.weight @k.1 : !trafo.weight<32x64xq4_1> from #trafo.random<1>
trafo.weight @v.0 : !trafo.weight<32x64xq4_1> from #trafo.random<1>
trafo.weight @v.1 : !trafo.weight<32x64xq4_1> from #trafo.random<1>
trafo.weight @v8 : !trafo.weight<32x64xq8_0> from #trafo.random<1>
trafo.weight @qb : !trafo.weight<64xf32> from #trafo.random<1>
trafo.weight @kb : !trafo.weight<32xf32> from #trafo.random<1>
trafo.weight @factors : !trafo.weight<8xf32> from #trafo.random<1>

// CHECK:      trafo.weight @q.0.qkv : !trafo.weight<128x64xq4_1> recipe {
// CHECK-NEXT:   %[[Q:.*]] = trafo.get @q.0
// CHECK-NEXT:   %[[K:.*]] = trafo.get @k.0
// CHECK-NEXT:   %[[V:.*]] = trafo.get @v.0
// CHECK-NEXT:   %[[C:.*]] = trafo.concat %[[Q]], %[[K]], %[[V]] :
// CHECK-NEXT:   trafo.yield %[[C]]
// CHECK:      trafo.weight @q.1.qkv
// CHECK:      trafo.weight @qb.qkv : !trafo.weight<128xf32> recipe {
// CHECK:        trafo.concat
// CHECK:      trafo.weight @factors.rope_table : !trafo.weight<128x32xf32> recipe {
// CHECK-NEXT:   %[[F:.*]] = trafo.get @factors
// CHECK-NEXT:   trafo.rope_table <dims = 16, base = 1.000000e+04> factors %[[F]]

// A row of the table for each position, 2 x head size values; one table for all layers.
// CHECK:      trafo.weight @rope_table : !trafo.weight<128x32xf32> recipe {
// CHECK-NEXT:   %[[T:.*]] = trafo.rope_table <dims = 16, base = 1.000000e+04> : <128x32xf32>
// CHECK-NEXT:   trafo.yield %[[T]]
// CHECK-NOT:  rope_table_

// CHECK-LABEL: func private @body
// CHECK-SAME:    %[[X:.*]]: tensor<?x64xf32>, %[[R:.*]]: !trafo.rows, %[[KV:.*]]: !trafo.kv<2x2x16xf16>, %[[L:.*]]: index, %[[W:.*]]: !trafo.weight<128x64xq4_1>, %[[T:.*]]: !trafo.weight<128x32xf32>)
// CHECK-NEXT:    %[[Q:.*]] = trafo.qkv_rope %[[X]] weights(%[[W]] : !trafo.weight<128x64xq4_1>) table %[[T]] : !trafo.weight<128x32xf32> cache %[[KV]][%[[L]]] rows %[[R]] heads 4 : tensor<?x64xf32>, <2x2x16xf16> -> tensor<?x64xf32>
// CHECK-NEXT:    trafo.attention %[[Q]],
func.func private @body(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>, %layer: index,
    %q: !trafo.weight<64x64xq4_1>, %k: !trafo.weight<32x64xq4_1>, %v: !trafo.weight<32x64xq4_1>) -> tensor<?x64xf32> {
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %2 = trafo.linear %x, %v : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %3 = trafo.rope %0, %rows heads 4 x 16 <dims = 16, base = 1.0e4> : tensor<?x64xf32>
  %4 = trafo.rope %1, %rows heads 2 x 16 <dims = 16, base = 1.0e4> : tensor<?x32xf32>
  // expected-remark @+1 {{[Passed] fuse-qkv | Category:trafo-fuse | Remark="q, k and v concatenated in one weight"}}
  trafo.kv_write %kv[%layer], %4, %2, %rows : !trafo.kv<2x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  %a = trafo.attention %3, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16>
  return %a : tensor<?x64xf32>
}

// CHECK-LABEL: func @step
// CHECK:         [#trafo.layer<@body, [@q.0.qkv, @rope_table]>, #trafo.layer<@body, [@q.1.qkv, @rope_table]>]
func.func @step(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>) -> tensor<?x64xf32> {
  %0 = trafo.layers %x, %rows, %kv [#trafo.layer<@body, [@q.0, @k.0, @v.0]>, #trafo.layer<@body, [@q.1, @k.1, @v.1]>]
    : tensor<?x64xf32>, !trafo.kv<2x2x16xf16>
  return %0 : tensor<?x64xf32>
}

// CHECK-LABEL: func @biases_and_factors
// CHECK-DAG:     %[[W:.*]] = trafo.get @q.0.qkv
// CHECK-DAG:     %[[B:.*]] = trafo.get @qb.qkv
// CHECK-DAG:     %[[T:.*]] = trafo.get @factors.rope_table
// CHECK:         trafo.qkv_rope %{{.*}} weights(%[[W]] : !trafo.weight<128x64xq4_1>) biases(%[[B]] : !trafo.weight<128xf32>) table %[[T]] :
func.func @biases_and_factors(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index) -> tensor<?x64xf32> {
  %q = trafo.get @q.0 : !trafo.weight<64x64xq4_1>
  %k = trafo.get @k.0 : !trafo.weight<32x64xq4_1>
  %v = trafo.get @v.0 : !trafo.weight<32x64xq4_1>
  %qb = trafo.get @qb : !trafo.weight<64xf32>
  %kb = trafo.get @kb : !trafo.weight<32xf32>
  %f = trafo.get @factors : !trafo.weight<8xf32>
  %0 = trafo.linear %x, %q bias %qb : !trafo.weight<64xf32> : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k bias %kb : !trafo.weight<32xf32> : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %2 = trafo.linear %x, %v bias %kb : !trafo.weight<32xf32> : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %3 = trafo.rope %0, %rows factors %f : !trafo.weight<8xf32> heads 4 x 16 <dims = 16, base = 1.0e4> : tensor<?x64xf32>
  %4 = trafo.rope %1, %rows factors %f : !trafo.weight<8xf32> heads 2 x 16 <dims = 16, base = 1.0e4> : tensor<?x32xf32>
  // expected-remark @+1 {{q, k and v concatenated in one weight}}
  trafo.kv_write %kv[%layer], %4, %2, %rows : !trafo.kv<1x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  %a = trafo.attention %3, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<1x2x16xf16>
  return %a : tensor<?x64xf32>
}

// CHECK-LABEL: func @no_rope
// CHECK:         trafo.qkv_rope %{{.*}} weights(%{{.*}} : !trafo.weight<128x64xq4_1>) cache
func.func @no_rope(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index) -> tensor<?x64xf32> {
  %q = trafo.get @q.0 : !trafo.weight<64x64xq4_1>
  %k = trafo.get @k.0 : !trafo.weight<32x64xq4_1>
  %v = trafo.get @v.0 : !trafo.weight<32x64xq4_1>
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %2 = trafo.linear %x, %v : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  // expected-remark @+1 {{q, k and v concatenated in one weight}}
  trafo.kv_write %kv[%layer], %1, %2, %rows : !trafo.kv<1x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  %a = trafo.attention %0, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<1x2x16xf16>
  return %a : tensor<?x64xf32>
}

// CHECK-LABEL: func @formats_differ
// CHECK:         trafo.qkv_rope %{{.*}} weights(%{{.*}}, %{{.*}}, %{{.*}} : !trafo.weight<64x64xq4_1>, !trafo.weight<32x64xq4_1>, !trafo.weight<32x64xq8_0>) table
func.func @formats_differ(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index) -> tensor<?x64xf32> {
  %q = trafo.get @q.0 : !trafo.weight<64x64xq4_1>
  %k = trafo.get @k.0 : !trafo.weight<32x64xq4_1>
  %v = trafo.get @v8 : !trafo.weight<32x64xq8_0>
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %2 = trafo.linear %x, %v : tensor<?x64xf32>, !trafo.weight<32x64xq8_0> -> tensor<?x32xf32>
  %3 = trafo.rope %0, %rows heads 4 x 16 <dims = 16, base = 1.0e4> : tensor<?x64xf32>
  %4 = trafo.rope %1, %rows heads 2 x 16 <dims = 16, base = 1.0e4> : tensor<?x32xf32>
  // expected-remark @+1 {{q, k and v in three weights: formats differ}}
  trafo.kv_write %kv[%layer], %4, %2, %rows : !trafo.kv<1x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  %a = trafo.attention %3, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<1x2x16xf16>
  return %a : tensor<?x64xf32>
}

// CHECK-LABEL: func @arguments_of_no_body
// CHECK:         trafo.qkv_rope %{{.*}} weights(%{{.*}}, %{{.*}}, %{{.*}} : !trafo.weight<64x64xq4_1>, !trafo.weight<32x64xq4_1>, !trafo.weight<32x64xq4_1>) table
func.func @arguments_of_no_body(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index,
    %q: !trafo.weight<64x64xq4_1>, %k: !trafo.weight<32x64xq4_1>, %v: !trafo.weight<32x64xq4_1>) -> tensor<?x64xf32> {
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %2 = trafo.linear %x, %v : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %3 = trafo.rope %0, %rows heads 4 x 16 <dims = 16, base = 1.0e4> : tensor<?x64xf32>
  %4 = trafo.rope %1, %rows heads 2 x 16 <dims = 16, base = 1.0e4> : tensor<?x32xf32>
  // expected-remark @+1 {{q, k and v in three weights: they are neither slots of a layer's body nor symbols}}
  trafo.kv_write %kv[%layer], %4, %2, %rows : !trafo.kv<1x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  %a = trafo.attention %3, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<1x2x16xf16>
  return %a : tensor<?x64xf32>
}

// CHECK-LABEL: func @no_attention
// CHECK-NOT:     trafo.qkv_rope
// CHECK:         trafo.kv_write
func.func @no_attention(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index) -> tensor<?x64xf32> {
  %q = trafo.get @q.0 : !trafo.weight<64x64xq4_1>
  %k = trafo.get @k.0 : !trafo.weight<32x64xq4_1>
  %v = trafo.get @v.0 : !trafo.weight<32x64xq4_1>
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %2 = trafo.linear %x, %v : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %3 = trafo.rope %0, %rows heads 4 x 16 <dims = 16, base = 1.0e4> : tensor<?x64xf32>
  %4 = trafo.rope %1, %rows heads 2 x 16 <dims = 16, base = 1.0e4> : tensor<?x32xf32>
  // expected-remark @+1 {{[Missed] fuse-qkv | Category:trafo-fuse | Reason="no attention reads the layer's cache after the store"}}
  trafo.kv_write %kv[%layer], %4, %2, %rows : !trafo.kv<1x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  %a = trafo.activation silu %3 : tensor<?x64xf32>
  return %a : tensor<?x64xf32>
}

// CHECK-LABEL: func @attention_before_store
// CHECK-NOT:     trafo.qkv_rope
// CHECK:         trafo.kv_write
func.func @attention_before_store(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index) -> tensor<?x64xf32> {
  %q = trafo.get @q.0 : !trafo.weight<64x64xq4_1>
  %k = trafo.get @k.0 : !trafo.weight<32x64xq4_1>
  %v = trafo.get @v.0 : !trafo.weight<32x64xq4_1>
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %2 = trafo.linear %x, %v : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %3 = trafo.rope %0, %rows heads 4 x 16 <dims = 16, base = 1.0e4> : tensor<?x64xf32>
  %4 = trafo.rope %1, %rows heads 2 x 16 <dims = 16, base = 1.0e4> : tensor<?x32xf32>
  %a = trafo.attention %3, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<1x2x16xf16>
  // expected-remark @+1 {{no attention reads the layer's cache after the store}}
  trafo.kv_write %kv[%layer], %4, %2, %rows : !trafo.kv<1x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  return %a : tensor<?x64xf32>
}

// CHECK-LABEL: func @query_not_a_linear
// CHECK-NOT:     trafo.qkv_rope
// CHECK:         trafo.kv_write
func.func @query_not_a_linear(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index) -> tensor<?x64xf32> {
  %q = trafo.get @q.0 : !trafo.weight<64x64xq4_1>
  %k = trafo.get @k.0 : !trafo.weight<32x64xq4_1>
  %v = trafo.get @v.0 : !trafo.weight<32x64xq4_1>
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %2 = trafo.linear %x, %v : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %3 = trafo.rope %0, %rows heads 4 x 16 <dims = 16, base = 1.0e4> : tensor<?x64xf32>
  %4 = trafo.rope %1, %rows heads 2 x 16 <dims = 16, base = 1.0e4> : tensor<?x32xf32>
  // expected-remark @+1 {{q, k or v is not a linear}}
  trafo.kv_write %kv[%layer], %4, %2, %rows : !trafo.kv<1x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  %a = trafo.attention %x, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<1x2x16xf16>
  return %a : tensor<?x64xf32>
}

// CHECK-LABEL: func @inputs_differ
// CHECK-NOT:     trafo.qkv_rope
// CHECK:         trafo.kv_write
func.func @inputs_differ(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index) -> tensor<?x64xf32> {
  %q = trafo.get @q.0 : !trafo.weight<64x64xq4_1>
  %k = trafo.get @k.0 : !trafo.weight<32x64xq4_1>
  %v = trafo.get @v.0 : !trafo.weight<32x64xq4_1>
  %y = trafo.activation relu %x : tensor<?x64xf32>
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %2 = trafo.linear %y, %v : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %3 = trafo.rope %0, %rows heads 4 x 16 <dims = 16, base = 1.0e4> : tensor<?x64xf32>
  %4 = trafo.rope %1, %rows heads 2 x 16 <dims = 16, base = 1.0e4> : tensor<?x32xf32>
  // expected-remark @+1 {{q, k and v have different inputs}}
  trafo.kv_write %kv[%layer], %4, %2, %rows : !trafo.kv<1x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  %a = trafo.attention %3, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<1x2x16xf16>
  return %a : tensor<?x64xf32>
}

// CHECK-LABEL: func @values_are_keys
// CHECK-NOT:     trafo.qkv_rope
// CHECK:         trafo.kv_write
func.func @values_are_keys(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index) -> tensor<?x64xf32> {
  %q = trafo.get @q.0 : !trafo.weight<64x64xq4_1>
  %k = trafo.get @k.0 : !trafo.weight<32x64xq4_1>
  %v = trafo.get @v.0 : !trafo.weight<32x64xq4_1>
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %3 = trafo.rope %0, %rows heads 4 x 16 <dims = 16, base = 1.0e4> : tensor<?x64xf32>
  %4 = trafo.rope %1, %rows heads 2 x 16 <dims = 16, base = 1.0e4> : tensor<?x32xf32>
  // expected-remark @+1 {{a projection is read elsewhere}}
  trafo.kv_write %kv[%layer], %4, %1, %rows : !trafo.kv<1x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  %a = trafo.attention %3, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<1x2x16xf16>
  return %a : tensor<?x64xf32>
}

// CHECK-LABEL: func @one_bias
// CHECK-NOT:     trafo.qkv_rope
// CHECK:         trafo.kv_write
func.func @one_bias(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index) -> tensor<?x64xf32> {
  %q = trafo.get @q.0 : !trafo.weight<64x64xq4_1>
  %k = trafo.get @k.0 : !trafo.weight<32x64xq4_1>
  %v = trafo.get @v.0 : !trafo.weight<32x64xq4_1>
  %qb = trafo.get @qb : !trafo.weight<64xf32>
  %kb = trafo.get @kb : !trafo.weight<32xf32>
  %0 = trafo.linear %x, %q bias %qb : !trafo.weight<64xf32> : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k bias %kb : !trafo.weight<32xf32> : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %2 = trafo.linear %x, %v : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %3 = trafo.rope %0, %rows heads 4 x 16 <dims = 16, base = 1.0e4> : tensor<?x64xf32>
  %4 = trafo.rope %1, %rows heads 2 x 16 <dims = 16, base = 1.0e4> : tensor<?x32xf32>
  // expected-remark @+1 {{some of q, k and v have a bias and some have none}}
  trafo.kv_write %kv[%layer], %4, %2, %rows : !trafo.kv<1x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  %a = trafo.attention %3, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<1x2x16xf16>
  return %a : tensor<?x64xf32>
}

// CHECK-LABEL: func @classes_differ
// CHECK-NOT:     trafo.qkv_rope
// CHECK:         trafo.kv_write
func.func @classes_differ(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index) -> tensor<?x64xf32> {
  %q = trafo.get @q.0 : !trafo.weight<64x64xq4_1>
  %k = trafo.get @k.0 : !trafo.weight<32x64xq4_1>
  %v = trafo.get @v.0 : !trafo.weight<32x64xq4_1>
  %0 = trafo.linear %x, %q via f32 : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %2 = trafo.linear %x, %v : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %3 = trafo.rope %0, %rows heads 4 x 16 <dims = 16, base = 1.0e4> : tensor<?x64xf32>
  %4 = trafo.rope %1, %rows heads 2 x 16 <dims = 16, base = 1.0e4> : tensor<?x32xf32>
  // expected-remark @+1 {{q, k and v have different numeric classes}}
  trafo.kv_write %kv[%layer], %4, %2, %rows : !trafo.kv<1x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  %a = trafo.attention %3, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<1x2x16xf16>
  return %a : tensor<?x64xf32>
}

// CHECK-LABEL: func @keys_read_elsewhere
// CHECK-NOT:     trafo.qkv_rope
// CHECK:         trafo.kv_write
func.func @keys_read_elsewhere(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index, %kk: !trafo.weight<64x32xq8_0>) -> tensor<?x64xf32> {
  %q = trafo.get @q.0 : !trafo.weight<64x64xq4_1>
  %k = trafo.get @k.0 : !trafo.weight<32x64xq4_1>
  %v = trafo.get @v.0 : !trafo.weight<32x64xq4_1>
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %2 = trafo.linear %x, %v : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %3 = trafo.rope %0, %rows heads 4 x 16 <dims = 16, base = 1.0e4> : tensor<?x64xf32>
  %4 = trafo.rope %1, %rows heads 2 x 16 <dims = 16, base = 1.0e4> : tensor<?x32xf32>
  %5 = trafo.linear %4, %kk : tensor<?x32xf32>, !trafo.weight<64x32xq8_0> -> tensor<?x64xf32>
  // expected-remark @+1 {{keys are read elsewhere}}
  trafo.kv_write %kv[%layer], %4, %2, %rows : !trafo.kv<1x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  %a = trafo.attention %3, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<1x2x16xf16>
  return %a : tensor<?x64xf32>
}

// CHECK-LABEL: func @queries_read_before
// CHECK-NOT:     trafo.qkv_rope
// CHECK:         trafo.kv_write
func.func @queries_read_before(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index) -> tensor<?x64xf32> {
  %q = trafo.get @q.0 : !trafo.weight<64x64xq4_1>
  %k = trafo.get @k.0 : !trafo.weight<32x64xq4_1>
  %v = trafo.get @v.0 : !trafo.weight<32x64xq4_1>
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %2 = trafo.linear %x, %v : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %3 = trafo.rope %0, %rows heads 4 x 16 <dims = 16, base = 1.0e4> : tensor<?x64xf32>
  %4 = trafo.rope %1, %rows heads 2 x 16 <dims = 16, base = 1.0e4> : tensor<?x32xf32>
  %5 = trafo.activation silu %3 : tensor<?x64xf32>
  // expected-remark @+1 {{queries are read before the store}}
  trafo.kv_write %kv[%layer], %4, %2, %rows : !trafo.kv<1x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  %a = trafo.attention %3, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<1x2x16xf16>
  return %a : tensor<?x64xf32>
}

// CHECK-LABEL: func @rotated_differently
// CHECK-NOT:     trafo.qkv_rope
// CHECK:         trafo.kv_write
func.func @rotated_differently(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index) -> tensor<?x64xf32> {
  %q = trafo.get @q.0 : !trafo.weight<64x64xq4_1>
  %k = trafo.get @k.0 : !trafo.weight<32x64xq4_1>
  %v = trafo.get @v.0 : !trafo.weight<32x64xq4_1>
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %2 = trafo.linear %x, %v : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %3 = trafo.rope %0, %rows heads 4 x 16 <dims = 16, base = 1.0e4> : tensor<?x64xf32>
  %4 = trafo.rope %1, %rows heads 2 x 16 <dims = 16, base = 2.0e4> : tensor<?x32xf32>
  // expected-remark @+1 {{q and k are rotated differently}}
  trafo.kv_write %kv[%layer], %4, %2, %rows : !trafo.kv<1x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  %a = trafo.attention %3, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<1x2x16xf16>
  return %a : tensor<?x64xf32>
}

// CHECK-LABEL: func @only_queries_rotated
// CHECK-NOT:     trafo.qkv_rope
// CHECK:         trafo.kv_write
func.func @only_queries_rotated(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index) -> tensor<?x64xf32> {
  %q = trafo.get @q.0 : !trafo.weight<64x64xq4_1>
  %k = trafo.get @k.0 : !trafo.weight<32x64xq4_1>
  %v = trafo.get @v.0 : !trafo.weight<32x64xq4_1>
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %2 = trafo.linear %x, %v : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %3 = trafo.rope %0, %rows heads 4 x 16 <dims = 16, base = 1.0e4> : tensor<?x64xf32>
  // expected-remark @+1 {{q and k are rotated differently}}
  trafo.kv_write %kv[%layer], %1, %2, %rows : !trafo.kv<1x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  %a = trafo.attention %3, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<1x2x16xf16>
  return %a : tensor<?x64xf32>
}

// CHECK-LABEL: func @halves
// CHECK-NOT:     trafo.qkv_rope
// CHECK:         trafo.kv_write
func.func @halves(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index) -> tensor<?x64xf32> {
  %q = trafo.get @q.0 : !trafo.weight<64x64xq4_1>
  %k = trafo.get @k.0 : !trafo.weight<32x64xq4_1>
  %v = trafo.get @v.0 : !trafo.weight<32x64xq4_1>
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %2 = trafo.linear %x, %v : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %3 = trafo.rope %0, %rows heads 4 x 16 <dims = 16, base = 1.0e4, pairing = halves> : tensor<?x64xf32>
  %4 = trafo.rope %1, %rows heads 2 x 16 <dims = 16, base = 1.0e4, pairing = halves> : tensor<?x32xf32>
  // expected-remark @+1 {{rope does not rotate neighbours}}
  trafo.kv_write %kv[%layer], %4, %2, %rows : !trafo.kv<1x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  %a = trafo.attention %3, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<1x2x16xf16>
  return %a : tensor<?x64xf32>
}

}
