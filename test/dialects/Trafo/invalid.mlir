// One case or more for each numbered constraint, under its label in dialects/Trafo/IR (test_constraint_labels.py
// compares the two).
// RUN: trafo-opt %s -split-input-file -verify-diagnostics

// weight_type_c1
// expected-error @+1 {{expects a weight of 1 or 2 dimensions, got 3}}
func.func private @f(!trafo.weight<2x3x4xf32>)

// -----

// weight_type_c1
// expected-error @+1 {{expects positive dimensions, got 0}}
func.func private @f(!trafo.weight<0x4xf32>)

// -----

// weight_type_c2
// expected-error @+1 {{expects the last dimension to be a multiple of the 32 elements of a block of q4_1, got 48}}
func.func private @f(!trafo.weight<4x48xq4_1>)

// -----

// weight_type_format
// expected-error @+1 {{expects a storage format of include/trafo/Formats.h, got 'q9_9'}}
func.func private @f(!trafo.weight<4x48xq9_9>)

// -----

// weight_type_c2
// expected-error @+1 {{expects at most 131072 columns of i8_row, got 131104}}
func.func private @f(!trafo.weight<4x131104xi8_row>)

// -----

// weight_type_c3
// expected-error @+1 {{expects at most 2^48 elements}}
func.func private @f(!trafo.weight<4294967296x4294967296xf32>)

// -----

// kv_type_c1
// expected-error @+1 {{expects positive dimensions, got 2x0x16}}
func.func private @f(!trafo.kv<2x0x16xf16>)

// -----

// kv_type_c1
// expected-error @+1 {{expects layers x kv heads x head size, got 2 dimensions}}
func.func private @f(!trafo.kv<2x16xf16>)

// -----

// kv_type_c2
// expected-error @+1 {{expects groups of int8 that divide the head size 16, got int8 in groups of 12}}
func.func private @f(!trafo.kv<2x2x16xint8_g12>)

// -----

// kv_type_c2
// expected-error @+1 {{expects groups of int8 that divide the head size 16, got f16 in groups of 16}}
func.func private @f(!trafo.kv<2x2x16xf16_g16>)

// -----

// A cache's formats are not those of weights.
// expected-error @+1 {{expects f32, f16, bf16, int8 or int8_g<elements>, got 'q8_0'}}
func.func private @f(!trafo.kv<2x2x32xq8_0>)

// -----

// expected-error @+1 {{expects f32, f16, bf16, int8 or int8_g<elements>, got 'int8_g0'}}
func.func private @f(!trafo.kv<2x2x32xint8_g0>)

// -----

// kv_type_c3
// expected-error @+1 {{expects at most 2^48 elements}}
func.func private @f(!trafo.kv<4294967296x1x4294967296xf16>)

// -----

// config_attr_c1
// expected-error @+1 {{expects max_context to be a positive multiple of 64, got 100}}
func.func private @f() attributes {a = #trafo.config<max_context = 100, max_rows = 1, max_outputs = 1, max_sequences = 1, max_workers = 1>}

// -----

// config_attr_c2
// expected-error @+1 {{expects positive bounds with max_outputs at most max_rows, got max_rows 4, max_outputs 8, max_sequences 1, max_workers 1}}
func.func private @f() attributes {a = #trafo.config<max_context = 64, max_rows = 4, max_outputs = 8, max_sequences = 1, max_workers = 1>}

// -----

// config_attr_c3
// expected-error @+1 {{expects bounds of at most 2147483647}}
func.func private @f() attributes {a = #trafo.config<max_context = 4294967296, max_rows = 1, max_outputs = 1, max_sequences = 1, max_workers = 1>}

// -----

// rope_attr_c1
// expected-error @+1 {{expects even dims, got 15}}
func.func private @f() attributes {a = #trafo.rope<dims = 15, base = 1.0e4>}

// -----

// rope_attr_c2
// expected-error @+1 {{expects base > 0 and factor > 0, got}}
func.func private @f() attributes {a = #trafo.rope<dims = 16, base = -1.0>}

// -----

// rope_attr_c3
// expected-error @+1 {{expects original_context > 0 under yarn scaling, got 0}}
func.func private @f() attributes {a = #trafo.rope<dims = 16, base = 1.0e4, scaling = yarn, factor = 2.0>}

// -----

// weight_c1
// expected-error @+1 {{expects either a source or a recipe, got neither}}
trafo.weight @w : !trafo.weight<4x8xf32>

// -----

// weight_c1
trafo.weight @a : !trafo.weight<4x8xf32> from #trafo.splat<1.0>
// expected-error @+1 {{expects either a source or a recipe, got both}}
trafo.weight @w : !trafo.weight<4x8xf32> from #trafo.splat<1.0> recipe {
  %0 = trafo.get @a : !trafo.weight<4x8xf32>
  trafo.yield %0 : !trafo.weight<4x8xf32>
}

// -----

// weight_c2
trafo.weight @a : !trafo.weight<4x8xf16> from #trafo.splat<1.0>
// expected-error @+1 {{expects a recipe that yields '!trafo.weight<4x8xf32>', got '!trafo.weight<4x8xf16>'}}
trafo.weight @w : !trafo.weight<4x8xf32> recipe {
  %0 = trafo.get @a : !trafo.weight<4x8xf16>
  trafo.yield %0 : !trafo.weight<4x8xf16>
}

// -----

// weight_c2
// expected-error @+1 {{expects a recipe of one block without arguments}}
trafo.weight @w : !trafo.weight<4x8xf32> recipe {
^bb0(%0: !trafo.weight<4x8xf32>):
  trafo.yield %0 : !trafo.weight<4x8xf32>
}

// -----

// weight_c3
// expected-error @+1 {{expects a file source with a path, got an empty one}}
trafo.weight @w : !trafo.weight<4x8xf32> from #trafo.file<"", 0>

// -----

// weight_c4
// expected-error @+1 {{expects a source of #trafo.file, #trafo.random or #trafo.splat, got 1 : i64}}
trafo.weight @w : !trafo.weight<4x8xf32> from 1

// -----

// get_c1
func.func @f() {
  // expected-error @+1 {{expects the symbol of a trafo.weight, got @nothing}}
  %0 = trafo.get @nothing : !trafo.weight<4x8xf32>
  return
}

// -----

// get_c1
// expected-note @+1 {{the weight}}
trafo.weight @w : !trafo.weight<4x8xf32> from #trafo.splat<1.0>
func.func @f() {
  // expected-error @+1 {{expects the type of @w, '!trafo.weight<4x8xf32>', got '!trafo.weight<4x8xf16>'}}
  %0 = trafo.get @w : !trafo.weight<4x8xf16>
  return
}

// -----

// concat_c1
func.func @f(%a: !trafo.weight<4x8xf32>, %b: !trafo.weight<4x8xf16>) {
  // expected-error @+1 {{expects weights of the format and columns of the result '!trafo.weight<8x8xf32>', got '!trafo.weight<4x8xf16>'}}
  %0 = trafo.concat %a, %b : (!trafo.weight<4x8xf32>, !trafo.weight<4x8xf16>) -> !trafo.weight<8x8xf32>
  return
}

// -----

// concat_c2
func.func @f(%a: !trafo.weight<4x8xf32>) {
  // expected-error @+1 {{expects a result of 8 rows, the sum of the inputs', got '!trafo.weight<9x8xf32>'}}
  %0 = trafo.concat %a, %a : (!trafo.weight<4x8xf32>, !trafo.weight<4x8xf32>) -> !trafo.weight<9x8xf32>
  return
}

// -----

// concat_c3
func.func @f() {
  // expected-error @+1 {{expects at least one weight, got none}}
  %0 = "trafo.concat"() : () -> !trafo.weight<8x8xf32>
  return
}

// -----

// interleave_c1
func.func @f(%a: !trafo.weight<32x8xf32>, %b: !trafo.weight<16x8xf32>) {
  // expected-error @+1 {{expects two weights of one type, got '!trafo.weight<32x8xf32>' and '!trafo.weight<16x8xf32>'}}
  %0 = trafo.interleave %a, %b by 16 : (!trafo.weight<32x8xf32>, !trafo.weight<16x8xf32>) -> !trafo.weight<48x8xf32>
  return
}

// -----

// interleave_c2
func.func @f(%a: !trafo.weight<24x8xf32>) {
  // expected-error @+1 {{expects rows that are a multiple of the chunk 16, got '!trafo.weight<24x8xf32>'}}
  %0 = trafo.interleave %a, %a by 16 : (!trafo.weight<24x8xf32>, !trafo.weight<24x8xf32>) -> !trafo.weight<48x8xf32>
  return
}

// -----

// interleave_c3
func.func @f(%a: !trafo.weight<32x8xf32>) {
  // expected-error @+1 {{expects a result of twice the rows of '!trafo.weight<32x8xf32>', got '!trafo.weight<32x8xf32>'}}
  %0 = trafo.interleave %a, %a by 16 : (!trafo.weight<32x8xf32>, !trafo.weight<32x8xf32>) -> !trafo.weight<32x8xf32>
  return
}

// -----

// pair_rows_c1
func.func @f(%a: !trafo.weight<24x8xf32>) {
  // expected-error @+1 {{expects rows that are a multiple of the head size 16, got '!trafo.weight<24x8xf32>'}}
  %0 = trafo.pair_rows %a heads 16 dims 16 : !trafo.weight<24x8xf32>
  return
}

// -----

// pair_rows_c2
func.func @f(%a: !trafo.weight<32x8xf32>) {
  // expected-error @+1 {{expects dims even and at most the head size 16, got 18}}
  %0 = trafo.pair_rows %a heads 16 dims 18 : !trafo.weight<32x8xf32>
  return
}

// -----

// pair_rows_c3
func.func @f(%a: !trafo.weight<32xq8_0>) {
  // expected-error @+1 {{expects a vector of a float format, got '!trafo.weight<32xq8_0>'}}
  %0 = trafo.pair_rows %a heads 16 dims 16 : !trafo.weight<32xq8_0>
  return
}

// -----

// pad_rows_c1
func.func @f(%a: !trafo.weight<32x8xf32>) {
  // expected-error @+1 {{expects a result of the format and columns of '!trafo.weight<32x8xf32>' and at least as many rows, got '!trafo.weight<16x8xf32>'}}
  %0 = trafo.pad_rows %a : (!trafo.weight<32x8xf32>) -> !trafo.weight<16x8xf32>
  return
}

// -----

// pad_rows_c2
func.func @f(%a: !trafo.weight<40x8xf32>) {
  // expected-error @+1 {{expects rows that are multiples of the 2 parts, got '!trafo.weight<40x8xf32>' and '!trafo.weight<63x8xf32>'}}
  %0 = trafo.pad_rows %a parts 2 : (!trafo.weight<40x8xf32>) -> !trafo.weight<63x8xf32>
  return
}

// -----

// scale_c1
func.func @f(%a: !trafo.weight<4x32xq8_0>) {
  // expected-error @+1 {{expects a weight of a float format, got '!trafo.weight<4x32xq8_0>'}}
  %0 = trafo.scale %a by 2.0 : !trafo.weight<4x32xq8_0>
  return
}

// -----

// quantize_c1
func.func @f(%a: !trafo.weight<4x32xf32>) {
  // expected-error @+1 {{expects equal shapes, got '!trafo.weight<4x32xf32>' and '!trafo.weight<8x32xq8_0>'}}
  %0 = trafo.quantize %a : !trafo.weight<4x32xf32> to !trafo.weight<8x32xq8_0>
  return
}

// -----

// quantize_c2
func.func @f(%a: !trafo.weight<4x32xf32>) {
  // expected-error @+1 {{expects a result of f32, f16, bf16, q4_0, q4_1, q8_0 or i8_row, got '!trafo.weight<4x32xq5_0>'}}
  %0 = trafo.quantize %a : !trafo.weight<4x32xf32> to !trafo.weight<4x32xq5_0>
  return
}

// -----

// rope_table_c1
func.func @f() {
  // expected-error @+1 {{expects a matrix of f32 with 2 x head size columns, head size at least 16, got '!trafo.weight<64x16xf32>'}}
  %0 = trafo.rope_table <dims = 16, base = 1.0e4> : !trafo.weight<64x16xf32>
  return
}

// -----

// rope_table_c2
func.func @f(%a: !trafo.weight<16xf32>) {
  // expected-error @+1 {{expects factors of shape [8], got '!trafo.weight<16xf32>'}}
  %0 = trafo.rope_table <dims = 16, base = 1.0e4> factors %a : !trafo.weight<16xf32> : !trafo.weight<64x32xf32>
  return
}

// -----

// embedding_c1
func.func @f(%r: !trafo.rows, %a: !trafo.weight<4x8xf32>) {
  // expected-error @+1 {{expects a result of 8 columns, got 'tensor<?x9xf32>'}}
  %0 = trafo.embedding %r, %a : (!trafo.rows, !trafo.weight<4x8xf32>) -> tensor<?x9xf32>
  return
}

// -----

// embedding_c1
func.func @f(%r: !trafo.rows, %a: !trafo.weight<8xf32>) {
  // expected-error @+1 {{expects a table of 2 dimensions, got '!trafo.weight<8xf32>'}}
  %0 = trafo.embedding %r, %a : (!trafo.rows, !trafo.weight<8xf32>) -> tensor<?x8xf32>
  return
}

// -----

// rms_norm_c1
func.func @f(%x: tensor<?x8xf32>, %w: !trafo.weight<4xf32>) {
  // expected-error @+1 {{expects weight of shape [8], got '!trafo.weight<4xf32>'}}
  %0 = trafo.rms_norm %x, %w eps 1.0e-5 : tensor<?x8xf32>, !trafo.weight<4xf32>
  return
}

// -----

// rms_norm_c2
func.func @f(%x: tensor<?x8xf32>, %w: !trafo.weight<8xf32>) {
  // expected-error @+1 {{expects eps > 0, got}}
  %0 = trafo.rms_norm %x, %w eps 0.0 : tensor<?x8xf32>, !trafo.weight<8xf32>
  return
}

// -----

// layer_norm_c1
func.func @f(%x: tensor<?x8xf32>, %w: !trafo.weight<8xf32>, %b: !trafo.weight<4xf32>) {
  // expected-error @+1 {{expects bias of shape [8], got '!trafo.weight<4xf32>'}}
  %0 = trafo.layer_norm %x, %w bias %b : !trafo.weight<4xf32> eps 1.0e-5 : tensor<?x8xf32>, !trafo.weight<8xf32>
  return
}

// -----

// layer_norm_c2
func.func @f(%x: tensor<?x8xf32>, %w: !trafo.weight<8xf32>) {
  // expected-error @+1 {{expects eps > 0, got}}
  %0 = trafo.layer_norm %x, %w eps -1.0 : tensor<?x8xf32>, !trafo.weight<8xf32>
  return
}

// -----

// add_rms_norm_c1
func.func @f(%x: tensor<?x8xf32>, %w: !trafo.weight<4xf32>) {
  // expected-error @+1 {{expects weight of shape [8], got '!trafo.weight<4xf32>'}}
  %0 = trafo.add_rms_norm %x, %x, %w eps 1.0e-5 : tensor<?x8xf32>, !trafo.weight<4xf32>
  return
}

// -----

// add_rms_norm_c2
func.func @f(%x: tensor<?x8xf32>, %w: !trafo.weight<8xf32>) {
  // expected-error @+1 {{expects eps > 0, got}}
  %0 = trafo.add_rms_norm %x, %x, %w eps 0x7F800000 : tensor<?x8xf32>, !trafo.weight<8xf32>
  return
}

// -----

// linear_c1
func.func @f(%x: tensor<?x8xf32>, %w: !trafo.weight<4x16xf32>) {
  // expected-error @+1 {{expects a weight with the input's 8 columns, got '!trafo.weight<4x16xf32>'}}
  %0 = trafo.linear %x, %w : tensor<?x8xf32>, !trafo.weight<4x16xf32> -> tensor<?x4xf32>
  return
}

// -----

// linear_c2
func.func @f(%x: tensor<?x8xf32>, %w: !trafo.weight<4x8xf32>) {
  // expected-error @+1 {{expects a result of 4 columns, got 'tensor<?x5xf32>'}}
  %0 = trafo.linear %x, %w : tensor<?x8xf32>, !trafo.weight<4x8xf32> -> tensor<?x5xf32>
  return
}

// -----

// linear_c3
func.func @f(%x: tensor<?x8xf32>, %w: !trafo.weight<4x8xf32>, %b: !trafo.weight<8xf32>) {
  // expected-error @+1 {{expects bias of shape [4], got '!trafo.weight<8xf32>'}}
  %0 = trafo.linear %x, %w bias %b : !trafo.weight<8xf32> : tensor<?x8xf32>, !trafo.weight<4x8xf32> -> tensor<?x4xf32>
  return
}

// -----

// linear_c4
func.func @f(%x: tensor<3x8xf32>, %w: !trafo.weight<4x8xf32>) {
  // expected-error @+1 {{expects as many rows in the result as in the input 'tensor<3x8xf32>', got 'tensor<2x4xf32>'}}
  %0 = trafo.linear %x, %w : tensor<3x8xf32>, !trafo.weight<4x8xf32> -> tensor<2x4xf32>
  return
}

// -----

// rope_c1
func.func @f(%x: tensor<?x32xf32>, %r: !trafo.rows) {
  // expected-error @+1 {{expects an input of 4 heads x 16 columns, got 'tensor<?x32xf32>'}}
  %0 = trafo.rope %x, %r heads 4 x 16 <dims = 16, base = 1.0e4> : tensor<?x32xf32>
  return
}

// -----

// rope_c2
func.func @f(%x: tensor<?x32xf32>, %r: !trafo.rows) {
  // expected-error @+1 {{expects rope dims of at most the head size 16, got 18}}
  %0 = trafo.rope %x, %r heads 2 x 16 <dims = 18, base = 1.0e4> : tensor<?x32xf32>
  return
}

// -----

// rope_c3
func.func @f(%x: tensor<?x32xf32>, %r: !trafo.rows, %w: !trafo.weight<16xf32>) {
  // expected-error @+1 {{expects factors of shape [8], got '!trafo.weight<16xf32>'}}
  %0 = trafo.rope %x, %r factors %w : !trafo.weight<16xf32> heads 2 x 16 <dims = 16, base = 1.0e4> : tensor<?x32xf32>
  return
}

// -----

// kv_write_c1
func.func @f(%kv: !trafo.kv<2x2x16xf16>, %l: index, %r: !trafo.rows, %k: tensor<?x32xf32>, %v: tensor<?x16xf32>) {
  // expected-error @+1 {{expects values of 32 columns, got 'tensor<?x16xf32>'}}
  trafo.kv_write %kv[%l], %k, %v, %r : !trafo.kv<2x2x16xf16>, tensor<?x32xf32>, tensor<?x16xf32>
  return
}

// -----

// kv_write_c2
func.func @f(%kv: !trafo.kv<2x2x16xf16>, %l: index, %r: !trafo.rows, %k: tensor<3x32xf32>, %v: tensor<2x32xf32>) {
  // expected-error @+1 {{expects as many rows of keys as of values, got 'tensor<3x32xf32>' and 'tensor<2x32xf32>'}}
  trafo.kv_write %kv[%l], %k, %v, %r : !trafo.kv<2x2x16xf16>, tensor<3x32xf32>, tensor<2x32xf32>
  return
}

// -----

// attention_c1
func.func @f(%kv: !trafo.kv<2x2x16xf16>, %l: index, %r: !trafo.rows, %q: tensor<?x48xf32>) {
  // expected-error @+1 {{expects heads to be a multiple of the cache's 2, got 3}}
  %0 = trafo.attention %q, %kv[%l], %r heads 3 scale 0.25 : tensor<?x48xf32>, !trafo.kv<2x2x16xf16>
  return
}

// -----

// attention_c1
func.func @f(%kv: !trafo.kv<2x2x16xf16>, %l: index, %r: !trafo.rows, %q: tensor<?x48xf32>) {
  // expected-error @+1 {{expects queries of 4 heads x 16 columns, got 'tensor<?x48xf32>'}}
  %0 = trafo.attention %q, %kv[%l], %r heads 4 scale 0.25 : tensor<?x48xf32>, !trafo.kv<2x2x16xf16>
  return
}

// -----

// attention_c2
func.func @f(%kv: !trafo.kv<2x2x16xf16>, %l: index, %r: !trafo.rows, %q: tensor<?x64xf32>) {
  // expected-error @+1 {{expects window and softcap not negative and scale > 0, got -1, 0.000000e+00 and 2.500000e-01}}
  %0 = trafo.attention %q, %kv[%l], %r heads 4 scale 0.25 {window = -1 : i64} : tensor<?x64xf32>, !trafo.kv<2x2x16xf16>
  return
}

// -----

// attention_c3
func.func @f(%q: tensor<?x64xf32>, %kv: !trafo.kv<2x2x16xf16>, %l: index, %r: !trafo.rows) {
  // expected-error @+1 {{expects a result of 4 heads x at most 16 columns and the query's rows, got 'tensor<?x68xf32>'}}
  %0 = trafo.attention %q, %kv[%l], %r heads 4 scale 0.25 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16> -> tensor<?x68xf32>
  return
}

// -----

// gated_mlp_c1
func.func @f(%x: tensor<?x8xf32>, %g: !trafo.weight<16x8xf32>, %u: !trafo.weight<12x8xf32>, %d: !trafo.weight<8x16xf32>) {
  // expected-error @+1 {{expects gate and up of equal shapes, got '!trafo.weight<16x8xf32>' and '!trafo.weight<12x8xf32>'}}
  %0 = trafo.gated_mlp silu %x, %g, %u, %d : tensor<?x8xf32>, !trafo.weight<16x8xf32>, !trafo.weight<12x8xf32>, !trafo.weight<8x16xf32>
  return
}

// -----

// gated_mlp_c2
func.func @f(%x: tensor<?x8xf32>, %g: !trafo.weight<16x8xf32>) {
  // expected-error @+1 {{expects down of shape [8, 16], got '!trafo.weight<16x8xf32>'}}
  %0 = trafo.gated_mlp silu %x, %g, %g, %g : tensor<?x8xf32>, !trafo.weight<16x8xf32>, !trafo.weight<16x8xf32>, !trafo.weight<16x8xf32>
  return
}

// -----

// mlp_c1
func.func @f(%x: tensor<?x8xf32>, %u: !trafo.weight<8x16xf32>) {
  // expected-error @+1 {{expects up with the input's 8 columns, got '!trafo.weight<8x16xf32>'}}
  %0 = trafo.mlp relu %x, %u, %u : tensor<?x8xf32>, !trafo.weight<8x16xf32>, !trafo.weight<8x16xf32>
  return
}

// -----

// mlp_c2
func.func @f(%x: tensor<?x8xf32>, %u: !trafo.weight<16x8xf32>) {
  // expected-error @+1 {{expects down of shape [8, 16], got '!trafo.weight<16x8xf32>'}}
  %0 = trafo.mlp relu %x, %u, %u : tensor<?x8xf32>, !trafo.weight<16x8xf32>, !trafo.weight<16x8xf32>
  return
}

// -----

// select_rows_c1
func.func @f(%x: tensor<?x8xf32>, %r: !trafo.rows) {
  // expected-error @+1 {{expects a result of 8 columns, got 'tensor<?x9xf32>'}}
  %0 = trafo.select_rows %x, %r : tensor<?x8xf32> -> tensor<?x9xf32>
  return
}

// -----

// lm_head_c1
func.func @f(%x: tensor<?x8xf32>, %w: !trafo.weight<4x16xf32>) {
  // expected-error @+1 {{expects a weight with the input's 8 columns, got '!trafo.weight<4x16xf32>'}}
  %0 = trafo.lm_head %x, %w : tensor<?x8xf32>, !trafo.weight<4x16xf32> -> tensor<?x4xf32>
  return
}

// -----

// lm_head_c2
func.func @f(%x: tensor<?x8xf32>, %w: !trafo.weight<4x8xf32>) {
  // expected-error @+1 {{expects a result of 4 columns, got 'tensor<?x5xf32>'}}
  %0 = trafo.lm_head %x, %w : tensor<?x8xf32>, !trafo.weight<4x8xf32> -> tensor<?x5xf32>
  return
}

// -----

// lm_head_c3
func.func @f(%x: tensor<3x8xf32>, %w: !trafo.weight<4x8xf32>) {
  // expected-error @+1 {{expects as many rows in the result as in the input 'tensor<3x8xf32>', got 'tensor<2x4xf32>'}}
  %0 = trafo.lm_head %x, %w : tensor<3x8xf32>, !trafo.weight<4x8xf32> -> tensor<2x4xf32>
  return
}

// -----

// layers_c1
func.func @f(%x: tensor<?x8xf32>, %r: !trafo.rows, %kv: !trafo.kv<1x1x8xf16>) {
  // expected-error @+1 {{expects the body of layer 0 to be a function, got @nothing}}
  %0 = trafo.layers %x, %r, %kv [#trafo.layer<@nothing, []>] : tensor<?x8xf32>, !trafo.kv<1x1x8xf16>
  return
}

// -----

// layers_c1
// expected-note @+1 {{the body @b}}
func.func private @b(tensor<?x8xf32>) -> tensor<?x8xf32>
func.func @f(%x: tensor<?x8xf32>, %r: !trafo.rows, %kv: !trafo.kv<1x1x8xf16>) {
  // expected-error @+1 {{expects the body of layer 0 to take ('tensor<?x8xf32>', '!trafo.rows', '!trafo.kv<1x1x8xf16>', index, weights...) and give 'tensor<?x8xf32>', got '(tensor<?x8xf32>) -> tensor<?x8xf32>'}}
  %0 = trafo.layers %x, %r, %kv [#trafo.layer<@b, []>] : tensor<?x8xf32>, !trafo.kv<1x1x8xf16>
  return
}

// -----

// layers_c2
func.func private @b(%x: tensor<?x8xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x1x8xf16>, %layer: index, %w: !trafo.weight<8xf32>) -> tensor<?x8xf32> {
  return %x : tensor<?x8xf32>
}
func.func @f(%x: tensor<?x8xf32>, %r: !trafo.rows, %kv: !trafo.kv<1x1x8xf16>) {
  // expected-error @+1 {{expects layer 0 to fill the 1 slots of @b, got 0 weights}}
  %0 = trafo.layers %x, %r, %kv [#trafo.layer<@b, []>] : tensor<?x8xf32>, !trafo.kv<1x1x8xf16>
  return
}

// -----

// layers_c2
func.func private @b(%x: tensor<?x8xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x1x8xf16>, %layer: index, %w: !trafo.weight<8xf32>) -> tensor<?x8xf32> {
  return %x : tensor<?x8xf32>
}
func.func @f(%x: tensor<?x8xf32>, %r: !trafo.rows, %kv: !trafo.kv<1x1x8xf16>) {
  // expected-error @+1 {{expects layer 0 to name trafo.weight symbols, got @nothing}}
  %0 = trafo.layers %x, %r, %kv [#trafo.layer<@b, [@nothing]>] : tensor<?x8xf32>, !trafo.kv<1x1x8xf16>
  return
}

// -----

// layers_c2
func.func private @b(%x: tensor<?x8xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x1x8xf16>, %layer: index, %w: !trafo.weight<8xf32>) -> tensor<?x8xf32> {
  return %x : tensor<?x8xf32>
}
// expected-note @+1 {{the weight}}
trafo.weight @w : !trafo.weight<8xf16> from #trafo.splat<1.0>
func.func @f(%x: tensor<?x8xf32>, %r: !trafo.rows, %kv: !trafo.kv<1x1x8xf16>) {
  // expected-error @+1 {{expects layer 0 to fill a slot of '!trafo.weight<8xf32>', got @w of '!trafo.weight<8xf16>'}}
  %0 = trafo.layers %x, %r, %kv [#trafo.layer<@b, [@w]>] : tensor<?x8xf32>, !trafo.kv<1x1x8xf16>
  return
}

// -----

// layers_c3
func.func private @b(%x: tensor<?x8xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x1x8xf16>, %layer: index, %w: !trafo.weight<8xf32>) -> tensor<?x8xf32> {
  return %x : tensor<?x8xf32>
}
func.func @f(%x: tensor<?x8xf32>, %r: !trafo.rows, %kv: !trafo.kv<1x1x8xf16>) {
  // expected-error @+1 {{expects at least one layer, got none}}
  %0 = trafo.layers %x, %r, %kv [] : tensor<?x8xf32>, !trafo.kv<1x1x8xf16>
  return
}

// -----

// layers_c4
func.func private @b(%x: tensor<?x8xf32>, %rows: !trafo.rows, %kv: !trafo.kv<1x1x8xf16>, %layer: index, %w: !trafo.weight<8xf32>) -> tensor<?x8xf32> {
  return %x : tensor<?x8xf32>
}
trafo.weight @w : !trafo.weight<8xf32> from #trafo.splat<1.0>
func.func @f(%x: tensor<?x8xf32>, %r: !trafo.rows, %kv: !trafo.kv<1x1x8xf16>) {
  // expected-error @+1 {{expects as many layers as the cache's 1, got 2}}
  %0 = trafo.layers %x, %r, %kv [#trafo.layer<@b, [@w]>, #trafo.layer<@b, [@w]>] : tensor<?x8xf32>, !trafo.kv<1x1x8xf16>
  return
}

// -----

// qkv_rope_c1
func.func @f(%kv: !trafo.kv<2x2x16xf16>, %l: index, %r: !trafo.rows, %x: tensor<?x64xf32>, %w0: !trafo.weight<64x64xf32>, %w1: !trafo.weight<32x64xf32>) {
  // expected-error @+1 {{expects 1 or 3 weights, got 2}}
  %0 = trafo.qkv_rope %x weights(%w0, %w1 : !trafo.weight<64x64xf32>, !trafo.weight<32x64xf32>) cache %kv[%l] rows %r heads 4 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16> -> tensor<?x64xf32>
  return
}

// -----

// qkv_rope_c1
func.func @f(%kv: !trafo.kv<2x2x16xf16>, %l: index, %r: !trafo.rows, %x: tensor<?x64xf32>, %w0: !trafo.weight<64x64xf32>) {
  // expected-error @+1 {{expects weights of 128 rows in all, (heads + 2 x kv heads) x head size, got 64}}
  %0 = trafo.qkv_rope %x weights(%w0 : !trafo.weight<64x64xf32>) cache %kv[%l] rows %r heads 4 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16> -> tensor<?x64xf32>
  return
}

// -----

// qkv_rope_c1
func.func @f(%kv: !trafo.kv<2x2x16xf16>, %l: index, %r: !trafo.rows, %x: tensor<?x64xf32>, %w0: !trafo.weight<64x64xf32>, %w1: !trafo.weight<32x64xf32>) {
  // expected-error @+1 {{expects weights of 4, 2 and 2 heads x 16 rows, got '!trafo.weight<32x64xf32>'}}
  %0 = trafo.qkv_rope %x weights(%w1, %w0, %w1 : !trafo.weight<32x64xf32>, !trafo.weight<64x64xf32>, !trafo.weight<32x64xf32>) cache %kv[%l] rows %r heads 4 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16> -> tensor<?x64xf32>
  return
}

// -----

// qkv_rope_c2
func.func @f(%kv: !trafo.kv<2x2x16xf16>, %l: index, %r: !trafo.rows, %x: tensor<?x64xf32>, %w0: !trafo.weight<128x64xf32>, %b: !trafo.weight<64xf32>) {
  // expected-error @+1 {{expects as many biases as weights, 1, got 2}}
  %0 = trafo.qkv_rope %x weights(%w0 : !trafo.weight<128x64xf32>) biases(%b, %b : !trafo.weight<64xf32>, !trafo.weight<64xf32>) cache %kv[%l] rows %r heads 4 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16> -> tensor<?x64xf32>
  return
}

// -----

// qkv_rope_c2
func.func @f(%kv: !trafo.kv<2x2x16xf16>, %l: index, %r: !trafo.rows, %x: tensor<?x64xf32>, %w0: !trafo.weight<128x64xf32>, %b: !trafo.weight<64xf32>) {
  // expected-error @+1 {{expects biases of shape [128], got '!trafo.weight<64xf32>'}}
  %0 = trafo.qkv_rope %x weights(%w0 : !trafo.weight<128x64xf32>) biases(%b : !trafo.weight<64xf32>) cache %kv[%l] rows %r heads 4 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16> -> tensor<?x64xf32>
  return
}

// -----

// qkv_rope_c3
func.func @f(%kv: !trafo.kv<2x2x16xf16>, %l: index, %r: !trafo.rows, %x: tensor<?x64xf32>, %w0: !trafo.weight<128x64xf32>, %t: !trafo.weight<64x16xf32>) {
  // expected-error @+1 {{expects a table of f32 with 32 columns, got '!trafo.weight<64x16xf32>'}}
  %0 = trafo.qkv_rope %x weights(%w0 : !trafo.weight<128x64xf32>) table %t : !trafo.weight<64x16xf32> cache %kv[%l] rows %r heads 4 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16> -> tensor<?x64xf32>
  return
}

// -----

// qkv_rope_c4
func.func @f(%kv: !trafo.kv<2x2x16xf16>, %l: index, %r: !trafo.rows, %x: tensor<?x64xf32>, %w0: !trafo.weight<128x64xf32>) {
  // expected-error @+1 {{expects a result of 4 heads x 16 columns, got 'tensor<?x32xf32>'}}
  %0 = trafo.qkv_rope %x weights(%w0 : !trafo.weight<128x64xf32>) cache %kv[%l] rows %r heads 4 : tensor<?x64xf32>, !trafo.kv<2x2x16xf16> -> tensor<?x32xf32>
  return
}

// -----

// qkv_rope_c5
func.func @f(%kv: !trafo.kv<2x2x16xf16>, %l: index, %r: !trafo.rows, %x: tensor<3x64xf32>, %w0: !trafo.weight<128x64xf32>) {
  // expected-error @+1 {{expects as many rows in the result as in the input 'tensor<3x64xf32>', got 'tensor<2x64xf32>'}}
  %0 = trafo.qkv_rope %x weights(%w0 : !trafo.weight<128x64xf32>) cache %kv[%l] rows %r heads 4 : tensor<3x64xf32>, !trafo.kv<2x2x16xf16> -> tensor<2x64xf32>
  return
}

// -----

// gate_up_c1
func.func @f(%x: tensor<?x8xf32>, %w: !trafo.weight<16x8xf32>) {
  // expected-error @+1 {{expects 1 or 2 weights, got 3}}
  %0 = trafo.gate_up silu %x weights(%w, %w, %w : !trafo.weight<16x8xf32>, !trafo.weight<16x8xf32>, !trafo.weight<16x8xf32>) : tensor<?x8xf32> -> tensor<?x16xf32>
  return
}

// -----

// gate_up_c2
func.func @f(%x: tensor<?x8xf32>, %w: !trafo.weight<48x8xf32>) {
  // expected-error @+1 {{expects one weight of gate and up in turns of 16 rows, got 48 rows}}
  %0 = trafo.gate_up silu %x weights(%w : !trafo.weight<48x8xf32>) : tensor<?x8xf32> -> tensor<?x24xf32>
  return
}

// -----

// gate_up_c2
func.func @f(%x: tensor<?x8xf32>, %w: !trafo.weight<16x8xf32>, %u: !trafo.weight<12x8xf32>) {
  // expected-error @+1 {{expects gate and up of equal rows, got '!trafo.weight<16x8xf32>' and '!trafo.weight<12x8xf32>'}}
  %0 = trafo.gate_up silu %x weights(%w, %u : !trafo.weight<16x8xf32>, !trafo.weight<12x8xf32>) : tensor<?x8xf32> -> tensor<?x16xf32>
  return
}

// -----

// gate_up_c2
func.func @f(%x: tensor<?x8xf32>, %w: !trafo.weight<32x8xf32>) {
  // expected-error @+1 {{expects a result of 16 columns, got 'tensor<?x32xf32>'}}
  %0 = trafo.gate_up silu %x weights(%w : !trafo.weight<32x8xf32>) : tensor<?x8xf32> -> tensor<?x32xf32>
  return
}

// -----

// gate_up_c3
func.func @f(%x: tensor<3x8xf32>, %w: !trafo.weight<32x8xf32>) {
  // expected-error @+1 {{expects as many rows in the result as in the input 'tensor<3x8xf32>', got 'tensor<2x16xf32>'}}
  %0 = trafo.gate_up silu %x weights(%w : !trafo.weight<32x8xf32>) : tensor<3x8xf32> -> tensor<2x16xf32>
  return
}

// -----

// gate_up_c4
func.func @f(%x: tensor<?x8xf32>, %w: !trafo.weight<32x8xf32>, %b: !trafo.weight<16xf32>) {
  // expected-error @+1 {{expects as many biases as weights, 1, got 2}}
  %0 = trafo.gate_up silu %x weights(%w : !trafo.weight<32x8xf32>) biases(%b, %b : !trafo.weight<16xf32>, !trafo.weight<16xf32>) : tensor<?x8xf32> -> tensor<?x16xf32>
  return
}

// -----

// gate_up_c4
func.func @f(%x: tensor<?x8xf32>, %w: !trafo.weight<32x8xf32>, %b: !trafo.weight<16xf32>) {
  // expected-error @+1 {{expects biases of shape [32], got '!trafo.weight<16xf32>'}}
  %0 = trafo.gate_up silu %x weights(%w : !trafo.weight<32x8xf32>) biases(%b : !trafo.weight<16xf32>) : tensor<?x8xf32> -> tensor<?x16xf32>
  return
}

// -----

// linear_add_c1
func.func @f(%x: tensor<?x8xf32>, %r: tensor<?x4xf32>, %w: !trafo.weight<4x16xf32>) {
  // expected-error @+1 {{expects a weight with the input's 8 columns, got '!trafo.weight<4x16xf32>'}}
  %0 = trafo.linear_add %x, %w onto %r : tensor<?x8xf32>, !trafo.weight<4x16xf32> -> tensor<?x4xf32>
  return
}

// -----

// linear_add_c2
func.func @f(%x: tensor<?x8xf32>, %r: tensor<?x5xf32>, %w: !trafo.weight<4x8xf32>) {
  // expected-error @+1 {{expects a residual of 4 columns, got 'tensor<?x5xf32>'}}
  %0 = trafo.linear_add %x, %w onto %r : tensor<?x8xf32>, !trafo.weight<4x8xf32> -> tensor<?x5xf32>
  return
}

// -----

// linear_add_c3
func.func @f(%x: tensor<?x8xf32>, %r: tensor<?x4xf32>, %w: !trafo.weight<4x8xf32>, %b: !trafo.weight<8xf32>) {
  // expected-error @+1 {{expects bias of shape [4], got '!trafo.weight<8xf32>'}}
  %0 = trafo.linear_add %x, %w bias %b : !trafo.weight<8xf32> onto %r : tensor<?x8xf32>, !trafo.weight<4x8xf32> -> tensor<?x4xf32>
  return
}

// -----

// linear_add_c4
func.func @f(%x: tensor<3x8xf32>, %r: tensor<2x4xf32>, %w: !trafo.weight<4x8xf32>) {
  // expected-error @+1 {{expects as many rows in the result as in the input 'tensor<3x8xf32>', got 'tensor<2x4xf32>'}}
  %0 = trafo.linear_add %x, %w onto %r : tensor<3x8xf32>, !trafo.weight<4x8xf32> -> tensor<2x4xf32>
  return
}

// -----

// rows_type
func.func @f(%x: tensor<?x?xf32>) {
  // expected-error @+1 {{operand #0 must be 2D tensor of f32 with static columns}}
  %0 = trafo.activation silu %x : tensor<?x?xf32>
  return
}
