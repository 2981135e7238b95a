// RUN: trafo-opt %s -trafo-emit-kernel -split-input-file -verify-diagnostics | FileCheck %s

// A worker is a thread block.
// CHECK:       llvm.func internal @trafo_step
// CHECK:       llvm.func @trafo_step_kernel(%[[STEP:.*]]: !llvm.ptr) attributes {no_unwind, nvvm.kernel}
// CHECK:         %[[BLOCK:.*]] = nvvm.read.ptx.sreg.ctaid.x : i32
// CHECK:         %[[WORKER:.*]] = llvm.zext %[[BLOCK]] : i32 to i64
// CHECK:         llvm.getelementptr %[[STEP]][96]
// CHECK:         llvm.call @trafo_step({{.*}}, %[[WORKER]], {{.*}})
llvm.func @trafo_step(%w: !llvm.ptr, %a: !llvm.ptr, %t: !llvm.ptr, %p: !llvm.ptr, %s: !llvm.ptr, %o: !llvm.ptr, %g: !llvm.ptr,
    %r: i64, %c: i64, %ws: i64, %i: i64, %b: !llvm.ptr, %bs: !llvm.ptr, %l: !llvm.ptr) {
  llvm.return
}

// -----

// emit_kernel_k1
// expected-error @+1 {{expects an llvm.func @trafo_step}}
module {
}
