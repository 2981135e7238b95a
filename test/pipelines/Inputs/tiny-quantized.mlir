// A decoder of two layers as trafo-quantize-pipeline leaves it: hidden 64, 4 heads of 16 on 2 KV heads, 96 hidden units
// of the MLP, a vocabulary of 100 that no tile divides, tied weights.
module attributes {
  trafo.config = #trafo.config<max_context = 128, max_rows = 16, max_outputs = 16, max_sequences = 2, max_workers = 4>,
  plan.target = #plan.target<name = "x86-64-v3", triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v3", features = "",
                             cpu_bits = 0, dot = maddubs, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 4096>} {
  trafo.weight @embd : !trafo.weight<100x64xq8_0> from #trafo.random<1>
  trafo.weight @out_norm : !trafo.weight<64xf32> from #trafo.splat<1.0>
  trafo.weight @rope : !trafo.weight<128x32xf32> recipe {
    %0 = trafo.rope_table <dims = 16, base = 1.0e4> : !trafo.weight<128x32xf32>
    trafo.yield %0 : !trafo.weight<128x32xf32>
  }
  trafo.weight @an.0 : !trafo.weight<64xf32> from #trafo.splat<1.0>
  trafo.weight @qkv.0 : !trafo.weight<128x64xq4_1> from #trafo.random<2>
  trafo.weight @o.0 : !trafo.weight<64x64xq4_1> from #trafo.random<3>
  trafo.weight @fn.0 : !trafo.weight<64xf32> from #trafo.splat<1.0>
  trafo.weight @gu.0 : !trafo.weight<192x64xq4_1> from #trafo.random<4>
  trafo.weight @d.0 : !trafo.weight<64x96xq4_1> from #trafo.random<5>
  trafo.weight @an.1 : !trafo.weight<64xf32> from #trafo.splat<1.0>
  trafo.weight @qkv.1 : !trafo.weight<128x64xq4_1> from #trafo.random<6>
  trafo.weight @o.1 : !trafo.weight<64x64xq4_1> from #trafo.random<7>
  trafo.weight @fn.1 : !trafo.weight<64xf32> from #trafo.splat<1.0>
  trafo.weight @gu.1 : !trafo.weight<192x64xq4_1> from #trafo.random<8>
  trafo.weight @d.1 : !trafo.weight<64x96xq4_1> from #trafo.random<9>

  func.func private @decoder(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>, %layer: index,
      %an: !trafo.weight<64xf32>, %qkv: !trafo.weight<128x64xq4_1>, %rope: !trafo.weight<128x32xf32>,
      %o: !trafo.weight<64x64xq4_1>, %fn: !trafo.weight<64xf32>, %gu: !trafo.weight<192x64xq4_1>,
      %d: !trafo.weight<64x96xq4_1>) -> tensor<?x64xf32> {
    %0 = trafo.rms_norm %x, %an eps 1.0e-5 : tensor<?x64xf32>, !trafo.weight<64xf32>
    %q = trafo.qkv_rope %0 weights(%qkv : !trafo.weight<128x64xq4_1>) table %rope : !trafo.weight<128x32xf32>
         cache %kv[%layer] rows %rows heads 4 via i8_g32 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16> -> tensor<?x64xf32>
    %1 = trafo.attention %q, %kv[%layer], %rows heads 4 scale 2.5e-1 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16>
    %2 = trafo.linear_add %1, %o onto %x via i8_g32 : tensor<?x64xf32>, !trafo.weight<64x64xq4_1> -> tensor<?x64xf32>
    %3 = trafo.rms_norm %2, %fn eps 1.0e-5 : tensor<?x64xf32>, !trafo.weight<64xf32>
    %4 = trafo.gate_up silu %3 weights(%gu : !trafo.weight<192x64xq4_1>) via i8_g32 : tensor<?x64xf32> -> tensor<?x96xf32>
    %5 = trafo.linear_add %4, %d onto %2 via i8_g32 : tensor<?x96xf32>, !trafo.weight<64x96xq4_1> -> tensor<?x64xf32>
    return %5 : tensor<?x64xf32>
  }

  func.func @step(%rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>) -> tensor<?x100xf32> {
    %table = trafo.get @embd : !trafo.weight<100x64xq8_0>
    %x = trafo.embedding %rows, %table : (!trafo.rows, !trafo.weight<100x64xq8_0>) -> tensor<?x64xf32>
    %y = trafo.layers %x, %rows, %kv [
      #trafo.layer<@decoder, [@an.0, @qkv.0, @rope, @o.0, @fn.0, @gu.0, @d.0]>,
      #trafo.layer<@decoder, [@an.1, @qkv.1, @rope, @o.1, @fn.1, @gu.1, @d.1]>] : tensor<?x64xf32>, !trafo.kv<2x2x16xf16>
    %s = trafo.select_rows %y, %rows : tensor<?x64xf32> -> tensor<?x64xf32>
    %w = trafo.get @out_norm : !trafo.weight<64xf32>
    %n = trafo.rms_norm %s, %w eps 1.0e-5 : tensor<?x64xf32>, !trafo.weight<64xf32>
    %l = trafo.lm_head %n, %table via i8_g32 : tensor<?x64xf32>, !trafo.weight<100x64xq8_0> -> tensor<?x100xf32>
    return %l : tensor<?x100xf32>
  }
}
