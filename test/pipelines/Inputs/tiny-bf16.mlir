// A decoder of two layers with random weights, as the importer gives it (docs/decisions/0002): hidden 64, 4 heads of 16
// over 2 KV heads, feed-forward 96, vocabulary 100, the head tied to the embedding. Small enough to read and to run
// through any stage; all of its matrices are bf16.
module attributes {trafo.config = #trafo.config<max_context = 128, max_rows = 32, max_outputs = 8, max_sequences = 4, max_workers = 4>} {
  trafo.weight @token_embd.weight : !trafo.weight<100x64xbf16> from #trafo.random<1>
  trafo.weight @output_norm.weight : !trafo.weight<64xf32> from #trafo.random<1>

  trafo.weight @blk.0.attn_norm.weight : !trafo.weight<64xf32> from #trafo.random<1>
  trafo.weight @blk.0.attn_q.weight : !trafo.weight<64x64xbf16> from #trafo.random<1>
  trafo.weight @blk.0.attn_k.weight : !trafo.weight<32x64xbf16> from #trafo.random<1>
  trafo.weight @blk.0.attn_v.weight : !trafo.weight<32x64xbf16> from #trafo.random<1>
  trafo.weight @blk.0.attn_output.weight : !trafo.weight<64x64xbf16> from #trafo.random<1>
  trafo.weight @blk.0.ffn_norm.weight : !trafo.weight<64xf32> from #trafo.random<1>
  trafo.weight @blk.0.ffn_gate.weight : !trafo.weight<96x64xbf16> from #trafo.random<1>
  trafo.weight @blk.0.ffn_up.weight : !trafo.weight<96x64xbf16> from #trafo.random<1>
  trafo.weight @blk.0.ffn_down.weight : !trafo.weight<64x96xbf16> from #trafo.random<1>

  trafo.weight @blk.1.attn_norm.weight : !trafo.weight<64xf32> from #trafo.random<1>
  trafo.weight @blk.1.attn_q.weight : !trafo.weight<64x64xbf16> from #trafo.random<1>
  trafo.weight @blk.1.attn_k.weight : !trafo.weight<32x64xbf16> from #trafo.random<1>
  trafo.weight @blk.1.attn_v.weight : !trafo.weight<32x64xbf16> from #trafo.random<1>
  trafo.weight @blk.1.attn_output.weight : !trafo.weight<64x64xbf16> from #trafo.random<1>
  trafo.weight @blk.1.ffn_norm.weight : !trafo.weight<64xf32> from #trafo.random<1>
  trafo.weight @blk.1.ffn_gate.weight : !trafo.weight<96x64xbf16> from #trafo.random<1>
  trafo.weight @blk.1.ffn_up.weight : !trafo.weight<96x64xbf16> from #trafo.random<1>
  trafo.weight @blk.1.ffn_down.weight : !trafo.weight<64x96xbf16> from #trafo.random<1>

  func.func private @decoder(%x: tensor<?x64xf32>, %rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>, %layer: index,
      %attn_norm: !trafo.weight<64xf32>, %q: !trafo.weight<64x64xbf16>, %k: !trafo.weight<32x64xbf16>,
      %v: !trafo.weight<32x64xbf16>, %o: !trafo.weight<64x64xbf16>, %ffn_norm: !trafo.weight<64xf32>,
      %gate: !trafo.weight<96x64xbf16>, %up: !trafo.weight<96x64xbf16>, %down: !trafo.weight<64x96xbf16>)
      -> tensor<?x64xf32> {
    %0 = trafo.rms_norm %x, %attn_norm eps 1.0e-05 : tensor<?x64xf32>, !trafo.weight<64xf32>
    %1 = trafo.linear %0, %q : tensor<?x64xf32>, !trafo.weight<64x64xbf16> -> tensor<?x64xf32>
    %2 = trafo.linear %0, %k : tensor<?x64xf32>, !trafo.weight<32x64xbf16> -> tensor<?x32xf32>
    %3 = trafo.linear %0, %v : tensor<?x64xf32>, !trafo.weight<32x64xbf16> -> tensor<?x32xf32>
    %4 = trafo.rope %1, %rows heads 4 x 16 <dims = 16, base = 1.0e+05> : tensor<?x64xf32>
    %5 = trafo.rope %2, %rows heads 2 x 16 <dims = 16, base = 1.0e+05> : tensor<?x32xf32>
    trafo.kv_write %kv[%layer], %5, %3, %rows : !trafo.kv<2x2x16xf16>, tensor<?x32xf32>, tensor<?x32xf32>
    %6 = trafo.attention %4, %kv[%layer], %rows heads 4 scale 2.5e-01 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16>
    %7 = trafo.linear %6, %o : tensor<?x64xf32>, !trafo.weight<64x64xbf16> -> tensor<?x64xf32>
    %8 = arith.addf %x, %7 : tensor<?x64xf32>
    %9 = trafo.rms_norm %8, %ffn_norm eps 1.0e-05 : tensor<?x64xf32>, !trafo.weight<64xf32>
    %10 = trafo.gated_mlp silu %9, %gate, %up, %down : tensor<?x64xf32>, !trafo.weight<96x64xbf16>, !trafo.weight<96x64xbf16>, !trafo.weight<64x96xbf16>
    %11 = arith.addf %8, %10 : tensor<?x64xf32>
    return %11 : tensor<?x64xf32>
  }

  func.func @step(%rows: !trafo.rows, %kv: !trafo.kv<2x2x16xf16>) -> tensor<?x100xf32> {
    %table = trafo.get @token_embd.weight : !trafo.weight<100x64xbf16>
    %0 = trafo.embedding %rows, %table : (!trafo.rows, !trafo.weight<100x64xbf16>) -> tensor<?x64xf32>
    %1 = trafo.layers %0, %rows, %kv [
      #trafo.layer<@decoder, [@blk.0.attn_norm.weight, @blk.0.attn_q.weight, @blk.0.attn_k.weight, @blk.0.attn_v.weight, @blk.0.attn_output.weight, @blk.0.ffn_norm.weight, @blk.0.ffn_gate.weight, @blk.0.ffn_up.weight, @blk.0.ffn_down.weight]>,
      #trafo.layer<@decoder, [@blk.1.attn_norm.weight, @blk.1.attn_q.weight, @blk.1.attn_k.weight, @blk.1.attn_v.weight, @blk.1.attn_output.weight, @blk.1.ffn_norm.weight, @blk.1.ffn_gate.weight, @blk.1.ffn_up.weight, @blk.1.ffn_down.weight]>
    ] : tensor<?x64xf32>, !trafo.kv<2x2x16xf16>
    %2 = trafo.select_rows %1, %rows : tensor<?x64xf32> -> tensor<?x64xf32>
    %norm = trafo.get @output_norm.weight : !trafo.weight<64xf32>
    %3 = trafo.rms_norm %2, %norm eps 1.0e-05 : tensor<?x64xf32>, !trafo.weight<64xf32>
    %4 = trafo.lm_head %3, %table : tensor<?x64xf32>, !trafo.weight<100x64xbf16> -> tensor<?x100xf32>
    return %4 : tensor<?x100xf32>
  }
}
