// RUN: trafo-opt %s -trafo-pair-rope | FileCheck %s
// RUN: trafo-opt %s -trafo-pair-rope --remarks-filter=trafo-normalize --remark-format=emitRemark -verify-diagnostics -o /dev/null
// Done once, there is nothing left to do.
// RUN: trafo-opt %s -trafo-pair-rope -o %t.mlir && trafo-opt %t.mlir -trafo-pair-rope | diff %t.mlir -

trafo.weight @q.0 : !trafo.weight<64x64xq4_1> from #trafo.random<1>
trafo.weight @q.1 : !trafo.weight<64x64xq4_1> from #trafo.random<1>
trafo.weight @k.0 : !trafo.weight<32x64xq4_1> from #trafo.random<1>
trafo.weight @k.1 : !trafo.weight<32x64xq4_1> from #trafo.random<1>
trafo.weight @qb : !trafo.weight<64xf32> from #trafo.random<1>

// Each layer's q and k get a recipe, the bias shared by the layers one; v stays; the slots of q, k and the bias go.
// CHECK:      trafo.weight @q.0.paired : !trafo.weight<64x64xq4_1> recipe {
// CHECK-NEXT:   %[[Q:.*]] = trafo.get @q.0
// CHECK-NEXT:   %[[P:.*]] = trafo.pair_rows %[[Q]] heads 16 dims 8 : <64x64xq4_1>
// CHECK-NEXT:   trafo.yield %[[P]]
// CHECK:      trafo.weight @q.1.paired
// CHECK:      trafo.weight @k.0.paired : !trafo.weight<32x64xq4_1> recipe {
// CHECK-NEXT:   trafo.get @k.0
// CHECK-NEXT:   trafo.pair_rows %{{.*}} heads 16 dims 8
// CHECK:      trafo.weight @k.1.paired
// CHECK:      trafo.weight @qb.paired : !trafo.weight<64xf32> recipe {
// CHECK-NOT:  trafo.weight @qb.paired

// CHECK-LABEL: func private @body
// CHECK-SAME:    index, %[[V:.*]]: !trafo.weight<32x64xq4_1>, %[[Q:.*]]: !trafo.weight<64x64xq4_1>, %[[QB:.*]]: !trafo.weight<64xf32>, %[[K:.*]]: !trafo.weight<32x64xq4_1>)
// CHECK:         %[[QL:.*]] = trafo.linear %{{.*}}, %[[Q]] bias %[[QB]]
// CHECK:         %[[KL:.*]] = trafo.linear %{{.*}}, %[[K]] :
// CHECK:         trafo.linear %{{.*}}, %[[V]] :
// CHECK:         trafo.rope %[[QL]], %{{.*}} heads 4 x 16 <dims = 8, base = 1.000000e+04> :
// CHECK:         trafo.rope %[[KL]], %{{.*}} heads 2 x 16 <dims = 8, base = 1.000000e+04> :
func.func private @body(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>, %layer: index,
    %q: !trafo.weight<64x64xq4_1>, %qb: !trafo.weight<64xf32>, %k: !trafo.weight<32x64xq4_1>, %v: !trafo.weight<32x64xq4_1>) -> tensor<?x64xf32> {
  %0 = trafo.linear %x, %q bias %qb : !trafo.weight<64xf32> : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %2 = trafo.linear %x, %v : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  // expected-remark @+1 {{[Passed] pair-rope | Category:trafo-normalize | Remark="rows of the projection permuted"}}
  %3 = trafo.rope %0, %rows heads 4 x 16 <dims = 8, base = 1.0e4, pairing = halves> : tensor<?x64xf32>
  // expected-remark @+1 {{rows of the projection permuted}}
  %4 = trafo.rope %1, %rows heads 2 x 16 <dims = 8, base = 1.0e4, pairing = halves> : tensor<?x32xf32>
  trafo.kv_write %kv[%layer], %4, %2, %rows : !trafo.kv<2x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  %5 = trafo.attention %3, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16>
  return %5 : tensor<?x64xf32>
}

// CHECK-LABEL: func @step
// CHECK:         [#trafo.layer<@body, [@k.0, @q.0.paired, @qb.paired, @k.0.paired]>, #trafo.layer<@body, [@k.1, @q.1.paired, @qb.paired, @k.1.paired]>]
func.func @step(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>) -> tensor<?x64xf32> {
  %0 = trafo.layers %x, %rows, %kv [#trafo.layer<@body, [@q.0, @qb, @k.0, @k.0]>, #trafo.layer<@body, [@q.1, @qb, @k.1, @k.1]>]
    : tensor<?x64xf32>, !trafo.kv<2x2x16xf16>
  return %0 : tensor<?x64xf32>
}

// Outside of layers a weight is a symbol's value.
// CHECK-LABEL: func @symbol
// CHECK:         %[[W:.*]] = trafo.get @q.0.paired
// CHECK:         trafo.linear %{{.*}}, %[[W]]
func.func @symbol(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>, %layer: index) -> tensor<?x64xf32> {
  %q = trafo.get @q.0 : !trafo.weight<64x64xq4_1>
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  // expected-remark @+1 {{rows of the projection permuted}}
  %1 = trafo.rope %0, %rows heads 4 x 16 <dims = 8, base = 1.0e4, pairing = halves> : tensor<?x64xf32>
  %2 = trafo.attention %1, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16>
  return %2 : tensor<?x64xf32>
}

// CHECK-LABEL: func @normed_before_rope
// CHECK:         pairing = halves
func.func @normed_before_rope(%x: tensor<?x64xf32>, %rows: !trafo.rows) -> tensor<?x64xf32> {
  // expected-remark @+1 {{[Missed] pair-rope | Category:trafo-normalize | Reason="input is not a linear"}}
  %0 = trafo.rope %x, %rows heads 4 x 16 <dims = 8, base = 1.0e4, pairing = halves> : tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// CHECK-LABEL: func @unrotated_read_elsewhere
// CHECK:         pairing = halves
func.func @unrotated_read_elsewhere(%x: tensor<?x64xf32>, %rows: !trafo.rows) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %q = trafo.get @q.0 : !trafo.weight<64x64xq4_1>
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  // expected-remark @+1 {{unrotated rows are read elsewhere}}
  %1 = trafo.rope %0, %rows heads 4 x 16 <dims = 8, base = 1.0e4, pairing = halves> : tensor<?x64xf32>
  return %0, %1 : tensor<?x64xf32>, tensor<?x64xf32>
}

// CHECK-LABEL: func @rotated_read_elsewhere
// CHECK:         pairing = halves
func.func @rotated_read_elsewhere(%x: tensor<?x64xf32>, %rows: !trafo.rows) -> tensor<?x64xf32> {
  %q = trafo.get @q.0 : !trafo.weight<64x64xq4_1>
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  // expected-remark @+1 {{rotated rows are read by more than attention}}
  %1 = trafo.rope %0, %rows heads 4 x 16 <dims = 8, base = 1.0e4, pairing = halves> : tensor<?x64xf32>
  return %1 : tensor<?x64xf32>
}

// One of two can not be paired, so neither is.
// CHECK-LABEL: func @q_and_k_differ
// CHECK-COUNT-2: pairing = halves
func.func @q_and_k_differ(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>, %layer: index) -> tensor<?x64xf32> {
  %q = trafo.get @q.0 : !trafo.weight<64x64xq4_1>
  %k = trafo.get @k.0 : !trafo.weight<32x64xq4_1>
  %v = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %2 = trafo.rope %0, %rows heads 4 x 16 <dims = 8, base = 1.0e4, pairing = halves> : tensor<?x64xf32>
  // expected-remark @+1 {{ropes of q and k differ}}
  %3 = trafo.rope %1, %rows heads 2 x 16 <dims = 16, base = 1.0e4, pairing = halves> : tensor<?x32xf32>
  trafo.kv_write %kv[%layer], %3, %v, %rows : !trafo.kv<2x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  %4 = trafo.attention %2, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16>
  return %4 : tensor<?x64xf32>
}

// CHECK-LABEL: func @argument_of_no_body
// CHECK:         pairing = halves
func.func @argument_of_no_body(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>, %layer: index,
    %q: !trafo.weight<64x64xq4_1>) -> tensor<?x64xf32> {
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  // expected-remark @+1 {{weight is neither a slot of a layer's body nor a symbol}}
  %1 = trafo.rope %0, %rows heads 4 x 16 <dims = 8, base = 1.0e4, pairing = halves> : tensor<?x64xf32>
  %2 = trafo.attention %1, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16>
  return %2 : tensor<?x64xf32>
}
