// RUN: trafo-opt %s -split-input-file -trafo-choose-roads=roads=library -verify-diagnostics | FileCheck %s
// RUN: trafo-opt %s -split-input-file -trafo-choose-roads | FileCheck %s --check-prefix=OFF
// RUN: trafo-opt %s -split-input-file -trafo-choose-roads=roads=library --remarks-filter=trafo-plan --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// OFF-NOT: library f32_rows

#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0, library = f32_rows>
module attributes {plan.target = #target} {
  // CHECK-LABEL: plan.stage @float
  // CHECK:         plan.contract {{.*}} groups 1 library f32_rows : <8x64xf32>, <32x64xf32>
  // REMARK: by the library, as f32_rows
  plan.stage @float {
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

  // Rows past the last would be the next weight's.
  // CHECK-LABEL: plan.stage @odd_rows
  // CHECK:         plan.contract {{.*}} groups 1 : <8x64xf32>, <40x64xf32>
  // REMARK: generated: the library's f32_rows expects rows in multiples of 16, got 40
  plan.stage @odd_rows {
  ^bb0(%layer: index):
    %rows = plan.rows
    %x = plan.ref @x : memref<8x64xf32>
    %w = plan.weight @v : !trafo.weight<40x64xf32>
    %p = plan.prepare none %x[%rows, %rows] : memref<8x64xf32> -> !plan.panel<8x64xf32>
    plan.contract %p rows %rows, %w units %rows to %rows groups 1 : !plan.panel<8x64xf32>, !trafo.weight<40x64xf32> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }
  plan.buffer @x : memref<8x64xf32>
}

// -----

// Grouped formats never take it.
#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0, library = f32_rows>
module attributes {plan.target = #target} {
  // CHECK-LABEL: plan.stage @grouped
  // CHECK:         plan.contract {{.*}} groups 1 : <8x64xi8_g32>, <32x64xq8_0>
  // REMARK: generated: the library's f32_rows expects a weight in f32, got q8_0
  // REMARK: the model has no linear that the library takes: all are generated
  plan.stage @grouped {
  ^bb0(%layer: index):
    %rows = plan.rows
    %x = plan.ref @x : memref<8x64xf32>
    %w = plan.weight @w : !trafo.weight<32x64xq8_0>
    %p = plan.prepare none %x[%rows, %rows] : memref<8x64xf32> -> !plan.panel<8x64xi8_g32>
    plan.contract %p rows %rows, %w units %rows to %rows groups 1 : !plan.panel<8x64xi8_g32>, !trafo.weight<32x64xq8_0> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }
  plan.buffer @x : memref<8x64xf32>
}

// -----

// Int8 by rows takes a form of its own.
#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0, library = f32_rows, int8_library = u7_rows>
module attributes {plan.target = #target} {
  // CHECK-LABEL: plan.stage @int8
  // CHECK:         plan.contract {{.*}} groups 1 library u7_rows : <8x64xi8_row>, <32x64xi8_row>
  // REMARK: by the library, as u7_rows: asked for
  plan.stage @int8 {
  ^bb0(%layer: index):
    %rows = plan.rows
    %x = plan.ref @x : memref<8x64xf32>
    %w = plan.weight @w : !trafo.weight<32x64xi8_row>
    %p = plan.prepare none %x[%rows, %rows] : memref<8x64xf32> -> !plan.panel<8x64xi8_row>
    plan.contract %p rows %rows, %w units %rows to %rows groups 1 : !plan.panel<8x64xi8_row>, !trafo.weight<32x64xi8_row> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }
  plan.buffer @x : memref<8x64xf32>
}

// -----

// Sums of so many codes may leave the 24 bits of f32, which the library takes them through.
#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0, library = f32_rows, int8_library = u7_rows>
module attributes {plan.target = #target} {
  // CHECK-LABEL: plan.stage @deep
  // CHECK:         plan.contract {{.*}} groups 1 : <8x1056xi8_row>, <32x1056xi8_row>
  // REMARK: generated: the library's u7_rows expects at most 1040 columns, whose sums it has exactly, got 1056
  plan.stage @deep {
  ^bb0(%layer: index):
    %rows = plan.rows
    %x = plan.ref @x : memref<8x1056xf32>
    %w = plan.weight @w : !trafo.weight<32x1056xi8_row>
    %p = plan.prepare none %x[%rows, %rows] : memref<8x1056xf32> -> !plan.panel<8x1056xi8_row>
    plan.contract %p rows %rows, %w units %rows to %rows groups 1 : !plan.panel<8x1056xi8_row>, !trafo.weight<32x1056xi8_row> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }
  plan.buffer @x : memref<8x1056xf32>
}

// -----

// Where there is none, a library of floats is none for it.
#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0, library = f32_rows>
module attributes {plan.target = #target} {
  // CHECK-LABEL: plan.stage @no_form
  // CHECK:         plan.contract {{.*}} groups 1 : <8x64xi8_row>, <32x64xi8_row>
  // REMARK: generated: the target has no matmul library for it
  plan.stage @no_form {
  ^bb0(%layer: index):
    %rows = plan.rows
    %x = plan.ref @x : memref<8x64xf32>
    %w = plan.weight @w : !trafo.weight<32x64xi8_row>
    %p = plan.prepare none %x[%rows, %rows] : memref<8x64xf32> -> !plan.panel<8x64xi8_row>
    plan.contract %p rows %rows, %w units %rows to %rows groups 1 : !plan.panel<8x64xi8_row>, !trafo.weight<32x64xi8_row> {
    ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
      plan.end
    }
    plan.end
  }
  plan.buffer @x : memref<8x64xf32>
}
