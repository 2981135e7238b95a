// An instruction that the target does not have is an error here, where LLVM would abort.
// RUN: not trafo-compiler compile %s --from=lower --emit=obj -o %t.o 2>&1 | FileCheck %s
// RUN: not ls %t.o
// CHECK: trafo: error: {{.*}}missing-feature.mlir:[[#@LINE+5]]:{{.*}}'llvm.call_intrinsic' op needs avx512vnni, which target 'x86-64-v3' does not have

#target = #plan.target<name = "x86-64-v3", triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v3", features = "+avx2", cpu_bits = 511, dot = maddubs, tile_tokens = 4, tile_groups = 1, panel_rows = 64, prefetch_bytes = 0>
module attributes {plan.target = #target} {
  llvm.func @trafo_model_query(%a: vector<16xi32>, %b: vector<64xi8>) -> vector<16xi32> {
    %r = llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%a, %b, %b) : (vector<16xi32>, vector<64xi8>, vector<64xi8>) -> vector<16xi32>
    llvm.return %r : vector<16xi32>
  }
}
