// RUN: trafo-opt %s -verify-lower -split-input-file -verify-diagnostics

// verify_lower_l1
module {
  llvm.func @trafo_model_query() {
    llvm.return
  }
  // expected-error @+1 {{'func.func' op is left after lowering; expects ops of the llvm dialect only}}
  func.func @left() {
    return
  }
}

// -----

// verify_lower_l2
module {
  llvm.func @trafo_model_query(%x: f32) -> f32 {
    // expected-error @+1 {{'llvm.intr.exp' op would become a call of a math library; expects it expanded by trafo-expand-math}}
    %y = llvm.intr.exp(%x) : (f32) -> f32
    llvm.return %y : f32
  }
}

// -----

// verify_lower_l3
module {
  llvm.func @trafo_model_query() {
    llvm.return
  }
  // expected-error @+1 {{'llvm.func' op has no body; expects code without imports}}
  llvm.func @expf(f32) -> f32
}

// -----

// verify_lower_l4
// expected-error @+1 {{expects an entry: trafo_model_query or trafo_step_kernel}}
module {
  llvm.func @alone() {
    llvm.return
  }
}

// -----

// verify_lower_l5
module {
  // expected-error @+1 {{'llvm.func' op has noalias on argument 1; another worker writes between barriers}}
  llvm.func @trafo_model_query(%a: !llvm.ptr, %b: !llvm.ptr {llvm.noalias}) {
    llvm.return
  }
}
