// RUN: trafo-opt %s -trafo-lower-library-matmul -split-input-file -verify-diagnostics | FileCheck %s

// Three sizes of product, four calls: form, rows, columns, depth of each size.
// CHECK:       llvm.mlir.global internal constant @library_matmuls(dense<[1, 8, 16, 64, 3, 8, 16, 32, 5, 8, 16, 32]> : tensor<12xi64>)
// CHECK-LABEL: func @calls
// CHECK-SAME:    %[[X:.*]]: memref<8x64xf32>, %[[B:.*]]: memref<8x32xbf16>, %[[W:.*]]: memref<9000xi8>, %[[Y:.*]]: memref<8x16xf32>, %[[N:.*]]: index, %[[AT:.*]]: index, %[[C:.*]]: index, %[[T:.*]]: !llvm.ptr, %[[I:.*]]: index
// CHECK:         %[[TABLE:.*]] = llvm.mlir.addressof @library_matmuls
// CHECK:         %[[ENTRY:.*]] = llvm.getelementptr %[[TABLE]][0]
// CHECK:         %[[MP:.*]] = llvm.getelementptr %[[T]][8]
// CHECK:         %[[MATMUL:.*]] = llvm.load %[[MP]]
// CHECK:         %[[SP:.*]] = llvm.getelementptr %[[T]][0]
// CHECK:         %[[STATE:.*]] = llvm.load %[[SP]]
// CHECK:         llvm.call %[[MATMUL]](%[[STATE]], {{.*}}, %[[ENTRY]], {{.*}}) : !llvm.ptr, (!llvm.ptr, i64, !llvm.ptr, i64, i64, !llvm.ptr, !llvm.ptr, !llvm.ptr) -> ()
// CHECK:         llvm.getelementptr {{.*}}[32]
// CHECK:         llvm.call
// CHECK:         llvm.getelementptr {{.*}}[0]
// CHECK:         llvm.call
// CHECK:         llvm.getelementptr {{.*}}[64]
// CHECK:         llvm.call
func.func @calls(%x: memref<8x64xf32>, %b: memref<8x32xbf16>, %w: memref<9000xi8>, %y: memref<8x16xf32>, %n: index, %at: index,
    %c: index, %t: !llvm.ptr, %i: index, %q: memref<8x32xi8>, %z: memref<8x16xi32>) {
  plan.library_matmul f32_rows %x rows %n weights %w[%at] columns %c to %y call %t : !llvm.ptr worker %i : memref<8x64xf32>, memref<9000xi8>, memref<8x16xf32>
  plan.library_matmul bf16_tiles %b rows %n weights %w[%at] columns %c to %y call %t : !llvm.ptr worker %i : memref<8x32xbf16>, memref<9000xi8>, memref<8x16xf32>
  plan.library_matmul f32_rows %x rows %n weights %w[%at] columns %c to %y call %t : !llvm.ptr worker %i : memref<8x64xf32>, memref<9000xi8>, memref<8x16xf32>
  plan.library_matmul u7_rows %q rows %n weights %w[%at] columns %c to %z call %t : !llvm.ptr worker %i : memref<8x32xi8>, memref<9000xi8>, memref<8x16xi32>
  return
}

// -----

// lower_library_matmul_e1
func.func @not_outlined(%x: memref<8x64xf32>, %w: memref<9000xi8>, %y: memref<8x16xf32>, %n: index) {
  // expected-error @+1 {{has no table to call through; expects the one trafo-outline-stages gives it}}
  plan.library_matmul f32_rows %x rows %n weights %w[%n] columns %n to %y : memref<8x64xf32>, memref<9000xi8>, memref<8x16xf32>
  return
}
