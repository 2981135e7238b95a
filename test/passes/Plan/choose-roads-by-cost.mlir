// RUN: trafo-opt %s -split-input-file -trafo-choose-roads=roads=cheapest --remarks-filter=trafo-plan --remark-format=emitRemark 2> %t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t.remarks
// RUN: trafo-opt %s -split-input-file '-trafo-choose-roads=roads=cheapest prompt-steps=0 decode-steps=1' | FileCheck %s --check-prefix=DECODE
// RUN: trafo-opt %s -split-input-file '-trafo-choose-roads=roads=cheapest prompt-steps=1 decode-steps=0' | FileCheck %s --check-prefix=PREFILL
// RUN: trafo-opt %s -split-input-file -trafo-choose-roads=roads=generated | FileCheck %s --check-prefix=ASKED
// RUN: not trafo-opt %s -split-input-file -trafo-choose-roads=roads=fastest 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: trafo-choose-roads expects roads to be generated, library or cheapest, got 'fastest'
// ASKED-NOT: library f32_rows
// ASKED: #plan.road<{{.*}}library = false, reason = "asked for"

// The library multiplies twice as fast and reads half as fast: which of them counts depends on the use. A weight of 1024 x
// 1024 in f32 is 4.194 MB: at 1 GB/s 4.194 ms, at 0.5 GB/s 8.389 ms. 512 rows of it are 536.9 million multiply-adds: at 1e9 a
// second 536.9 ms, at 2e9 268.4 ms. Calls take 1 and 2 us more.
#rates = [
  #plan.rate<weights = "f32", library = false, rows = 1, mb_per_second = 1000, mmul_per_second = 250, call_ns = 1000>,
  #plan.rate<weights = "f32", library = false, rows = 64, mb_per_second = 100, mmul_per_second = 1000, call_ns = 1000>,
  #plan.rate<weights = "f32", library = true, rows = 64, mb_per_second = 100, mmul_per_second = 2000, call_ns = 2000>,
  #plan.rate<weights = "f32", library = true, rows = 1, mb_per_second = 500, mmul_per_second = 125, call_ns = 2000>
]
#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0, library = f32_rows>
// Balanced: 512 rows once and one row 128 times are 1,074 ms generated, 1,342 ms by the library.
// CHECK:   #plan.road<stage = "float", weight = <1024x1024xf32>, library = false, reason = "predicted to take less time", prompt_rows = 512, generated_row_ns = 4195304, generated_prompt_ns = 536871912, library_row_ns = 8390608, library_prompt_ns = 268437456>
// CHECK:   plan.contract {{.*}} groups 1 : <8x1024xf32>, <1024x1024xf32>
// DECODE:  plan.contract {{.*}} groups 1 : <8x1024xf32>, <1024x1024xf32>
// PREFILL: plan.contract {{.*}} groups 1 library f32_rows : <8x1024xf32>, <1024x1024xf32>
// REMARK:  generated: predicted to take less time
module attributes {plan.target = #target, plan.rates = #rates} {
  plan.stage @float {
  ^bb0(%layer: index):
    %rows = plan.rows
    %x = plan.ref @x : memref<8x1024xf32>
    %w = plan.weight @w : !trafo.weight<1024x1024xf32>
    %p = plan.prepare none %x[%rows, %rows] : memref<8x1024xf32> -> !plan.panel<8x1024xf32>
    plan.contract %p rows %rows, %w units %rows to %rows groups 1 : !plan.panel<8x1024xf32>, !trafo.weight<1024x1024xf32> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }
  plan.buffer @x : memref<8x1024xf32>
}

// -----

// The same contraction with a table in which the library reads as fast: the choice flips with the table.
#rates = [
  #plan.rate<weights = "f32", library = false, rows = 1, mb_per_second = 1000, mmul_per_second = 1000, call_ns = 1000>,
  #plan.rate<weights = "f32", library = true, rows = 1, mb_per_second = 1000, mmul_per_second = 2000, call_ns = 2000>
]
#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0, library = f32_rows>
// CHECK:       #plan.road<stage = "flips", {{.*}}, library = true, reason = "predicted to take less time"
// CHECK-SAME:  #plan.road<stage = "flips", weight = <1024x1024xbf16>, library = false, reason = "the library's f32_rows expects a weight in f32, got bf16", prompt_rows = 512, generated_row_ns = 0, generated_prompt_ns = 0, library_row_ns = 4196304
// CHECK-SAME:  #plan.road<stage = "flips", weight = <1024x1024xq8_0>, library = false, reason = "the library's f32_rows expects a weight in f32, got q8_0", {{.*}} library_row_ns = 0
// CHECK:       plan.contract {{.*}} groups 1 library f32_rows : <8x1024xf32>, <1024x1024xf32>
// CHECK:       plan.contract {{.*}} groups 1 : <8x1024xf32>, <1024x1024xbf16>
// A call costs more, which is all that counts for one row: 2 us against 1.
// DECODE:      plan.contract {{.*}} groups 1 : <8x1024xf32>, <1024x1024xf32>
// REMARK:      by the library, as f32_rows: predicted to take less time
// REMARK:      generated: the library's f32_rows expects a weight in f32, got bf16
module attributes {plan.target = #target, plan.rates = #rates} {
  plan.stage @flips {
  ^bb0(%layer: index):
    %rows = plan.rows
    %x = plan.ref @x : memref<8x1024xf32>
    %w = plan.weight @w : !trafo.weight<1024x1024xf32>
    %narrow = plan.weight @narrow : !trafo.weight<1024x1024xbf16>
    %grouped = plan.weight @grouped : !trafo.weight<1024x1024xq8_0>
    %p = plan.prepare none %x[%rows, %rows] : memref<8x1024xf32> -> !plan.panel<8x1024xf32>
    %codes = plan.prepare none %x[%rows, %rows] : memref<8x1024xf32> -> !plan.panel<8x1024xi8_g32>
    plan.contract %p rows %rows, %w units %rows to %rows groups 1 : !plan.panel<8x1024xf32>, !trafo.weight<1024x1024xf32> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.contract %p rows %rows, %narrow units %rows to %rows groups 1 : !plan.panel<8x1024xf32>, !trafo.weight<1024x1024xbf16> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.contract %codes rows %rows, %grouped units %rows to %rows groups 1 : !plan.panel<8x1024xi8_g32>, !trafo.weight<1024x1024xq8_0> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }
  plan.buffer @x : memref<8x1024xf32>
}

// -----

// Where one road was not measured, code is generated.
#rates = [#plan.rate<weights = "f32", library = true, rows = 1, mb_per_second = 1000, mmul_per_second = 2000, call_ns = 2000>]
#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0, library = f32_rows>
// CHECK:  #plan.road<stage = "unmeasured", {{.*}}, library = false, reason = "nobody measured both roads on this target; trafo tune does"
// CHECK:  plan.contract {{.*}} groups 1 : <8x64xf32>, <32x64xf32>
// REMARK: generated: nobody measured both roads on this target; trafo tune does
module attributes {plan.target = #target, plan.rates = #rates} {
  plan.stage @unmeasured {
  ^bb0(%layer: index):
    %rows = plan.rows
    %x = plan.ref @x : memref<8x64xf32>
    %w = plan.weight @w : !trafo.weight<32x64xf32>
    %p = plan.prepare none %x[%rows, %rows] : memref<8x64xf32> -> !plan.panel<8x64xf32>
    plan.contract %p rows %rows, %w units %rows to %rows groups 1 : !plan.panel<8x64xf32>, !trafo.weight<32x64xf32> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }
  plan.buffer @x : memref<8x64xf32>
}

// -----

#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0>
// CHECK:  #plan.road<stage = "no_library", {{.*}}, library = false, reason = "the target has no matmul library for it"
// REMARK: generated: the target has no matmul library for it
module attributes {plan.target = #target} {
  plan.stage @no_library {
  ^bb0(%layer: index):
    %rows = plan.rows
    %x = plan.ref @x : memref<8x64xf32>
    %w = plan.weight @w : !trafo.weight<32x64xf32>
    %p = plan.prepare none %x[%rows, %rows] : memref<8x64xf32> -> !plan.panel<8x64xf32>
    plan.contract %p rows %rows, %w units %rows to %rows groups 1 : !plan.panel<8x64xf32>, !trafo.weight<32x64xf32> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }
  plan.buffer @x : memref<8x64xf32>
}

// -----

// A row in two int8 terms multiplies as two rows do, and reads its weight once: 1,114,112 bytes at 1 GB/s, where one row's
// 1e9 multiply-adds a second, which waited for memory, would make 2.1 ms of it.
#rates = [
  #plan.rate<weights = "q8_0", library = false, rows = 1, mb_per_second = 1000, mmul_per_second = 1000, call_ns = 0>,
  #plan.rate<weights = "q8_0", library = false, rows = 8, mb_per_second = 200, mmul_per_second = 8000, call_ns = 0>
]
// CHECK: #plan.road<stage = "two_terms", {{.*}} generated_row_ns = 1114112, generated_prompt_ns = 134217728,
module attributes {plan.rates = #rates} {
  plan.stage @two_terms {
  ^bb0(%layer: index):
    %rows = plan.rows
    %x = plan.ref @x : memref<8x1024xf32>
    %w = plan.weight @w : !trafo.weight<1024x1024xq8_0>
    %p = plan.prepare none %x[%rows, %rows] : memref<8x1024xf32> -> !plan.panel<8x1024xi8x2_g32>
    plan.contract %p rows %rows, %w units %rows to %rows groups 1 : !plan.panel<8x1024xi8x2_g32>, !trafo.weight<1024x1024xq8_0> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }
  plan.buffer @x : memref<8x1024xf32>
}

// -----

// Int8 by rows, which the library is measured to multiply faster: 1,049 kB in 1.05 ms a row on either road.
#rates = [
  #plan.rate<weights = "i8_row", library = false, rows = 512, mb_per_second = 1000, mmul_per_second = 1000, call_ns = 0>,
  #plan.rate<weights = "i8_row", library = true, rows = 512, mb_per_second = 1000, mmul_per_second = 2000, call_ns = 0>
]
#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0, library = f32_rows, int8_library = i8_rows>
// CHECK:  #plan.road<stage = "int8", weight = <1024x1024xi8_row>, library = true, reason = "predicted to take less time", prompt_rows = 512, generated_row_ns = 1052672, generated_prompt_ns = 536870912, library_row_ns = 1052672, library_prompt_ns = 268435456>
// CHECK:  plan.contract {{.*}} groups 1 library i8_rows : <8x1024xi8_row>, <1024x1024xi8_row>
// REMARK: by the library, as i8_rows: predicted to take less time
module attributes {plan.target = #target, plan.rates = #rates} {
  plan.stage @int8 {
  ^bb0(%layer: index):
    %rows = plan.rows
    %x = plan.ref @x : memref<8x1024xf32>
    %w = plan.weight @w : !trafo.weight<1024x1024xi8_row>
    %p = plan.prepare none %x[%rows, %rows] : memref<8x1024xf32> -> !plan.panel<8x1024xi8_row>
    plan.contract %p rows %rows, %w units %rows to %rows groups 1 : !plan.panel<8x1024xi8_row>, !trafo.weight<1024x1024xi8_row> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }
  plan.buffer @x : memref<8x1024xf32>
}
