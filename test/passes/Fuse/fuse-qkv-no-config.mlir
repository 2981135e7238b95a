// Without a bound on positions there is no table to read cosines from.
// RUN: trafo-opt %s -trafo-fuse-qkv --remarks-filter=trafo-fuse --remark-format=emitRemark -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @no_config
// CHECK-NOT:     trafo.qkv_rope
func.func @no_config(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x2x16xf16>, %layer: index,
    %q: !trafo.weight<64x64xq4_1>, %k: !trafo.weight<32x64xq4_1>, %v: !trafo.weight<32x64xq4_1>) -> tensor<?x64xf32> {
  %0 = trafo.linear %x, %q : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
  %1 = trafo.linear %x, %k : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %2 = trafo.linear %x, %v : tensor<?x64xf32>, !trafo.weight<32x64xq4_1> -> tensor<?x32xf32>
  %3 = trafo.rope %0, %rows heads 4 x 16 <dims = 16, base = 1.0e4> : tensor<?x64xf32>
  %4 = trafo.rope %1, %rows heads 2 x 16 <dims = 16, base = 1.0e4> : tensor<?x32xf32>
  // expected-remark @+1 {{no trafo.config says how many positions the rope table has}}
  trafo.kv_write %kv[%layer], %4, %2, %rows : !trafo.kv<1x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
  %a = trafo.attention %3, %kv[%layer], %rows heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<1x2x16xf16>
  return %a : tensor<?x64xf32>
}
