// What LLVM finds out only while it makes code is an error like others, where LLVM alone would end the process.
// RUN: not trafo-compiler compile %s --from=lower --emit=obj -o %t.o 2>&1 | FileCheck %s
// RUN: not ls %t.o
// CHECK: trafo: error: {{.*}}LLVM cannot make code of this for x86-64-v3: {{.*}}constraint 'v'

#target = #plan.target<name = "x86-64-v3", triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v3", features = "+avx2", cpu_bits = 511, dot = maddubs, tile_tokens = 4, tile_groups = 1, panel_rows = 64, prefetch_bytes = 0>
module attributes {plan.target = #target} {
  llvm.func @trafo_model_query(%a: vector<16xi32>) -> vector<16xi32> {
    %r = llvm.inline_asm has_side_effects "", "=v,0" %a : (vector<16xi32>) -> vector<16xi32>
    llvm.return %r : vector<16xi32>
  }
}
