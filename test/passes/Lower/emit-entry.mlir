// RUN: trafo-opt %s -trafo-emit-entry | FileCheck %s

// CHECK:       llvm.mlir.global internal constant @table
// CHECK:       llvm.func internal @helper() attributes {no_unwind}
// CHECK:       llvm.func internal @trafo_step

// Fields at the offsets of trafo_step_t; the worker is the entry's own argument.
// CHECK:       llvm.func internal @trafo_step_entry(%[[STEP:.*]]: !llvm.ptr, %[[WORKER:.*]]: i64)
// CHECK:         %[[WP:.*]] = llvm.getelementptr %[[STEP]][0]
// CHECK-NEXT:    %[[WEIGHTS:.*]] = llvm.load %[[WP]] {{.*}} -> !llvm.ptr
// CHECK:         llvm.getelementptr %[[STEP]][48]
// CHECK:         %[[RP:.*]] = llvm.getelementptr %[[STEP]][56]
// CHECK-NEXT:    %[[ROWS:.*]] = llvm.load %[[RP]] {{.*}} -> i64
// CHECK:         llvm.getelementptr %[[STEP]][80]
// CHECK:         %[[BP:.*]] = llvm.getelementptr %[[STEP]][88]
// CHECK-NEXT:    %[[STATE:.*]] = llvm.load %[[BP]]
// CHECK:         %[[LP:.*]] = llvm.getelementptr %[[STEP]][96]
// CHECK-NEXT:    %[[LIBRARY:.*]] = llvm.load %[[LP]]
// CHECK:         llvm.call @trafo_step(%[[WEIGHTS]], {{.*}}, %[[ROWS]], {{.*}}, %[[WORKER]], {{.*}}, %[[STATE]], %[[LIBRARY]])

// CHECK:       llvm.func @trafo_model_query(%[[NEWEST:.*]]: i32, %[[CODE:.*]]: !llvm.ptr) -> i32
// CHECK:         llvm.icmp "ult" %[[NEWEST]]
// CHECK:         %[[VERSION:.*]] = llvm.getelementptr %[[CODE]][0]
// CHECK:         llvm.store %{{.*}}, %[[VERSION]]
// Three products of four words each.
// CHECK:         %[[COUNT:.*]] = llvm.mlir.constant(3 : i32)
// CHECK:         %[[COUNTED:.*]] = llvm.getelementptr %[[CODE]][4]
// CHECK:         llvm.store %[[COUNT]], %[[COUNTED]]
// CHECK:         %[[PRODUCTS:.*]] = llvm.mlir.addressof @library_matmuls
// CHECK:         %[[SHOWN:.*]] = llvm.getelementptr %[[CODE]][16]
// CHECK:         llvm.store %[[PRODUCTS]], %[[SHOWN]]
// CHECK:         %[[ENTRY:.*]] = llvm.mlir.addressof @trafo_step_entry
// CHECK:         %[[SLOT:.*]] = llvm.getelementptr %[[CODE]][8]
// CHECK:         llvm.store %[[ENTRY]], %[[SLOT]]
llvm.mlir.global internal constant @library_matmuls(dense<[1, 8, 16, 64, 1, 8, 16, 32, 1, 8, 16, 96]> : tensor<12xi64>) : !llvm.array<12 x i64>
llvm.mlir.global constant @table(dense<1> : tensor<4xi64>) : !llvm.array<4 x i64>
llvm.func @helper() {
  llvm.return
}
llvm.func @trafo_step(%w: !llvm.ptr, %a: !llvm.ptr, %t: !llvm.ptr, %p: !llvm.ptr, %s: !llvm.ptr, %o: !llvm.ptr, %g: !llvm.ptr,
    %r: i64, %c: i64, %ws: i64, %i: i64, %b: !llvm.ptr, %bs: !llvm.ptr, %l: !llvm.ptr) {
  llvm.call @helper() : () -> ()
  llvm.return
}
