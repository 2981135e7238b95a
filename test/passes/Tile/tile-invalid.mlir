// RUN: trafo-opt %s -split-input-file -verify-diagnostics -trafo-tile-prepare -trafo-tile-contract
// RUN: not trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-pack-weights 2>&1 | FileCheck %s --check-prefix=PACK
// RUN: not trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-assign-arena 2>&1 | FileCheck %s --check-prefix=ARENA
// RUN: not trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-outline-stages 2>&1 | FileCheck %s --check-prefix=OUTLINE
// RUN: not trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -verify-tile 2>&1 | FileCheck %s --check-prefix=VERIFY

// PACK: expects a plan.step; run trafo-plan-step first
// ARENA: expects trafo.config, and trafo-pack-weights to have run
// OUTLINE: expects a plan.step and plan.arena; run trafo-assign-arena first
// VERIFY: expects plan.arena and a function @trafo_step after trafo-tile

func.func @order(%x: memref<4x64xf32>, %i: index) {
  %w = plan.weight @w : !trafo.weight<32x64xf32>
  // expected-error @+1 {{is still read as a panel; run trafo-tile-contract first}}
  %0 = plan.prepare none %x[%i, %i] : memref<4x64xf32> -> !plan.panel<4x64xf32>
  plan.contract %0 rows %i, %w units %i to %i groups 1 : !plan.panel<4x64xf32>, !trafo.weight<32x64xf32> {
  ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
    plan.end
  }
  return
}
