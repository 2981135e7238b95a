// An instruction that the target does not have is an error here, where LLVM would abort.
// RUN: not trafo-compiler compile %s --from=lower --emit=obj -o %t.o 2>&1 | FileCheck %s
// RUN: not ls %t.o
// CHECK: trafo: error: {{.*}}missing-feature.mlir:[[#@LINE+5]]:{{.*}}'llvm.call_intrinsic' op needs i8mm, which target 'aarch64+dotprod' does not have

#target = #plan.target<name = "aarch64+dotprod", triple = "aarch64-unknown-linux-gnu", cpu = "generic", features = "+dotprod", cpu_bits = 281474976710656, dot = sdot, tile_tokens = 4, tile_groups = 1, panel_rows = 64, prefetch_bytes = 0>
module attributes {plan.target = #target} {
  llvm.func @trafo_model_query(%a: vector<4xi32>, %b: vector<16xi8>) -> vector<4xi32> {
    %r = llvm.call_intrinsic "llvm.aarch64.neon.smmla.v4i32.v16i8"(%a, %b, %b) : (vector<4xi32>, vector<16xi8>, vector<16xi8>) -> vector<4xi32>
    llvm.return %r : vector<4xi32>
  }
}
