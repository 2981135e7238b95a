// RUN: trafo-opt %s -trafo-emit-entry -split-input-file -verify-diagnostics

// emit_entry_e1
// expected-error @+1 {{expects an llvm.func @trafo_step}}
module {
}

// -----

// emit_entry_e1
// expected-error @+1 {{expects 7 pointers, 4 i64 and 3 pointers as arguments of the step, got}}
llvm.func @trafo_step(%a: !llvm.ptr, %rows: i64) {
  llvm.return
}
