// RUN: trafo-opt %s -trafo-fence-counters | FileCheck %s
// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-pipeline "-trafo-tile-pipeline=instrument=true" -trafo-x86-pipeline | FileCheck %s --check-prefix=PIPELINE

// Nothing moves across the reading of the counter.
// CHECK-LABEL: func @stamp
// CHECK-NEXT:    llvm.call_intrinsic "llvm.x86.sse2.lfence"() : () -> ()
// CHECK-NEXT:    %[[TIME:.*]] = llvm.call_intrinsic "llvm.readcyclecounter"() : () -> i64
// CHECK-NEXT:    llvm.call_intrinsic "llvm.x86.sse2.lfence"() : () -> ()
// CHECK-NEXT:    return %[[TIME]]
func.func @stamp() -> i64 {
  %0 = llvm.call_intrinsic "llvm.readcyclecounter"() : () -> i64
  return %0 : i64
}

// Other intrinsics stay alone.
// CHECK-LABEL: func @other
// CHECK-NEXT:    llvm.call_intrinsic "llvm.ctpop.i64"
// CHECK-NEXT:    return
func.func @other(%x: i64) -> i64 {
  %0 = llvm.call_intrinsic "llvm.ctpop.i64"(%x) : (i64) -> i64
  return %0 : i64
}

// PIPELINE:      llvm.call_intrinsic "llvm.x86.sse2.lfence"
// PIPELINE-NEXT: llvm.call_intrinsic "llvm.readcyclecounter"
// PIPELINE-NEXT: llvm.call_intrinsic "llvm.x86.sse2.lfence"
