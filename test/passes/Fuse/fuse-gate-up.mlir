// RUN: trafo-opt %s -trafo-fuse-gate-up | FileCheck %s
// RUN: trafo-opt %s -trafo-fuse-gate-up --remarks-filter=trafo-fuse --remark-format=emitRemark -verify-diagnostics -o /dev/null

trafo.weight @gate : !trafo.weight<96x64xq4_1> from #trafo.random<1>
trafo.weight @up : !trafo.weight<96x64xq4_1> from #trafo.random<1>
trafo.weight @down : !trafo.weight<64x96xq4_1> from #trafo.random<1>
trafo.weight @up8 : !trafo.weight<96x64xq8_0> from #trafo.random<1>
trafo.weight @narrow : !trafo.weight<8x64xq4_1> from #trafo.random<1>
trafo.weight @bias : !trafo.weight<96xf32> from #trafo.random<1>

// CHECK:      trafo.weight @gate.gate_up : !trafo.weight<192x64xq4_1> recipe {
// CHECK-NEXT:   %[[G:.*]] = trafo.get @gate
// CHECK-NEXT:   %[[U:.*]] = trafo.get @up
// CHECK-NEXT:   %[[I:.*]] = trafo.interleave %[[G]], %[[U]] by 16
// CHECK-NEXT:   trafo.yield %[[I]]

// CHECK-LABEL: func @symbols
// CHECK-SAME:    %[[X:.*]]: tensor<?x64xf32>
// CHECK:         %[[W:.*]] = trafo.get @gate.gate_up
// CHECK-NEXT:    %[[Y:.*]] = trafo.gate_up silu %[[X]] weights(%[[W]] : !trafo.weight<192x64xq4_1>) : tensor<?x64xf32> -> tensor<?x96xf32>
// CHECK-NEXT:    return %[[Y]]
func.func @symbols(%x: tensor<?x64xf32>) -> tensor<?x96xf32> {
  %g = trafo.get @gate : !trafo.weight<96x64xq4_1>
  %u = trafo.get @up : !trafo.weight<96x64xq4_1>
  %0 = trafo.linear %x, %g : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
  %1 = trafo.linear %x, %u : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
  %2 = trafo.activation silu %0 : tensor<?x96xf32>
  // expected-remark @+1 {{[Passed] fuse-gate-up | Category:trafo-fuse | Remark="gate and up interleaved in one weight"}}
  %3 = arith.mulf %2, %1 : tensor<?x96xf32>
  return %3 : tensor<?x96xf32>
}

// The same weights give the same recipe; the factors may stand the other way round.
// CHECK-LABEL: func private @body
// CHECK-SAME:    index, %[[D:.*]]: !trafo.weight<64x96xq4_1>, %[[W:.*]]: !trafo.weight<192x64xq4_1>)
// CHECK-NEXT:    trafo.gate_up silu %{{.*}} weights(%[[W]] : !trafo.weight<192x64xq4_1>)
func.func private @body(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index,
    %g: !trafo.weight<96x64xq4_1>, %u: !trafo.weight<96x64xq4_1>, %d: !trafo.weight<64x96xq4_1>) -> tensor<?x64xf32> {
  %0 = trafo.linear %x, %g : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
  %1 = trafo.linear %x, %u : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
  %2 = trafo.activation silu %0 : tensor<?x96xf32>
  // expected-remark @+1 {{gate and up interleaved in one weight}}
  %3 = arith.mulf %1, %2 : tensor<?x96xf32>
  %4 = trafo.linear %3, %d : tensor<?x96xf32>, !trafo.weight<64x96xq4_1> -> tensor<?x64xf32>
  return %4 : tensor<?x64xf32>
}
// CHECK-LABEL: func @step
// CHECK:         [#trafo.layer<@body, [@down, @gate.gate_up]>]
func.func @step(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>) -> tensor<?x64xf32> {
  %0 = trafo.layers %x, %rows, %kv [#trafo.layer<@body, [@gate, @up, @down]>] : tensor<?x64xf32>, !trafo.kv<1x2x16xf16>
  return %0 : tensor<?x64xf32>
}

// CHECK-LABEL: func @formats_differ
// CHECK:         trafo.gate_up gelu %{{.*}} weights(%{{.*}}, %{{.*}} : !trafo.weight<96x64xq4_1>, !trafo.weight<96x64xq8_0>)
func.func @formats_differ(%x: tensor<?x64xf32>) -> tensor<?x96xf32> {
  %g = trafo.get @gate : !trafo.weight<96x64xq4_1>
  %u = trafo.get @up8 : !trafo.weight<96x64xq8_0>
  %0 = trafo.linear %x, %g : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
  %1 = trafo.linear %x, %u : tensor<?x64xf32>, !trafo.weight<96x64xq8_0> -> tensor<?x96xf32>
  %2 = trafo.activation gelu %0 : tensor<?x96xf32>
  // expected-remark @+1 {{gate and up in two weights}}
  %3 = arith.mulf %2, %1 : tensor<?x96xf32>
  return %3 : tensor<?x96xf32>
}

// CHECK-LABEL: func @half_a_turn
// CHECK:         trafo.gate_up silu %{{.*}} weights(%{{.*}}, %{{.*}} : !trafo.weight<8x64xq4_1>, !trafo.weight<8x64xq4_1>)
func.func @half_a_turn(%x: tensor<?x64xf32>) -> tensor<?x8xf32> {
  %g = trafo.get @narrow : !trafo.weight<8x64xq4_1>
  %0 = trafo.linear %x, %g : tensor<?x64xf32>, !trafo.weight<8x64xq4_1> -> tensor<?x8xf32>
  %1 = trafo.linear %x, %g : tensor<?x64xf32>, !trafo.weight<8x64xq4_1> -> tensor<?x8xf32>
  %2 = trafo.activation silu %0 : tensor<?x8xf32>
  // expected-remark @+1 {{gate and up in two weights}}
  %3 = arith.mulf %2, %1 : tensor<?x8xf32>
  return %3 : tensor<?x8xf32>
}

// CHECK-LABEL: func @biased
// CHECK:         trafo.gate_up silu %{{.*}} weights(%{{.*}} : !trafo.weight<192x64xq4_1>) biases(%[[B:.*]] : !trafo.weight<192xf32>)
func.func @biased(%x: tensor<?x64xf32>) -> tensor<?x96xf32> {
  %g = trafo.get @gate : !trafo.weight<96x64xq4_1>
  %u = trafo.get @up : !trafo.weight<96x64xq4_1>
  %b = trafo.get @bias : !trafo.weight<96xf32>
  %0 = trafo.linear %x, %g bias %b : !trafo.weight<96xf32> : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
  %1 = trafo.linear %x, %u bias %b : !trafo.weight<96xf32> : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
  %2 = trafo.activation silu %0 : tensor<?x96xf32>
  // expected-remark @+1 {{gate and up interleaved in one weight}}
  %3 = arith.mulf %2, %1 : tensor<?x96xf32>
  return %3 : tensor<?x96xf32>
}

// Biases stay two where the weights do.
// CHECK-LABEL: func @biased_formats_differ
// CHECK:         trafo.gate_up silu %{{.*}} weights({{.*}}) biases(%[[B:.*]], %[[B]] : !trafo.weight<96xf32>, !trafo.weight<96xf32>)
func.func @biased_formats_differ(%x: tensor<?x64xf32>) -> tensor<?x96xf32> {
  %g = trafo.get @gate : !trafo.weight<96x64xq4_1>
  %u = trafo.get @up8 : !trafo.weight<96x64xq8_0>
  %b = trafo.get @bias : !trafo.weight<96xf32>
  %0 = trafo.linear %x, %g bias %b : !trafo.weight<96xf32> : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
  %1 = trafo.linear %x, %u bias %b : !trafo.weight<96xf32> : tensor<?x64xf32>, !trafo.weight<96x64xq8_0> -> tensor<?x96xf32>
  %2 = trafo.activation silu %0 : tensor<?x96xf32>
  // expected-remark @+1 {{gate and up in two weights}}
  %3 = arith.mulf %2, %1 : tensor<?x96xf32>
  return %3 : tensor<?x96xf32>
}

// The other side gets zeros.
// CHECK-LABEL: func @biased_on_one_side
// CHECK:         %[[ZB:.*]] = trafo.get @bias.zeros.gate_up : <192xf32>
// CHECK:         trafo.gate_up silu %{{.*}} weights({{.*}}) biases(%[[ZB]] : !trafo.weight<192xf32>)
func.func @biased_on_one_side(%x: tensor<?x64xf32>) -> tensor<?x96xf32> {
  %g = trafo.get @gate : !trafo.weight<96x64xq4_1>
  %b = trafo.get @bias : !trafo.weight<96xf32>
  %0 = trafo.linear %x, %g : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
  %1 = trafo.linear %x, %g bias %b : !trafo.weight<96xf32> : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
  %2 = trafo.activation silu %0 : tensor<?x96xf32>
  // expected-remark @+1 {{gate and up interleaved in one weight}}
  %3 = arith.mulf %2, %1 : tensor<?x96xf32>
  return %3 : tensor<?x96xf32>
}

// CHECK-LABEL: func @biased_on_one_side_by_an_argument
// CHECK-NOT:     trafo.gate_up
func.func @biased_on_one_side_by_an_argument(%x: tensor<?x64xf32>, %b: !trafo.weight<96xf32>) -> tensor<?x96xf32> {
  %g = trafo.get @gate : !trafo.weight<96x64xq4_1>
  %0 = trafo.linear %x, %g : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
  %1 = trafo.linear %x, %g bias %b : !trafo.weight<96xf32> : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
  %2 = trafo.activation silu %0 : tensor<?x96xf32>
  // expected-remark @+1 {{[Missed] fuse-gate-up | Category:trafo-fuse | Reason="one factor has a bias that is neither a slot of a layer's body nor a symbol, and the other none"}}
  %3 = arith.mulf %2, %1 : tensor<?x96xf32>
  return %3 : tensor<?x96xf32>
}

// CHECK-LABEL: func @factor_read_elsewhere
// CHECK-NOT:     trafo.gate_up
func.func @factor_read_elsewhere(%x: tensor<?x64xf32>) -> (tensor<?x96xf32>, tensor<?x96xf32>) {
  %g = trafo.get @gate : !trafo.weight<96x64xq4_1>
  %0 = trafo.linear %x, %g : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
  %1 = trafo.linear %x, %g : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
  %2 = trafo.activation silu %0 : tensor<?x96xf32>
  // expected-remark @+1 {{a factor is read elsewhere}}
  %3 = arith.mulf %2, %1 : tensor<?x96xf32>
  return %3, %1 : tensor<?x96xf32>, tensor<?x96xf32>
}

// CHECK-LABEL: func @inputs_differ
// CHECK-NOT:     trafo.gate_up
func.func @inputs_differ(%x: tensor<?x64xf32>, %y: tensor<?x64xf32>) -> tensor<?x96xf32> {
  %g = trafo.get @gate : !trafo.weight<96x64xq4_1>
  %0 = trafo.linear %x, %g : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
  %1 = trafo.linear %y, %g : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
  %2 = trafo.activation silu %0 : tensor<?x96xf32>
  // expected-remark @+1 {{gate and up have different inputs}}
  %3 = arith.mulf %2, %1 : tensor<?x96xf32>
  return %3 : tensor<?x96xf32>
}

// CHECK-LABEL: func @not_a_linear
// CHECK-NOT:     trafo.gate_up
func.func @not_a_linear(%x: tensor<?x96xf32>) -> tensor<?x96xf32> {
  %0 = trafo.activation silu %x : tensor<?x96xf32>
  // expected-remark @+1 {{a factor is not a linear}}
  %1 = arith.mulf %0, %x : tensor<?x96xf32>
  return %1 : tensor<?x96xf32>
}

// CHECK-LABEL: func @classes_differ
// CHECK-NOT:     trafo.gate_up
func.func @classes_differ(%x: tensor<?x64xf32>) -> tensor<?x96xf32> {
  %g = trafo.get @gate : !trafo.weight<96x64xq4_1>
  %0 = trafo.linear %x, %g via f32 : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
  %1 = trafo.linear %x, %g via i8_g32 : tensor<?x64xf32>, !trafo.weight<96x64xq4_1> -> tensor<?x96xf32>
  %2 = trafo.activation silu %0 : tensor<?x96xf32>
  // expected-remark @+1 {{gate and up have different numeric classes}}
  %3 = arith.mulf %2, %1 : tensor<?x96xf32>
  return %3 : tensor<?x96xf32>
}

// CHECK-LABEL: func @some_other_product
// CHECK-NEXT:    arith.mulf
func.func @some_other_product(%x: tensor<?x96xf32>) -> tensor<?x96xf32> {
  %0 = arith.mulf %x, %x : tensor<?x96xf32>
  return %0 : tensor<?x96xf32>
}
