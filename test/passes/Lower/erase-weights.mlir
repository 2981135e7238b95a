// RUN: trafo-opt %s -trafo-erase-weights | FileCheck %s

// The plan's numbers stay for whoever goes on from here.
// CHECK:     module attributes {trafo.config
// CHECK-NOT: trafo.weight
// CHECK:     func @step
module attributes {trafo.config = #trafo.config<max_context = 64, max_rows = 8, max_outputs = 8, max_sequences = 2, max_workers = 4>} {
  trafo.weight @a : !trafo.weight<32x32xf32> from #trafo.splat<1.0>
  trafo.weight @b : !trafo.weight<32x32xf32> recipe {
    %a = trafo.get @a : !trafo.weight<32x32xf32>
    trafo.yield %a : !trafo.weight<32x32xf32>
  }
  func.func @step() {
    return
  }
}
