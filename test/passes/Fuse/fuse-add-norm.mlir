// RUN: trafo-opt %s -trafo-fuse-add-norm | FileCheck %s
// RUN: trafo-opt %s -trafo-fuse-add-norm --remarks-filter=trafo-fuse --remark-format=emitRemark -verify-diagnostics -o /dev/null

// CHECK-LABEL: func @sum_read_once
// CHECK-SAME:    %[[X:.*]]: tensor<4x8xf32>, %[[R:.*]]: tensor<4x8xf32>, %[[W:.*]]: !trafo.weight<8xf32>
// CHECK-NEXT:    %[[Y:.*]] = trafo.add_rms_norm %[[X]], %[[R]], %[[W]] eps 9.99999974E-6
// CHECK-NEXT:    return %[[Y]]
func.func @sum_read_once(%x: tensor<4x8xf32>, %r: tensor<4x8xf32>, %w: !trafo.weight<8xf32>) -> tensor<4x8xf32> {
  %0 = arith.addf %x, %r : tensor<4x8xf32>
  // expected-remark @+1 {{[Passed] fuse-add-norm | Category:trafo-fuse | Remark="sum computed with its norm"}}
  %1 = trafo.rms_norm %0, %w eps 1.0e-5 : tensor<4x8xf32>, !trafo.weight<8xf32>
  return %1 : tensor<4x8xf32>
}

// The residual stream still needs the sum, so it stays.
// CHECK-LABEL: func @sum_read_twice
// CHECK-NOT:     trafo.add_rms_norm
func.func @sum_read_twice(%x: tensor<4x8xf32>, %r: tensor<4x8xf32>, %w: !trafo.weight<8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %0 = arith.addf %x, %r : tensor<4x8xf32>
  // expected-remark @+1 {{[Missed] fuse-add-norm | Category:trafo-fuse | Reason="sum is read elsewhere"}}
  %1 = trafo.rms_norm %0, %w eps 1.0e-5 : tensor<4x8xf32>, !trafo.weight<8xf32>
  return %0, %1 : tensor<4x8xf32>, tensor<4x8xf32>
}

// CHECK-LABEL: func @not_a_sum
// CHECK-NOT:     trafo.add_rms_norm
func.func @not_a_sum(%x: tensor<4x8xf32>, %w: !trafo.weight<8xf32>) -> tensor<4x8xf32> {
  %0 = trafo.rms_norm %x, %w eps 1.0e-5 : tensor<4x8xf32>, !trafo.weight<8xf32>
  return %0 : tensor<4x8xf32>
}
