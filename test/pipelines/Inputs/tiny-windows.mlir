// Three layers of attention alone as trafo-quantize-pipeline leaves them, the first and the last with a window of 20
// positions: hidden 64, 4 heads of 16 on 2 KV heads, a context of 8 pages.
module attributes {
  trafo.config = #trafo.config<max_context = 512, max_rows = 16, max_outputs = 16, max_sequences = 2, max_workers = 4>,
  plan.target = #plan.target<name = "x86-64-v3", triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v3", features = "",
                             cpu_bits = 0, dot = maddubs, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 4096>} {
  trafo.weight @embd : !trafo.weight<100x64xq8_0> from #trafo.random<1>
  trafo.weight @norm : !trafo.weight<64xf32> from #trafo.splat<1.0>
  trafo.weight @rope : !trafo.weight<512x32xf32> recipe {
    %0 = trafo.rope_table <dims = 16, base = 1.0e4> : !trafo.weight<512x32xf32>
    trafo.yield %0 : !trafo.weight<512x32xf32>
  }
  trafo.weight @qkv : !trafo.weight<128x64xq4_1> from #trafo.random<2>
  trafo.weight @o : !trafo.weight<64x64xq4_1> from #trafo.random<3>

  func.func private @near(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<3x2x16xf16>, %layer: index,
      %an: !trafo.weight<64xf32>, %qkv: !trafo.weight<128x64xq4_1>, %rope: !trafo.weight<512x32xf32>,
      %o: !trafo.weight<64x64xq4_1>) -> tensor<?x64xf32> {
    %0 = trafo.rms_norm %x, %an eps 1.0e-5 : tensor<?x64xf32>, !trafo.weight<64xf32>
    %q = trafo.qkv_rope %0 weights(%qkv : !trafo.weight<128x64xq4_1>) table %rope : !trafo.weight<512x32xf32>
         cache %kv[%layer] rows %rows heads 4 via i8_g32 : tensor<?x64xf32>, !trafo.kv<3x2x16xf16> -> tensor<?x64xf32>
    %1 = trafo.attention %q, %kv[%layer], %rows heads 4 scale 2.5e-1 {window = 20 : i64} : tensor<?x64xf32>, !trafo.kv<3x2x16xf16>
    %2 = trafo.linear_add %1, %o onto %x via i8_g32 : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
    return %2 : tensor<?x64xf32>
  }

  func.func private @everything(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<3x2x16xf16>, %layer: index,
      %an: !trafo.weight<64xf32>, %qkv: !trafo.weight<128x64xq4_1>, %rope: !trafo.weight<512x32xf32>,
      %o: !trafo.weight<64x64xq4_1>) -> tensor<?x64xf32> {
    %0 = trafo.rms_norm %x, %an eps 1.0e-5 : tensor<?x64xf32>, !trafo.weight<64xf32>
    %q = trafo.qkv_rope %0 weights(%qkv : !trafo.weight<128x64xq4_1>) table %rope : !trafo.weight<512x32xf32>
         cache %kv[%layer] rows %rows heads 4 via i8_g32 : tensor<?x64xf32>, !trafo.kv<3x2x16xf16> -> tensor<?x64xf32>
    %1 = trafo.attention %q, %kv[%layer], %rows heads 4 scale 2.5e-1 : tensor<?x64xf32>, !trafo.kv<3x2x16xf16>
    %2 = trafo.linear_add %1, %o onto %x via i8_g32 : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
    return %2 : tensor<?x64xf32>
  }

  func.func @step(%rows: !trafo.rows, %kv: !trafo.kv<3x2x16xf16>) -> tensor<?x100xf32> {
    %table = trafo.get @embd : !trafo.weight<100x64xq8_0>
    %x = trafo.embedding %rows, %table : (!trafo.rows, !trafo.weight<100x64xq8_0>) -> tensor<?x64xf32>
    %y = trafo.layers %x, %rows, %kv [
      #trafo.layer<@near, [@norm, @qkv, @rope, @o]>,
      #trafo.layer<@everything, [@norm, @qkv, @rope, @o]>,
      #trafo.layer<@near, [@norm, @qkv, @rope, @o]>] : tensor<?x64xf32>, !trafo.kv<3x2x16xf16>
    %l = trafo.lm_head %y, %table via i8_g32 : tensor<?x64xf32>, !trafo.weight<100x64xq8_0> -> tensor<?x100xf32>
    return %l : tensor<?x100xf32>
  }
}
