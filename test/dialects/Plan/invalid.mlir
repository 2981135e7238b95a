// RUN: trafo-opt %s -split-input-file -verify-diagnostics

// expected-error @+1 {{expects a static shape with identity layout}}
plan.buffer @x : memref<?x16xf32>

// -----

// expected-error @+1 {{expects an offset that is a multiple of 64, got 32}}
plan.buffer @x : memref<4x16xf32> at 32

// -----

// expected-error @+1 {{expects rows of at least one and all of 20 logits in f32, got 'memref<4x16xf32>'}}
plan.buffer @x : memref<4x16xf32> {logits = 20 : i64}

// -----

// expected-error @+1 {{expects rows of at least one and all of 8 logits in f32, got 'memref<4x16xf16>'}}
plan.buffer @x : memref<4x16xf16> {logits = 8 : i64}

// -----

// A row of 64 floats has room for the three maxima of 40 logits from float 40 to float 61 on.
plan.buffer @first : memref<4x64xf32> {logits = 40 : i64, logits_maxima = 40 : i64}
plan.buffer @last : memref<4x64xf32> {logits = 40 : i64, logits_maxima = 61 : i64}
// expected-error @+1 {{expects maxima from 40 to 61 of a row of logits, got 62}}
plan.buffer @x : memref<4x64xf32> {logits = 40 : i64, logits_maxima = 62 : i64}

// -----

// expected-error @+1 {{expects maxima from 40 to 61 of a row of logits, got 39}}
plan.buffer @x : memref<4x64xf32> {logits = 40 : i64, logits_maxima = 39 : i64}

// -----

// expected-error @+1 {{expects maxima from 0 to 64 of a row of logits, got 16}}
plan.buffer @x : memref<4x64xf32> {logits_maxima = 16 : i64}

// -----

plan.buffer @kv : memref<2x4x1x2x1024xf16> {cached_layers = array<i64: 1, 3>, window = 20 : i64}
// expected-error @+1 {{expects a pool of 3 layers, got 'memref<2x4x1x2x1024xf16>'}}
plan.buffer @x : memref<2x4x1x2x1024xf16> {cached_layers = array<i64: 1, 3, 4>}

// -----

// expected-error @+1 {{expects a window above 0, of a pool of the KV cache, got 0}}
plan.buffer @x : memref<1x4x1x2x1024xf16> {cached_layers = array<i64: 0>, window = 0 : i64}

// -----

// expected-error @+1 {{expects a window above 0, of a pool of the KV cache, got 20}}
plan.buffer @x : memref<1x4x1x2x1024xf16> {window = 20 : i64}

// -----

plan.buffer @rows : memref<4x16xf32>
plan.stage @s {
^bb0(%layer: index):
  // expected-error @+1 {{expects 'rows' to be a pool of the KV cache}}
  %0 = plan.pool_layer @rows[%layer]
  plan.end
}

// -----

// expected-error @+1 {{expects at most two #plan.pool, got [1]}}
module attributes {plan.arena = #plan.arena<size = 4096, weights_size = 0, logits_offset = 0, logits_stride = 64, kv_offset = 0, kv_size = 0, pools = [1], barriers = 0, vocabulary = 40, layers = 1, decode_bytes = 0>} {}

// -----

// expected-error @+1 {{expects logits_maxima to be 0 or from 40 to 61, got 62}}
module attributes {plan.arena = #plan.arena<size = 4096, weights_size = 0, logits_offset = 0, logits_stride = 64, kv_offset = 0, kv_size = 0, pools = [], barriers = 0, vocabulary = 40, layers = 1, decode_bytes = 0, logits_maxima = 62>} {}

// -----

plan.buffer @x : memref<4x16xf32>
plan.stage @s {
^bb0(%layer: index):
  // expected-error @+1 {{expects 'x' to be a plan.buffer of type}}
  %0 = plan.ref @x : memref<4x32xf32>
  plan.end
}

// -----

plan.stage @s {
^bb0(%layer: index):
  // expected-error @+1 {{expects either a symbol or a slot}}
  %0 = plan.weight @w slot 1 of %layer : !trafo.weight<64xf32>
  plan.end
}

// -----

func.func @load(%i: index) -> vector<16xf32> {
  %w = plan.weight @w : !trafo.weight<64x64xq4_1>
  // expected-error @+1 {{expects an f32 weight}}
  %0 = plan.load %w[%i] : !trafo.weight<64x64xq4_1>
  return %0 : vector<16xf32>
}

// -----

func.func @arg() {
  // expected-error @+1 {{expects tokens, positions, sequences, outputs or pages, got 'weights'}}
  %0 = plan.arg "weights" : memref<4xi32>
  return
}

// -----

func.func @prepare_weight(%x: memref<4x64xf32>, %i: index) {
  // expected-error @+1 {{expects a weight of shape [64] exactly when it normalises}}
  %0 = plan.prepare rms %x[%i, %i] : memref<4x64xf32> -> !plan.panel<4x64xi8_g32>
  return
}

// -----

func.func @prepare_groups(%x: memref<4x48xf32>, %i: index) {
  // expected-error @+1 {{expects a multiple of 32 columns for i8_g32, got 48}}
  %0 = plan.prepare none %x[%i, %i] : memref<4x48xf32> -> !plan.panel<4x48xi8_g32>
  return
}

// -----

func.func @prepare_pairs(%x: memref<4x48xf32>, %i: index) {
  // expected-error @+1 {{expects a multiple of 32 columns for bf16_g32, got 48}}
  %0 = plan.prepare none %x[%i, %i] : memref<4x48xf32> -> !plan.panel<4x48xbf16_g32>
  return
}

// -----

func.func @prepare_columns(%x: memref<4x32xf32>, %i: index) {
  // expected-error @+1 {{expects a panel of at most 32 columns}}
  %0 = plan.prepare none %x[%i, %i] : memref<4x32xf32> -> !plan.panel<4x64xf32>
  return
}

// -----

func.func @contract_columns(%x: memref<4x64xf32>, %i: index) {
  %0 = plan.prepare none %x[%i, %i] : memref<4x64xf32> -> !plan.panel<4x64xf32>
  %w = plan.weight @w : !trafo.weight<32x96xf32>
  // expected-error @+1 {{expects a panel of 96 columns}}
  plan.contract %0 rows %i, %w units %i to %i groups 1 : !plan.panel<4x64xf32>, !trafo.weight<32x96xf32> {
  ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
    plan.end
  }
  return
}

// -----

func.func @contract_body(%x: memref<4x64xf32>, %i: index) {
  %0 = plan.prepare none %x[%i, %i] : memref<4x64xf32> -> !plan.panel<4x64xf32>
  %w = plan.weight @w : !trafo.weight<32x64xf32>
  // expected-error @+1 {{expects a body of two indices and 2 vector<16xf32>}}
  plan.contract %0 rows %i, %w units %i to %i groups 2 : !plan.panel<4x64xf32>, !trafo.weight<32x64xf32> {
  ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
    plan.end
  }
  return
}

// -----

// expected-error @+1 {{expects a body with one index argument, the layer}}
plan.stage @s {
  plan.end
}

// -----

// expected-error @+1 {{expects plan.run, plan.barrier and plan.layers only, got 'arith.constant'}}
plan.step @step {
  %0 = arith.constant 1 : index
  plan.end
}

// -----

plan.step @step {
  // expected-error @+1 {{expects 'nothing' to be a plan.stage}}
  plan.run @nothing
  plan.end
}

// -----

func.func @barrier(%f: !llvm.ptr) {
  // expected-error @+1 {{expects no operands, or a function and its state, got 1}}
  plan.barrier %f : !llvm.ptr
  return
}

// -----

plan.step @step {
  // expected-error @+1 {{expects a region for each of 1 bodies, got 0}}
  plan.layers [@a] schedule [#trafo.layer<@a, []>] do
  plan.end
}

// -----

plan.step @step {
  // expected-error @+1 {{expects layers with one of the bodies}}
  plan.layers [@a] schedule [#trafo.layer<@b, []>] do {
  ^bb0(%layer: index):
    plan.end
  }
  plan.end
}

// -----

func.func @sums(%w: memref<64xi8>, %x: memref<4x64xf32>, %i: index, %v: vector<16xf32>) {
  // expected-error @+1 {{expects 2 sums and results, got 1 and 1}}
  %0 = plan.block_contract "f32" <rows = 16> f32 groups 1 tokens 2 columns 1 stride 64 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<64xi8> acts(%x : memref<4x64xf32>)[%i, %i] -> vector<16xf32>
  return
}

// -----

func.func @acts(%w: memref<64xi8>, %x: memref<4x64xf32>, %i: index, %v: vector<16xf32>) {
  // expected-error @+1 {{expects 4 activation buffers, got 1}}
  %0 = plan.block_contract "q4_1" <rows = 16, lane = 4, planes = [4]> i8_g32 groups 1 tokens 1 columns 32 stride 64 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<64xi8> acts(%x : memref<4x64xf32>)[%i, %i] -> vector<16xf32>
  return
}

// -----

func.func @acts_of_digits(%w: memref<320xi8>, %q: memref<2x2x4x32xi8>, %d: memref<2x2x4xf32>, %n: memref<2x2x4x2xi16>, %i: index, %v: vector<16xf32>) {
  // expected-error @+1 {{expects 6 activation buffers, got 4}}
  %0 = plan.block_contract "q4_1" <rows = 16, lane = 4, planes = [4]> i8x2_g32 groups 1 tokens 1 columns 32 stride 320 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<320xi8> acts(%q, %d, %d, %n : memref<2x2x4x32xi8>, memref<2x2x4xf32>, memref<2x2x4xf32>, memref<2x2x4x2xi16>)[%i, %i] -> vector<16xf32>
  return
}

// -----

func.func @block_contract_c3(%w: memref<4096xi8>, %q: memref<2x16x4x32xi8>, %d: memref<2x16x4xf32>, %n: memref<2x16x4x2xi16>, %i: index,
                             %v: vector<16xf32>) -> vector<16xf32> {
  // expected-error @+1 {{expects a storage format, got 'q4_2'}}
  %0 = plan.block_contract "q4_2" <rows = 16, lane = 4, planes = [4]> i8_g32 groups 1 tokens 1 columns 32 stride 4096 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<4096xi8> acts(%q, %d, %d, %n : memref<2x16x4x32xi8>, memref<2x16x4xf32>, memref<2x16x4xf32>, memref<2x16x4x2xi16>)[%i, %i]
       -> vector<16xf32>
  return %0 : vector<16xf32>
}

// -----

func.func @block_contract_c3(%w: memref<4096xi8>, %q: memref<2x16x4x32xi8>, %d: memref<2x16x4xf32>, %n: memref<2x16x4x2xi16>, %i: index,
                             %v: vector<16xf32>) -> vector<16xf32> {
  // expected-error @+1 {{has a layout that q6_k does not fit: q6_k expects planes of 6 bits together and no bias, got 4 bits and bias 0}}
  %0 = plan.block_contract "q6_k" <rows = 16, lane = 4, planes = [4]> i8_g32 groups 1 tokens 1 columns 256 stride 4096 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<4096xi8> acts(%q, %d, %d, %n : memref<2x16x4x32xi8>, memref<2x16x4xf32>, memref<2x16x4xf32>, memref<2x16x4x2xi16>)[%i, %i]
       -> vector<16xf32>
  return %0 : vector<16xf32>
}

// -----

func.func @block_contract_c3(%w: memref<4096xi8>, %q: memref<2x16x4x32xi8>, %d: memref<2x16x4xf32>, %n: memref<2x16x4x2xi16>, %i: index,
                             %v: vector<16xf32>) -> vector<16xf32> {
  // expected-error @+1 {{has a layout that q4_k does not fit: expects tiles of 16 rows and lanes of 4 columns}}
  %0 = plan.block_contract "q4_k" <rows = 8, lane = 4, planes = [4]> i8_g32 groups 1 tokens 1 columns 256 stride 4096 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<4096xi8> acts(%q, %d, %d, %n : memref<2x16x4x32xi8>, memref<2x16x4xf32>, memref<2x16x4xf32>, memref<2x16x4x2xi16>)[%i, %i]
       -> vector<16xf32>
  return %0 : vector<16xf32>
}

// -----

func.func @block_contract_c3(%w: memref<4096xi8>, %q: memref<2x16x4x32xi8>, %d: memref<2x16x4xf32>, %n: memref<2x16x4x2xi16>, %i: index,
                             %v: vector<16xf32>) -> vector<16xf32> {
  // expected-error @+1 {{has a layout that q8_0 does not fit: expects planes, or bytes with a bias of 128}}
  %0 = plan.block_contract "q8_0" <rows = 16, lane = 4> i8_g32 groups 1 tokens 1 columns 32 stride 4096 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<4096xi8> acts(%q, %d, %d, %n : memref<2x16x4x32xi8>, memref<2x16x4xf32>, memref<2x16x4xf32>, memref<2x16x4x2xi16>)[%i, %i]
       -> vector<16xf32>
  return %0 : vector<16xf32>
}

// -----

func.func @block_contract_c3(%w: memref<4096xi8>, %q: memref<2x16x4x32xi8>, %d: memref<2x16x4xf32>, %n: memref<2x16x4x2xi16>, %i: index,
                             %v: vector<16xf32>) -> vector<16xf32> {
  // expected-error @+1 {{has a layout that q4_k does not fit: expects one block of 256 columns, got 512}}
  %0 = plan.block_contract "q4_k" <rows = 16, lane = 4, planes = [4]> i8_g32 groups 1 tokens 1 columns 512 stride 4096 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<4096xi8> acts(%q, %d, %d, %n : memref<2x16x4x32xi8>, memref<2x16x4xf32>, memref<2x16x4xf32>, memref<2x16x4x2xi16>)[%i, %i]
       -> vector<16xf32>
  return %0 : vector<16xf32>
}

// -----

func.func @block_contract_c5(%w: memref<4096xi8>, %q: memref<2x2x4x32xi8>, %d: memref<2x2x4xf32>, %s: memref<2x2x4xf32>, %n: memref<2x2x4x2xi16>, %i: index,
                             %v: vector<16xf32>) -> vector<16xf32> {
  // expected-error @+1 {{expects weights that i8_g32 activations can be multiplied with, got i8_row}}
  %0 = plan.block_contract "i8_row" <rows = 16, lane = 4, bias = 128> i8_g32 groups 1 tokens 1 columns 64 stride 4096 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<4096xi8> acts(%q, %d, %s, %n : memref<2x2x4x32xi8>, memref<2x2x4xf32>, memref<2x2x4xf32>, memref<2x2x4x2xi16>)[%i, %i]
       -> vector<16xf32>
  return %0 : vector<16xf32>
}

// -----

func.func @block_contract_c5(%w: memref<4096xi8>, %q: memref<2x2x4x32xi8>, %d: memref<2x2x4xf32>, %s: memref<2x2x4xi32>, %n: memref<2x2x4x2xi16>, %i: index,
                             %v: vector<16xf32>) -> vector<16xf32> {
  // expected-error @+1 {{expects weights that i8_row activations can be multiplied with, got q8_0}}
  %0 = plan.block_contract "q8_0" <rows = 16, lane = 4, bias = 128> i8_row groups 1 tokens 1 columns 32 stride 4096 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<4096xi8> acts(%q, %d, %s, %n : memref<2x2x4x32xi8>, memref<2x2x4xf32>, memref<2x2x4xi32>, memref<2x2x4x2xi16>)[%i, %i]
       -> vector<16xf32>
  return %0 : vector<16xf32>
}

// -----

func.func @block_contract_c5(%w: memref<4096xi8>, %x: memref<4x64xbf16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
  // expected-error @+1 {{expects weights that bf16_g32 activations can be multiplied with, got f16}}
  %0 = plan.block_contract "f16" <rows = 16, lane = 2> bf16_g32 groups 1 tokens 1 columns 64 stride 2048 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<4096xi8> acts(%x : memref<4x64xbf16>)[%i, %i] -> vector<16xf32>
  return %0 : vector<16xf32>
}

// -----

func.func @block_contract_c6(%w: memref<4096xi8>, %x: memref<4x64xbf16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
  // expected-error @+1 {{expects lanes of 2 and a multiple of 32 columns for bf16_g32, got 1 and 64}}
  %0 = plan.block_contract "bf16" <rows = 16> bf16_g32 groups 1 tokens 1 columns 64 stride 2048 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<4096xi8> acts(%x : memref<4x64xbf16>)[%i, %i] -> vector<16xf32>
  return %0 : vector<16xf32>
}

// -----

func.func @block_contract_c6(%w: memref<4096xi8>, %x: memref<4x48xbf16>, %i: index, %v: vector<16xf32>) -> vector<16xf32> {
  // expected-error @+1 {{expects lanes of 2 and a multiple of 32 columns for bf16_g32, got 2 and 48}}
  %0 = plan.block_contract "bf16" <rows = 16, lane = 2> bf16_g32 groups 1 tokens 1 columns 48 stride 1536 sums(%v : vector<16xf32>)
       weights %w[%i] : memref<4096xi8> acts(%x : memref<4x48xbf16>)[%i, %i] -> vector<16xf32>
  return %0 : vector<16xf32>
}

// -----

// contract_c4
func.func @road_of_the_weight(%x: memref<4x64xf32>, %i: index) {
  %0 = plan.prepare none %x[%i, %i] : memref<4x64xf32> -> !plan.panel<4x64xf32>
  %w = plan.weight @w : !trafo.weight<32x64xbf16>
  // expected-error @+1 {{cannot take the library road f32_tiles: expects a weight in f32, got bf16}}
  plan.contract %0 rows %i, %w units %i to %i groups 1 library f32_tiles : !plan.panel<4x64xf32>, !trafo.weight<32x64xbf16> {
  ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
    plan.end
  }
  return
}

// -----

// contract_c4
func.func @road_of_the_panel(%x: memref<4x64xf32>, %i: index) {
  %0 = plan.prepare none %x[%i, %i] : memref<4x64xf32> -> !plan.panel<4x64xf32>
  %w = plan.weight @w : !trafo.weight<32x64xbf16>
  // expected-error @+1 {{cannot take the library road bf16_tiles: expects bf16 activations, got f32}}
  plan.contract %0 rows %i, %w units %i to %i groups 1 library bf16_tiles : !plan.panel<4x64xf32>, !trafo.weight<32x64xbf16> {
  ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
    plan.end
  }
  return
}

// -----

// contract_c4
func.func @road_of_int8_by_rows(%x: memref<4x64xf32>, %i: index) {
  %0 = plan.prepare none %x[%i, %i] : memref<4x64xf32> -> !plan.panel<4x64xi8_g32>
  %w = plan.weight @w : !trafo.weight<32x64xq8_0>
  // expected-error @+1 {{cannot take the library road u7_rows: expects a weight in i8_row, got q8_0}}
  plan.contract %0 rows %i, %w units %i to %i groups 1 library u7_rows : !plan.panel<4x64xi8_g32>, !trafo.weight<32x64xq8_0> {
  ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
    plan.end
  }
  return
}

// -----

// library_matmul_c1
func.func @matmul_sums(%x: memref<4x64xi8>, %w: memref<64xi8>, %y: memref<4x16xf32>, %i: index) {
  // expected-error @+1 {{expects rows of 'i8' and as many of 'i32', got 'memref<4x64xi8>' and 'memref<4x16xf32>'}}
  plan.library_matmul i8_rows %x rows %i weights %w[%i] columns %i to %y : memref<4x64xi8>, memref<64xi8>, memref<4x16xf32>
  return
}

// -----

// library_matmul_c1
func.func @matmul_rows(%x: memref<4x64xf32>, %w: memref<64xi8>, %y: memref<8x16xf32>, %i: index) {
  // expected-error @+1 {{expects rows of 'f32' and as many of 'f32', got 'memref<4x64xf32>' and 'memref<8x16xf32>'}}
  plan.library_matmul f32_rows %x rows %i weights %w[%i] columns %i to %y : memref<4x64xf32>, memref<64xi8>, memref<8x16xf32>
  return
}

// -----

// library_matmul_c2
func.func @matmul_depth(%x: memref<4x48xbf16>, %w: memref<64xi8>, %y: memref<4x16xf32>, %i: index) {
  // expected-error @+1 {{expects multiples of 32 and 16 columns, got 48 and 16}}
  plan.library_matmul bf16_tiles %x rows %i weights %w[%i] columns %i to %y : memref<4x48xbf16>, memref<64xi8>, memref<4x16xf32>
  return
}

// -----

// library_matmul_c3
func.func @matmul_form(%x: memref<4x64xf32>, %w: memref<64xi8>, %y: memref<4x16xf32>, %i: index) {
  // expected-error @+1 {{expects a form other than none}}
  plan.library_matmul none %x rows %i weights %w[%i] columns %i to %y : memref<4x64xf32>, memref<64xi8>, memref<4x16xf32>
  return
}

// -----

// library_matmul_c4
func.func @matmul_call(%x: memref<4x64xf32>, %w: memref<64xi8>, %y: memref<4x16xf32>, %i: index) {
  // expected-error @+1 {{expects the library's table and the worker, or neither}}
  plan.library_matmul f32_rows %x rows %i weights %w[%i] columns %i to %y worker %i : memref<4x64xf32>, memref<64xi8>, memref<4x16xf32>
  return
}

// -----

func.func @block_contract_c4(%w: memref<4096xi8>, %q: memref<2x16x4x32xi8>, %d: memref<2x16x4xf32>, %n: memref<2x16x4x2xi16>, %i: index,
                             %v: vector<16xf32>) -> vector<16xf32> {
  // expected-error @+1 {{expects tokens that divide the rows of codes [tiles, groups, rows, 32], got 3}}
  %0:3 = plan.block_contract "q4_1" <rows = 16, lane = 4, planes = [4]> i8_g32 groups 1 tokens 3 columns 32 stride 4096
       sums(%v, %v, %v : vector<16xf32>, vector<16xf32>, vector<16xf32>)
       weights %w[%i] : memref<4096xi8> acts(%q, %d, %d, %n : memref<2x16x4x32xi8>, memref<2x16x4xf32>, memref<2x16x4xf32>, memref<2x16x4x2xi16>)[%i, %i]
       -> vector<16xf32>, vector<16xf32>, vector<16xf32>
  return %0#0 : vector<16xf32>
}

// -----

// kv_store_c1
func.func @store_to_codes(%x: vector<16xf32>, %kv: memref<1x2x1x2x1280xi8>, %i: index) {
  // expected-error @+1 {{expects a pool of floats in heads of 16, got 'memref<1x2x1x2x1280xi8>'}}
  plan.kv_store %x, %kv[%i, %i, %i] {head_size = 16 : i64, is_key = true} : memref<1x2x1x2x1280xi8>
  return
}

// -----

// kv_store_c1
func.func @store_to_other_heads(%x: vector<16xf32>, %kv: memref<1x2x1x2x1024xf16>, %i: index) {
  // expected-error @+1 {{expects a pool of floats in heads of 32, got 'memref<1x2x1x2x1024xf16>'}}
  plan.kv_store %x, %kv[%i, %i, %i] {head_size = 32 : i64, is_key = true} : memref<1x2x1x2x1024xf16>
  return
}

// -----

// kv_quantize_c1
func.func @quantize_to_floats(%x: memref<4x16xf32>, %kv: memref<1x2x1x2x1024xf16>, %i: index) {
  // expected-error @+1 {{expects a pool of codes and scales in heads of 16, got 'memref<1x2x1x2x1024xf16>'}}
  plan.kv_quantize %x units %i to %i, %kv[%i] {head_size = 16 : i64, is_key = true} : memref<4x16xf32>, memref<1x2x1x2x1024xf16>
  return
}

// -----

// kv_quantize_c1: no scales.
func.func @quantize_without_scales(%x: memref<4x16xf32>, %kv: memref<1x2x1x2x1024xi8>, %i: index) {
  // expected-error @+1 {{expects a pool of codes and scales in heads of 16, got 'memref<1x2x1x2x1024xi8>'}}
  plan.kv_quantize %x units %i to %i, %kv[%i] {head_size = 16 : i64, is_key = true} : memref<4x16xf32>, memref<1x2x1x2x1024xi8>
  return
}

// -----

// kv_quantize_c1: four groups of 8.
func.func @quantize_in_small_groups(%x: memref<4x32xf32>, %kv: memref<1x2x1x2x3072xi8>, %i: index) {
  // expected-error @+1 {{expects a pool of codes and scales in heads of 32, got 'memref<1x2x1x2x3072xi8>'}}
  plan.kv_quantize %x units %i to %i, %kv[%i] {head_size = 32 : i64, is_key = true} : memref<4x32xf32>, memref<1x2x1x2x3072xi8>
  return
}

// -----

// kv_quantize_c2
func.func @quantize_other_columns(%x: memref<4x48xf32>, %kv: memref<1x2x2x2x1280xi8>, %i: index) {
  // expected-error @+1 {{expects rows of 32 f32, got 'memref<4x48xf32>'}}
  plan.kv_quantize %x units %i to %i, %kv[%i] {head_size = 16 : i64, is_key = true} : memref<4x48xf32>, memref<1x2x2x2x1280xi8>
  return
}

// -----

// attention_c2
func.func @attention_of_other_heads(%x: memref<4x64xf32>, %kv: memref<1x2x2x2x1280xi8>, %i: index) {
  // expected-error @+1 {{expects a pool of 1 KV heads of 16, got 'memref<1x2x2x2x1280xi8>'}}
  plan.attention %x, %kv[%i] to %x {head_size = 16 : i64, heads = 4 : i64, kv_heads = 1 : i64, scale = 2.5e-01 : f32} : memref<4x64xf32>, memref<1x2x2x2x1280xi8>, memref<4x64xf32>
  return
}

// -----

// expected-error @+1 {{expects tile_tokens to be a power of two, got 6}}
module attributes {plan.target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = maddubs, tile_tokens = 6, tile_groups = 1, panel_rows = 64, prefetch_bytes = 0>} {}

// -----

// expected-error @+1 {{expects tile_tokens from 1 to 64, got 128}}
module attributes {plan.target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = maddubs, tile_tokens = 128, tile_groups = 1, panel_rows = 64, prefetch_bytes = 0>} {}

// -----

// expected-error @+1 {{expects tile_groups from 1 to 64, got 0}}
module attributes {plan.target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = maddubs, tile_tokens = 4, tile_groups = 0, panel_rows = 64, prefetch_bytes = 0>} {}

// -----

// expected-error @+1 {{expects panel_rows from 1 to 8192, got 0}}
module attributes {plan.target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = maddubs, tile_tokens = 4, tile_groups = 1, panel_rows = 0, prefetch_bytes = 0>} {}

// -----

// expected-error @+1 {{expects prefetch_bytes from 0 to 1048576, got -1}}
module attributes {plan.target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = maddubs, tile_tokens = 4, tile_groups = 1, panel_rows = 64, prefetch_bytes = -1>} {}

// -----

// expected-error @+1 {{expects float_tokens from 1 to 64, got 65}}
module attributes {plan.target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = maddubs, tile_tokens = 4, tile_groups = 1, panel_rows = 64, prefetch_bytes = 0, float_tokens = 65>} {}

// -----

// expected-error @+1 {{expects pair_tokens from 1 to 16, got 17}}
module attributes {plan.target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = tdpbf16ps, tile_tokens = 4, tile_groups = 1, panel_rows = 64, prefetch_bytes = 0, pair_tokens = 17>} {}
