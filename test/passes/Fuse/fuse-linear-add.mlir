// RUN: trafo-opt %s -trafo-fuse-linear-add | FileCheck %s
// RUN: trafo-opt %s -trafo-fuse-linear-add --remarks-filter=trafo-fuse --remark-format=emitRemark -verify-diagnostics -o /dev/null

// CHECK-LABEL: func @right
// CHECK-SAME:    %[[X:.*]]: tensor<?x8xf32>, %[[R:.*]]: tensor<?x4xf32>, %[[W:.*]]: !trafo.weight<4x8xf32>
// CHECK-NEXT:    %[[Y:.*]] = trafo.linear_add %[[X]], %[[W]] onto %[[R]] :
// CHECK-NEXT:    return %[[Y]]
func.func @right(%x: tensor<?x8xf32>, %r: tensor<?x4xf32>, %w: !trafo.weight<4x8xf32>) -> tensor<?x4xf32> {
  %0 = trafo.linear %x, %w : tensor<?x8xf32>, !trafo.weight<4x8xf32> -> tensor<?x4xf32>
  // expected-remark @+1 {{[Passed] fuse-linear-add | Category:trafo-fuse | Remark="projection added onto its residual"}}
  %1 = arith.addf %r, %0 : tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// The bias and the numeric class go along.
// CHECK-LABEL: func @left_with_bias
// CHECK-SAME:    %[[X:.*]]: tensor<?x8xf32>, %[[R:.*]]: tensor<?x4xf32>, %[[W:.*]]: !trafo.weight<4x8xf32>, %[[B:.*]]: !trafo.weight<4xf32>
// CHECK-NEXT:    %[[Y:.*]] = trafo.linear_add %[[X]], %[[W]] bias %[[B]] : !trafo.weight<4xf32> onto %[[R]] via f32 :
// CHECK-NEXT:    return %[[Y]]
func.func @left_with_bias(%x: tensor<?x8xf32>, %r: tensor<?x4xf32>, %w: !trafo.weight<4x8xf32>, %b: !trafo.weight<4xf32>) -> tensor<?x4xf32> {
  %0 = trafo.linear %x, %w bias %b : !trafo.weight<4xf32> via f32 : tensor<?x8xf32>, !trafo.weight<4x8xf32> -> tensor<?x4xf32>
  // expected-remark @+1 {{projection added onto its residual}}
  %1 = arith.addf %0, %r : tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// Of two linears one stays.
// CHECK-LABEL: func @both
// CHECK-SAME:    %[[X:.*]]: tensor<?x8xf32>, %[[W:.*]]: !trafo.weight<4x8xf32>, %[[V:.*]]: !trafo.weight<4x8xf32>
// CHECK-NEXT:    %[[L:.*]] = trafo.linear %[[X]], %[[W]]
// CHECK-NEXT:    trafo.linear_add %[[X]], %[[V]] onto %[[L]] :
func.func @both(%x: tensor<?x8xf32>, %w: !trafo.weight<4x8xf32>, %v: !trafo.weight<4x8xf32>) -> tensor<?x4xf32> {
  %0 = trafo.linear %x, %w : tensor<?x8xf32>, !trafo.weight<4x8xf32> -> tensor<?x4xf32>
  %1 = trafo.linear %x, %v : tensor<?x8xf32>, !trafo.weight<4x8xf32> -> tensor<?x4xf32>
  // expected-remark @+1 {{projection added onto its residual}}
  %2 = arith.addf %0, %1 : tensor<?x4xf32>
  return %2 : tensor<?x4xf32>
}

// CHECK-LABEL: func @projection_read_twice
// CHECK-NOT:     trafo.linear_add
func.func @projection_read_twice(%x: tensor<?x8xf32>, %r: tensor<?x4xf32>, %w: !trafo.weight<4x8xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %0 = trafo.linear %x, %w : tensor<?x8xf32>, !trafo.weight<4x8xf32> -> tensor<?x4xf32>
  // expected-remark @+1 {{[Missed] fuse-linear-add | Category:trafo-fuse | Reason="projection is read elsewhere"}}
  %1 = arith.addf %r, %0 : tensor<?x4xf32>
  return %0, %1 : tensor<?x4xf32>, tensor<?x4xf32>
}

// CHECK-LABEL: func @no_linear
// CHECK-NOT:     trafo.linear_add
func.func @no_linear(%x: tensor<?x4xf32>, %r: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = arith.addf %r, %x : tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
