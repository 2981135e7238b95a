// RUN: trafo-opt %s -split-input-file -trafo-choose-roads=roads=library -verify-diagnostics

#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0>
// expected-error @+1 {{expects a plan.target with a matmul library, got t}}
module attributes {plan.target = #target} {
}
