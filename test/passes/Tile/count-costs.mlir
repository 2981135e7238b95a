// Bytes and multiplications of each stage: 64 wide, 4 heads of 16 over 2 KV heads, feed-forward 96, vocabulary 100.
// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-pack-weights -trafo-count-costs | FileCheck %s
// RUN: not trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-count-costs 2>&1 | FileCheck %s --check-prefix=STEP
// RUN: not trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-count-costs 2>&1 | FileCheck %s --check-prefix=LAYOUT
// RUN: trafo-opt %s -trafo-count-costs | FileCheck %s --check-prefix=WINDOW
// RUN: sed 's/x16xf16>/x16xint8>/g' %S/../../pipelines/Inputs/tiny-quantized.mlir | trafo-opt -trafo-plan-step -trafo-pack-weights -trafo-count-costs | FileCheck %s --check-prefix=INT8

// STEP: expects a plan.step; run trafo-plan-step first
// LAYOUT: which has no layout; run trafo-pack-weights first

// One row of 64 in blocks of 34 bytes.
// CHECK:      <stage = "step.embedding", numbers = "f32", runs = 1, weight_bytes = 0, row_bytes = 68, row_multiplies = 0,
// 128 x 64 in three contractions of one weight: 5,120 bytes of q4_1 and the norm's 256, each once. The table of angles
// counts as nothing.
// CHECK-SAME: <stage = "decoder.qkv_rope", numbers = "i8_g32 x q4_1", runs = 2, weight_bytes = 5376, row_bytes = 0, row_multiplies = 8192,
// k and v of 2 heads of 16 in f16; 4 heads of 16 times k, then times v.
// CHECK-SAME: <stage = "decoder.attention", numbers = "f32", runs = 2, weight_bytes = 0, row_bytes = 0, row_multiplies = 0, position_bytes = 128, position_multiplies = 128, window = 0, of_outputs = false>
// CHECK-SAME: <stage = "decoder.linear_add", {{[^>]*}}weight_bytes = 2560,
// 100 rows are 7 tiles of 16.
// CHECK-SAME: <stage = "step.lm_head", {{[^>]*}}weight_bytes = 7872, row_bytes = 0, row_multiplies = 6400, {{[^>]*}}of_outputs = true>

// k and v of 2 heads: 16 codes and a scale.
// INT8: <stage = "decoder.attention", {{[^>]*}}position_bytes = 80, position_multiplies = 128,

// A window bounds the positions that a row sees; two int8 terms multiply twice.
// WINDOW:      <stage = "look", numbers = "f32", runs = 1, {{[^>]*}}position_bytes = 64, position_multiplies = 128, window = 96,
// WINDOW-SAME: <stage = "twice", numbers = "i8x2_g32 x q8_0", runs = 1, weight_bytes = 1088, row_bytes = 0, row_multiplies = 2048,
// Two tiles of 16 scales of four bytes and 32 codes a row.
// WINDOW-SAME: <stage = "whole_rows", numbers = "i8_row x i8_row", runs = 1, weight_bytes = 1152, row_bytes = 0, row_multiplies = 1024,
module {
  trafo.weight @i8 : !trafo.weight<32x32xi8_row> from #trafo.random<1> layout <rows = 16, lane = 4, bias = 128> at 2048
  trafo.weight @w : !trafo.weight<32x32xq8_0> from #trafo.random<1> layout <rows = 16, lane = 4, bias = 128> at 0
  plan.buffer @x : memref<4x64xf32>
  plan.buffer @kv : memref<1x2x1x2x1024xf16>
  plan.stage @look {
  ^bb0(%layer: index):
    %x = plan.ref @x : memref<4x64xf32>
    %kv = plan.ref @kv : memref<1x2x1x2x1024xf16>
    plan.attention %x, %kv[%layer] to %x {head_size = 16 : i64, heads = 4 : i64, kv_heads = 1 : i64, scale = 2.5e-01 : f32, window = 96 : i64} : memref<4x64xf32>, memref<1x2x1x2x1024xf16>, memref<4x64xf32>
    plan.end
  }
  plan.stage @twice {
  ^bb0(%layer: index):
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %x = plan.ref @x : memref<4x64xf32>
    %w = plan.weight @w : <32x32xq8_0>
    %panel = plan.prepare none %x[%c0, %c2] : memref<4x64xf32> -> <4x32xi8x2_g32>
    plan.contract %panel rows %c2, %w units %c0 to %c2 groups 1 : <4x32xi8x2_g32>, <32x32xq8_0> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }
  plan.stage @whole_rows {
  ^bb0(%layer: index):
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %x = plan.ref @x : memref<4x64xf32>
    %w = plan.weight @i8 : <32x32xi8_row>
    %panel = plan.prepare none %x[%c0, %c2] : memref<4x64xf32> -> <4x32xi8_row>
    plan.contract %panel rows %c2, %w units %c0 to %c2 groups 1 : <4x32xi8_row>, <32x32xi8_row> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }
  plan.step @step {
    plan.run @look
    plan.barrier
    plan.run @twice
    plan.barrier
    plan.run @whole_rows
    plan.barrier
    plan.end
  }
}
