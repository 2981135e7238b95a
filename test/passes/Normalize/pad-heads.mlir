// RUN: trafo-opt %s -split-input-file -trafo-pad-heads | FileCheck %s
// RUN: trafo-opt %s -split-input-file -trafo-pad-heads=multiple=24 | FileCheck %s --check-prefix=WIDER
// RUN: trafo-opt %s -split-input-file -trafo-pad-heads --remarks-filter=trafo-normalize --remark-format=emitRemark -verify-diagnostics -o /dev/null
// Done once, there is nothing left to do.
// RUN: trafo-opt %s -split-input-file -trafo-pad-heads -o %t.mlir && trafo-opt %t.mlir -split-input-file -trafo-pad-heads | diff %t.mlir -

trafo.weight @q : !trafo.weight<80x64xq4_1> from #trafo.random<1>
trafo.weight @qb : !trafo.weight<80xf32> from #trafo.random<1>
trafo.weight @k : !trafo.weight<40x64xq4_1> from #trafo.random<1>
trafo.weight @v : !trafo.weight<40x64xq4_1> from #trafo.random<1>
trafo.weight @o : !trafo.weight<64x80xf16> from #trafo.random<1>

// Four heads of q and two of k and v, each with rows of zeros behind it; what reads the result stays.
// CHECK:      trafo.weight @q.padded : !trafo.weight<128x64xq4_1> recipe {
// CHECK-NEXT:   %[[Q:.*]] = trafo.get @q :
// CHECK-NEXT:   %[[P:.*]] = trafo.pad_rows %[[Q]] parts 4 : (!trafo.weight<80x64xq4_1>) -> !trafo.weight<128x64xq4_1>
// CHECK-NEXT:   trafo.yield %[[P]]
// CHECK:      trafo.weight @qb.padded : !trafo.weight<128xf32> recipe {
// CHECK:        trafo.pad_rows %{{.*}} parts 4
// CHECK:      trafo.weight @k.padded : !trafo.weight<64x64xq4_1> recipe {
// CHECK:        trafo.pad_rows %{{.*}} parts 2
// CHECK:      trafo.weight @v.padded : !trafo.weight<64x64xq4_1> recipe {
// CHECK:        trafo.pad_rows %{{.*}} parts 2

// CHECK-LABEL: func private @body
// CHECK-SAME:    !trafo.kv<1x2x32xf16>
// CHECK:         %[[QL:.*]] = trafo.linear {{.*}} <128x64xq4_1> -> tensor<?x128xf32>
// CHECK:         %[[KL:.*]] = trafo.linear {{.*}} <64x64xq4_1> -> tensor<?x64xf32>
// CHECK:         %[[V:.*]] = trafo.linear {{.*}} <64x64xq4_1> -> tensor<?x64xf32>
// CHECK:         %[[QR:.*]] = trafo.rope %[[QL]], %{{.*}} heads 4 x 32 <dims = 12, base = 1.000000e+04> : tensor<?x128xf32>
// CHECK:         %[[KR:.*]] = trafo.rope %[[KL]], %{{.*}} heads 2 x 32 <dims = 12, base = 1.000000e+04> : tensor<?x64xf32>
// CHECK:         trafo.kv_write %{{.*}}, %[[KR]], %[[V]], %{{.*}} : <1x2x32xf16>, tensor<?x64xf32>, tensor<?x64xf32>
// CHECK:         %[[Y:.*]] = trafo.attention %[[QR]], {{.*}} heads 4 scale 2.500000e-01 : tensor<?x128xf32>, <1x2x32xf16> -> tensor<?x80xf32>
// CHECK:         trafo.linear %[[Y]], %{{.*}} : tensor<?x80xf32>, <64x80xf16> -> tensor<?x64xf32>
// CHECK-LABEL: func @step
// CHECK-SAME:    !trafo.kv<1x2x32xf16>
// CHECK:         [#trafo.layer<@body, [@o, @k.padded, @v.padded, @q.padded, @qb.padded]>] : tensor<?x64xf32>, <1x2x32xf16>

// WIDER-LABEL: func private @body
// WIDER-SAME:    !trafo.kv<1x2x24xf16>
func.func private @body(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x20xf16>, %layer: index,
    %wq: !trafo.weight<80x64xq4_1>, %bq: !trafo.weight<80xf32>, %wk: !trafo.weight<40x64xq4_1>,
    %wv: !trafo.weight<40x64xq4_1>, %wo: !trafo.weight<64x80xf16>) -> tensor<?x64xf32> {
  %q = trafo.linear %x, %wq bias %bq : !trafo.weight<80xf32> : tensor<?x64xf32>, !trafo.weight<80x64xq4_1> -> tensor<?x80xf32>
  %k = trafo.linear %x, %wk : tensor<?x64xf32>, !trafo.weight<40x64xq4_1> -> tensor<?x40xf32>
  %v = trafo.linear %x, %wv : tensor<?x64xf32>, !trafo.weight<40x64xq4_1> -> tensor<?x40xf32>
  %qr = trafo.rope %q, %rows heads 4 x 20 <dims = 12, base = 1.0e4> : tensor<?x80xf32>
  %kr = trafo.rope %k, %rows heads 2 x 20 <dims = 12, base = 1.0e4> : tensor<?x40xf32>
  trafo.kv_write %kv[%layer], %kr, %v, %rows : !trafo.kv<1x2x20xf16>, tensor<?x40xf32>, tensor<?x40xf32>
  // expected-remark @+1 {{[Passed] pad-heads | Category:trafo-normalize | Remark="heads of 20 padded to 32"}}
  %y = trafo.attention %qr, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x80xf32>, !trafo.kv<1x2x20xf16>
  %o = trafo.linear %y, %wo : tensor<?x80xf32>, !trafo.weight<64x80xf16> -> tensor<?x64xf32>
  return %o : tensor<?x64xf32>
}
func.func @step(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x20xf16>) -> tensor<?x64xf32> {
  %0 = trafo.layers %x, %rows, %kv [#trafo.layer<@body, [@q, @qb, @k, @v, @o]>] : tensor<?x64xf32>, !trafo.kv<1x2x20xf16>
  return %0 : tensor<?x64xf32>
}

// -----

// Heads that fill vectors stay.
// CHECK-LABEL: func @whole_vectors
// CHECK-SAME:    !trafo.kv<1x2x32xf16>
// CHECK-NOT:     trafo.attention {{.*}} -> 
func.func @whole_vectors(%q: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x32xf16>, %layer: index) -> tensor<?x64xf32> {
  %y = trafo.attention %q, %kv[%layer], %rows heads 2 scale 0.25 : tensor<?x64xf32>, !trafo.kv<1x2x32xf16>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func @no_projection
// CHECK-SAME:    !trafo.kv<1x2x20xf16>
// CHECK-NOT:     trafo.attention {{.*}} -> 
func.func @no_projection(%q: tensor<?x40xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x20xf16>, %layer: index) -> tensor<?x40xf32> {
  // expected-remark @+1 {{[Missed] pad-heads | Category:trafo-normalize | Reason="rows of heads are no projection"}}
  %y = trafo.attention %q, %kv[%layer], %rows heads 2 scale 0.25 : tensor<?x40xf32>, !trafo.kv<1x2x20xf16>
  return %y : tensor<?x40xf32>
}

// -----

trafo.weight @w : !trafo.weight<40x64xf16> from #trafo.random<1>

// Nothing changes where one of several can not be padded.
// CHECK-LABEL: func @read_elsewhere
// CHECK-SAME:    !trafo.kv<1x2x20xf16>
// CHECK-NOT:     trafo.attention {{.*}} -> 
// CHECK-NOT:     pad_rows
func.func @read_elsewhere(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x20xf16>, %layer: index) -> (tensor<?x40xf32>, tensor<?x40xf32>, tensor<?x40xf32>) {
  %w = trafo.get @w : !trafo.weight<40x64xf16>
  %p = trafo.linear %x, %w : tensor<?x64xf32>, !trafo.weight<40x64xf16> -> tensor<?x40xf32>
  %y = trafo.attention %p, %kv[%layer], %rows heads 2 scale 0.25 : tensor<?x40xf32>, !trafo.kv<1x2x20xf16>
  %q = trafo.linear %x, %w : tensor<?x64xf32>, !trafo.weight<40x64xf16> -> tensor<?x40xf32>
  // expected-remark @+1 {{rows of heads are read by more than attention}}
  %z = trafo.attention %q, %kv[%layer], %rows heads 2 scale 0.25 : tensor<?x40xf32>, !trafo.kv<1x2x20xf16>
  return %q, %y, %z : tensor<?x40xf32>, tensor<?x40xf32>, tensor<?x40xf32>
}

// -----

trafo.weight @w : !trafo.weight<40x64xf16> from #trafo.random<1>

// CHECK-LABEL: func @rotated_by_halves_of_heads
// CHECK-SAME:    !trafo.kv<1x2x20xf16>
func.func @rotated_by_halves_of_heads(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x20xf16>, %layer: index) -> tensor<?x40xf32> {
  %w = trafo.get @w : !trafo.weight<40x64xf16>
  %p = trafo.linear %x, %w : tensor<?x64xf32>, !trafo.weight<40x64xf16> -> tensor<?x40xf32>
  %r = trafo.rope %p, %rows heads 4 x 10 <dims = 10, base = 1.0e4> : tensor<?x40xf32>
  // expected-remark @+1 {{rope rotates other heads than attention reads}}
  %y = trafo.attention %r, %kv[%layer], %rows heads 2 scale 0.25 : tensor<?x40xf32>, !trafo.kv<1x2x20xf16>
  return %y : tensor<?x40xf32>
}
