// RUN: trafo-opt %s -trafo-lower-barrier -split-input-file -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @calls_what_the_runtime_passed
// CHECK-SAME:    %[[F:.*]]: !llvm.ptr, %[[S:.*]]: !llvm.ptr
// CHECK-NEXT:    llvm.call %[[F]](%[[S]]) : !llvm.ptr, (!llvm.ptr) -> ()
// CHECK-NEXT:    return
func.func @calls_what_the_runtime_passed(%function: !llvm.ptr, %state: !llvm.ptr) {
  plan.barrier %function, %state : !llvm.ptr, !llvm.ptr
  return
}

// -----

func.func @not_tiled_yet() {
  // expected-error @+1 {{'plan.barrier' op has no operands; expects those trafo-tile gives it}}
  plan.barrier
  return
}
