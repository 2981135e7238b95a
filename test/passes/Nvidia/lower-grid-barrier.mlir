// RUN: trafo-opt %s -trafo-lower-grid-barrier -split-input-file -verify-diagnostics | FileCheck %s

// The epoch is read before the block counts itself; the last one resets the count and moves the epoch.
// CHECK-LABEL: func @meets_in_global_memory
// CHECK-SAME:    %{{.*}}: !llvm.ptr, %[[COUNT:.*]]: !llvm.ptr
// CHECK:         %[[EPOCH:.*]] = llvm.getelementptr %[[COUNT]][4]
// CHECK:         %[[BLOCKS:.*]] = nvvm.read.ptx.sreg.nctaid.x : i32
// CHECK:         %[[BEFORE:.*]] = llvm.load %[[EPOCH]] atomic syncscope("device") acquire
// CHECK:         %[[ARRIVED:.*]] = llvm.atomicrmw add %[[COUNT]], %{{.*}} syncscope("device") acq_rel
// CHECK:         scf.if
// CHECK:           llvm.store %{{.*}}, %[[COUNT]] atomic syncscope("device") monotonic
// CHECK:           llvm.store %{{.*}}, %[[EPOCH]] atomic syncscope("device") release
// CHECK:         else
// CHECK:           scf.while
// CHECK:             llvm.load %[[EPOCH]] atomic syncscope("device") acquire
func.func @meets_in_global_memory(%function: !llvm.ptr, %state: !llvm.ptr) {
  plan.barrier %function, %state : !llvm.ptr, !llvm.ptr
  return
}

// -----

func.func @not_tiled_yet() {
  // expected-error @+1 {{'plan.barrier' op has no operands; expects those trafo-tile gives it}}
  plan.barrier
  return
}
