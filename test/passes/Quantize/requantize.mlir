// RUN: trafo-opt %s -trafo-requantize=weights=q8_0 | FileCheck %s --check-prefixes=CHECK,Q8
// RUN: trafo-opt %s -trafo-requantize=weights=q4_1 | FileCheck %s --check-prefixes=CHECK,Q4
// RUN: trafo-opt %s '-trafo-requantize=weights=q4_0 head-weights=f16' | FileCheck %s --check-prefix=HEAD
// RUN: trafo-opt %s '-trafo-requantize=weights=i8_row head-weights=q8_0' | FileCheck %s --check-prefix=ROWS
// RUN: trafo-opt %s '-trafo-requantize=weights=i8_row head-weights=q8_0' --remarks-filter=trafo-quantize --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=ROWREMARK
// RUN: trafo-opt %s -trafo-requantize | FileCheck %s --check-prefix=NONE
// RUN: trafo-opt %s -trafo-requantize=weights=q8_0 --remarks-filter=trafo-quantize --remark-format=emitRemark -verify-diagnostics -o /dev/null
// RUN: not trafo-opt %s -trafo-requantize=weights=q5_0 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not trafo-opt %s '-trafo-requantize=weights=q8_0 head-weights=q9' 2>&1 | FileCheck %s --check-prefix=HEADFORMAT

// FORMAT:     error: trafo-requantize expects weights to be f32, f16, bf16, q4_0, q4_1, q8_0 or i8_row, got 'q5_0'
// HEADFORMAT: error: trafo-requantize expects head-weights to be f32, f16, bf16, q4_0, q4_1, q8_0 or i8_row, got 'q9'
// NONE-NOT:   trafo.quantize

trafo.weight @table : !trafo.weight<100x64xbf16> from #trafo.random<1>
trafo.weight @w.0 : !trafo.weight<64x64xbf16> from #trafo.random<1>
trafo.weight @w.1 : !trafo.weight<64x64xbf16> from #trafo.random<1>
trafo.weight @bias : !trafo.weight<64xf32> from #trafo.random<1>

// One table for the embedding and the head that shares it, and at no less than 8 bits.
// Q8:         trafo.weight @table.q8_0 : !trafo.weight<100x64xq8_0> recipe {
// Q8-NEXT:      %[[T:.*]] = trafo.get @table
// Q8-NEXT:      %[[Z:.*]] = trafo.quantize %[[T]] : <100x64xbf16> to <100x64xq8_0>
// Q8-NEXT:      trafo.yield %[[Z]]
// Q8:         trafo.weight @w.0.q8_0 : !trafo.weight<64x64xq8_0> recipe {
// Q8:         trafo.weight @w.1.q8_0 : !trafo.weight<64x64xq8_0> recipe {
// Q4:         trafo.weight @table.q8_0
// Q4:         trafo.weight @w.0.q4_1 : !trafo.weight<64x64xq4_1> recipe {
// ROWS:       trafo.weight @table.q8_0
// ROWS:       trafo.weight @w.0.i8_row : !trafo.weight<64x64xi8_row> recipe {
// ROWS:         trafo.quantize %{{.*}} : <64x64xbf16> to <64x64xi8_row>
// HEAD:       trafo.weight @table.f16
// HEAD:       trafo.weight @w.0.q4_0

// CHECK-LABEL: func private @body
// CHECK-SAME:    index, %[[B:.*]]: !trafo.weight<64xf32>, %[[W:.*]]: !trafo.weight<64x64xq{{8_0|4_1}}>)
// CHECK-NEXT:    trafo.linear %{{.*}}, %[[W]] bias %[[B]]
func.func private @body(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>, %layer: index,
    %w: !trafo.weight<64x64xbf16>, %b: !trafo.weight<64xf32>) -> tensor<?x64xf32> {
  // expected-remark @+1 {{[Passed] requantize | Category:trafo-quantize | Remark="bf16 to q8_0"}}
  %0 = trafo.linear %x, %w bias %b : !trafo.weight<64xf32> : tensor<?x64xf32>, !trafo.weight<64x64xbf16> -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// CHECK-LABEL: func @step
// CHECK:         %[[T:.*]] = trafo.get @table.q8_0
// CHECK:         trafo.embedding %{{.*}}, %[[E:.*]] :
// Q8:            trafo.layers {{.*}} [#trafo.layer<@body, [@bias, @w.0.q8_0]>, #trafo.layer<@body, [@bias, @w.1.q8_0]>]
// CHECK:         trafo.lm_head %{{.*}}, %{{.*}} : tensor<?x64xf32>, <100x64xq8_0> -> tensor<?x100xf32>
func.func @step(%rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>) -> tensor<?x100xf32> {
  %t = trafo.get @table : !trafo.weight<100x64xbf16>
  // expected-remark @+1 {{bf16 to q8_0}}
  %0 = trafo.embedding %rows, %t : (!trafo.rows, !trafo.weight<100x64xbf16>) -> tensor<?x64xf32>
  %1 = trafo.layers %0, %rows, %kv [#trafo.layer<@body, [@w.0, @bias]>, #trafo.layer<@body, [@w.1, @bias]>] : tensor<?x64xf32>, !trafo.kv<2x2x16xf16>
  // expected-remark @+1 {{bf16 to q8_0}}
  %2 = trafo.lm_head %1, %t : tensor<?x64xf32>, !trafo.weight<100x64xbf16> -> tensor<?x100xf32>
  return %2 : tensor<?x100xf32>
}

// CHECK-LABEL: func @quantised_already
// CHECK:         trafo.linear %{{.*}}, %{{.*}} : tensor<?x256xf32>, <64x256xq4_k> ->
trafo.weight @quantised : !trafo.weight<64x256xq4_k> from #trafo.random<1>
func.func @quantised_already(%x: tensor<?x256xf32>) -> tensor<?x64xf32> {
  %w = trafo.get @quantised : !trafo.weight<64x256xq4_k>
  %0 = trafo.linear %x, %w : tensor<?x256xf32>, !trafo.weight<64x256xq4_k> -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// A scale per row needs all weights of an op; beside a quantised one the others get groups as it has.
// ROWS-LABEL: func @one_is_quantised
// ROWS:         trafo.gate_up silu %{{.*}} weights(%{{.*}}, %{{.*}} : !trafo.weight<64x64xq4_0>, !trafo.weight<64x64xq8_0>)
// ROWREMARK:  remark: {{.*}}Reason="not i8_row: a weight of the op is quantised already, or has more than 131072 columns"
trafo.weight @q4 : !trafo.weight<64x64xq4_0> from #trafo.random<1>
func.func @one_is_quantised(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %q = trafo.get @q4 : !trafo.weight<64x64xq4_0>
  %w = trafo.get @w.0 : !trafo.weight<64x64xbf16>
  // expected-remark @+1 {{bf16 to q8_0}}
  %0 = trafo.gate_up silu %x weights(%q, %w : !trafo.weight<64x64xq4_0>, !trafo.weight<64x64xbf16>) : tensor<?x64xf32> -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// CHECK-LABEL: func @no_whole_blocks
// CHECK:         trafo.linear %{{.*}}, %{{.*}} : tensor<?x48xf32>, <64x48xf32> ->
trafo.weight @odd : !trafo.weight<64x48xf32> from #trafo.random<1>
func.func @no_whole_blocks(%x: tensor<?x48xf32>) -> tensor<?x64xf32> {
  %w = trafo.get @odd : !trafo.weight<64x48xf32>
  // expected-remark @+1 {{[Missed] requantize | Category:trafo-quantize | Reason="48 columns are no whole blocks of q8_0"}}
  %0 = trafo.linear %x, %w : tensor<?x48xf32>, !trafo.weight<64x48xf32> -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// CHECK-LABEL: func @argument_of_no_body
// CHECK:         trafo.linear %{{.*}}, %{{.*}} : tensor<?x64xf32>, <64x64xf32> ->
func.func @argument_of_no_body(%x: tensor<?x64xf32>, %w: !trafo.weight<64x64xf32>) -> tensor<?x64xf32> {
  // expected-remark @+1 {{weight is neither a slot of a layer's body nor a symbol}}
  %0 = trafo.linear %x, %w : tensor<?x64xf32>, !trafo.weight<64x64xf32> -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}
