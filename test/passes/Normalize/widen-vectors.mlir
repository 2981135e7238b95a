// RUN: trafo-opt %s -trafo-widen-vectors | FileCheck %s
// RUN: trafo-opt %s -trafo-widen-vectors --remarks-filter=trafo-normalize --remark-format=emitRemark -verify-diagnostics -o /dev/null

trafo.weight @norm.0 : !trafo.weight<64xf16> from #trafo.random<1>
trafo.weight @norm.1 : !trafo.weight<64xf16> from #trafo.random<1>
trafo.weight @w : !trafo.weight<64x64xf16> from #trafo.random<1>
trafo.weight @bias : !trafo.weight<64xbf16> from #trafo.random<1>
trafo.weight @wide : !trafo.weight<64xf32> from #trafo.random<1>

// Each layer's norm gets a recipe; matrices stay.
// CHECK:      trafo.weight @norm.0.f32 : !trafo.weight<64xf32> recipe {
// CHECK-NEXT:   %[[N:.*]] = trafo.get @norm.0
// CHECK-NEXT:   %[[W:.*]] = trafo.quantize %[[N]] : <64xf16> to <64xf32>
// CHECK-NEXT:   trafo.yield %[[W]]
// CHECK:      trafo.weight @norm.1.f32
// CHECK:      trafo.weight @bias.f32

// CHECK-LABEL: func private @body
// CHECK-SAME:    %[[M:.*]]: !trafo.weight<64x64xf16>, %[[N:.*]]: !trafo.weight<64xf32>)
// CHECK-NEXT:    trafo.rms_norm %{{.*}}, %[[N]] eps
func.func private @body(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>, %layer: index,
    %norm: !trafo.weight<64xf16>, %w: !trafo.weight<64x64xf16>) -> tensor<?x64xf32> {
  // expected-remark @+1 {{[Passed] widen-vectors | Category:trafo-normalize | Remark="f16 to f32"}}
  %0 = trafo.rms_norm %x, %norm eps 1.0e-05 : tensor<?x64xf32>, !trafo.weight<64xf16>
  %1 = trafo.linear %0, %w : tensor<?x64xf32>, !trafo.weight<64x64xf16> -> tensor<?x64xf32>
  return %1 : tensor<?x64xf32>
}

// CHECK-LABEL: func @step
// CHECK:         #trafo.layer<@body, [@w, @norm.0.f32]>, #trafo.layer<@body, [@w, @norm.1.f32]>
// CHECK:         %[[B:.*]] = trafo.get @bias.f32
// CHECK:         trafo.linear %{{.*}} bias %[[B]] : !trafo.weight<64xf32>
// CHECK:         %[[F:.*]] = trafo.get @wide :
// CHECK:         trafo.rms_norm %{{.*}}, %[[F]] eps
func.func @step(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>) -> tensor<?x64xf32> {
  %0 = trafo.layers %x, %rows, %kv [#trafo.layer<@body, [@norm.0, @w]>, #trafo.layer<@body, [@norm.1, @w]>] : tensor<?x64xf32>, !trafo.kv<2x2x16xf16>
  %w = trafo.get @w : !trafo.weight<64x64xf16>
  %bias = trafo.get @bias : !trafo.weight<64xbf16>
  // expected-remark @+1 {{bf16 to f32}}
  %1 = trafo.linear %0, %w bias %bias : !trafo.weight<64xbf16> : tensor<?x64xf32>, !trafo.weight<64x64xf16> -> tensor<?x64xf32>
  %wide = trafo.get @wide : !trafo.weight<64xf32>
  %2 = trafo.rms_norm %1, %wide eps 1.0e-05 : tensor<?x64xf32>, !trafo.weight<64xf32>
  return %2 : tensor<?x64xf32>
}

// CHECK-LABEL: func @not_by_name
// CHECK:         trafo.rms_norm {{.*}}, <64xf16>
func.func @not_by_name(%x: tensor<?x64xf32>, %w: !trafo.weight<64xf16>) -> tensor<?x64xf32> {
  // expected-remark @+1 {{vector is neither a slot of a layer's body nor a symbol}}
  %0 = trafo.rms_norm %x, %w eps 1.0e-05 : tensor<?x64xf32>, !trafo.weight<64xf16>
  return %0 : tensor<?x64xf32>
}
