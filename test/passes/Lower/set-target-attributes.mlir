// RUN: trafo-opt %s -trafo-set-target-attributes | FileCheck %s --check-prefix=MODULE
// RUN: trafo-opt %s '-trafo-set-target-attributes=cpu=x86-64-v4 features=+avx512f vector-bits=512' | FileCheck %s --check-prefix=OPTIONS

#target = #plan.target<name = "t", triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v3", features = "+avx2,+fma", cpu_bits = 14, dot = maddubs, tile_tokens = 4, tile_groups = 1, panel_rows = 64, prefetch_bytes = 0>
module attributes {plan.target = #target} {
  // MODULE:  llvm.func @body() attributes {passthrough = {{\[}}["min-legal-vector-width", "256"]], prefer_vector_width = "256", target_cpu = "x86-64-v3", target_features = #llvm.target_features<["+avx2", "+fma"]>}
  // OPTIONS: llvm.func @body() attributes {passthrough = {{\[}}["min-legal-vector-width", "512"]], prefer_vector_width = "512", target_cpu = "x86-64-v4", target_features = #llvm.target_features<["+avx512f"]>}
  llvm.func @body() {
    llvm.return
  }
  // A declaration has no code.
  // MODULE:  llvm.func @intrinsic(){{$}}
  llvm.func @intrinsic()
}
