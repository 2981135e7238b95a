// RUN: trafo-opt %s -trafo-decompose-mlp | FileCheck %s
// RUN: trafo-opt %s -trafo-decompose-mlp --remarks-filter=trafo-normalize --remark-format=emitRemark -verify-diagnostics -o /dev/null
// RUN: trafo-opt %s -trafo-decompose-mlp -mlir-print-debuginfo -mlir-print-local-scope | FileCheck %s --check-prefix=LOC

// Each part has a name, and the last stands where the MLP stood.
// LOC-LABEL: func.func @gated
// LOC-DAG:   <96x64xq4_1> -> {{.*}} loc("gate"("{{.*}}decompose-mlp.mlir":
// LOC-DAG:   <96x64xq8_0> -> {{.*}} loc("up"("{{.*}}decompose-mlp.mlir":
// LOC-DAG:   trafo.activation {{.*}} loc("act"("{{.*}}decompose-mlp.mlir":
// LOC:       arith.mulf {{.*}} loc("mul"("{{.*}}decompose-mlp.mlir":
// LOC-NEXT:  trafo.linear {{.*}} loc("{{.*}}decompose-mlp.mlir":

// CHECK-LABEL: func @gated
// CHECK-SAME:    %[[X:.*]]: tensor<?x64xf32>, %[[G:.*]]: !trafo.weight<96x64xq4_1>, %[[U:.*]]: !trafo.weight<96x64xq8_0>, %[[D:.*]]: !trafo.weight<64x96xq4_1>
// CHECK-DAG:     %[[GATE:.*]] = trafo.linear %[[X]], %[[G]] : tensor<?x64xf32>, <96x64xq4_1> -> tensor<?x96xf32>
// CHECK-DAG:     %[[UP:.*]] = trafo.linear %[[X]], %[[U]] : tensor<?x64xf32>, <96x64xq8_0> -> tensor<?x96xf32>
// CHECK-DAG:     %[[F:.*]] = trafo.activation gelu_tanh %[[GATE]] : tensor<?x96xf32>
// CHECK:         %[[P:.*]] = arith.mulf %[[F]], %[[UP]] : tensor<?x96xf32>
// CHECK-NEXT:    %[[Y:.*]] = trafo.linear %[[P]], %[[D]] : tensor<?x96xf32>, <64x96xq4_1> -> tensor<?x64xf32>
// CHECK-NEXT:    return %[[Y]]
func.func @gated(%x: tensor<?x64xf32>, %g: !trafo.weight<96x64xq4_1>, %u: !trafo.weight<96x64xq8_0>, %d: !trafo.weight<64x96xq4_1>) -> tensor<?x64xf32> {
  // expected-remark @+1 {{[Passed] decompose-mlp | Category:trafo-normalize | Remark="gated MLP into three linears"}}
  %0 = trafo.gated_mlp gelu_tanh %x, %g, %u, %d : tensor<?x64xf32>, !trafo.weight<96x64xq4_1>, !trafo.weight<96x64xq8_0>, !trafo.weight<64x96xq4_1>
  return %0 : tensor<?x64xf32>
}

// CHECK-LABEL: func @plain
// CHECK-SAME:    %[[X:.*]]: tensor<4x64xf32>, %[[U:.*]]: !trafo.weight<96x64xf32>, %[[D:.*]]: !trafo.weight<64x96xf32>
// CHECK-NEXT:    %[[UP:.*]] = trafo.linear %[[X]], %[[U]] : tensor<4x64xf32>, <96x64xf32> -> tensor<4x96xf32>
// CHECK-NEXT:    %[[F:.*]] = trafo.activation relu %[[UP]]
// CHECK-NEXT:    %[[Y:.*]] = trafo.linear %[[F]], %[[D]] : tensor<4x96xf32>, <64x96xf32> -> tensor<4x64xf32>
// CHECK-NEXT:    return %[[Y]]
func.func @plain(%x: tensor<4x64xf32>, %u: !trafo.weight<96x64xf32>, %d: !trafo.weight<64x96xf32>) -> tensor<4x64xf32> {
  // expected-remark @+1 {{MLP into two linears}}
  %0 = trafo.mlp relu %x, %u, %d : tensor<4x64xf32>, !trafo.weight<96x64xf32>, !trafo.weight<64x96xf32>
  return %0 : tensor<4x64xf32>
}

// CHECK-LABEL: func @decomposed_already
// CHECK-NEXT:    trafo.linear
// CHECK-NEXT:    trafo.activation
// CHECK-NEXT:    trafo.linear
// CHECK-NEXT:    return
func.func @decomposed_already(%x: tensor<?x64xf32>, %u: !trafo.weight<96x64xf32>, %d: !trafo.weight<64x96xf32>) -> tensor<?x64xf32> {
  %0 = trafo.linear %x, %u : tensor<?x64xf32>, !trafo.weight<96x64xf32> -> tensor<?x96xf32>
  %1 = trafo.activation relu %0 : tensor<?x96xf32>
  %2 = trafo.linear %1, %d : tensor<?x96xf32>, !trafo.weight<64x96xf32> -> tensor<?x64xf32>
  return %2 : tensor<?x64xf32>
}
