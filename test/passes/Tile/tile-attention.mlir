// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-tile-attention | FileCheck %s
// RUN: trafo-opt %s -trafo-tile-attention | FileCheck %s --check-prefix=WINDOW --implicit-check-not=memref.prefetch

// Two query heads share a KV head, and the target takes 4 queries: 2 rows at once, 12 rows of a run. States are the
// maxima and sums of 24 lines, whole vectors, and a head of 16 each; there are 2 pages of 64 positions and 4 workers.
// CHECK-DAG:  plan.buffer @attention_states_2x448 : memref<4x2x448xf32>
// CHECK-DAG:  plan.buffer @attention_arrived : memref<4xi32>
// CHECK-DAG:  plan.buffer private @attention_parts_24 : memref<24x64xf32>
// CHECK-DAG:  plan.buffer private @attention_merges_32 : memref<4x32xf32>
// CHECK-NOT:  plan.attention
// CHECK-NOT:  plan.kv_store

// Nothing but finite numbers is stored: the first maximum has no flags, so it takes the operand that is a number.
// CHECK:      plan.stage @decoder.qkv_rope
// CHECK:        arith.maxnumf %{{[^ ]*}}, %{{[^ ]*}} : vector<16xf32>
// CHECK:        arith.minnumf %{{.*}} fastmath<nnan,nsz>
// CHECK:        arith.truncf %{{.*}} : vector<16xf32> to vector<16xf16>

// CHECK:      plan.stage @decoder.attention
// CHECK:        plan.worker
// All work is counted over the runs, then each worker goes through its share.
// CHECK:        scf.while
// CHECK:        scf.for
// CHECK:          scf.while
// Scores of 2 rows by 2 heads: a vector of keys meets 4 queries.
// CHECK:            scf.for {{.*}} iter_args(%{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK-COUNT-1:      arith.extf
// CHECK-COUNT-4:      math.fma
// CHECK:              scf.yield
// A row alone waits for memory: while its keys are read the values are fetched.
// CHECK:            -> (vector<16xf32>, vector<16xf32>) {
// CHECK:              memref.prefetch %{{.*}}, read, locality<3>, data : memref<2x4x2x2x1024xf16>
// CHECK-COUNT-1:      arith.extf
// CHECK-COUNT-2:      math.fma
// A block that every row sees is not masked.
// CHECK:            scf.if
// CHECK-NOT:          arith.select
// CHECK:              vector.reduction <maxnumf>
// 2^x: clamped, rounded by adding 1.5 * 2^23, a polynomial, the rounded sum's last bits into the exponent.
// CHECK:              %[[X:.*]] = arith.maxnumf %{{.*}}, %{{.*}} fastmath<nnan,nsz> : vector<16xf32>
// CHECK:              %[[MAGIC:.*]] = arith.constant dense<0x4B400000> : vector<16xf32>
// CHECK-NEXT:         %[[ROUNDED:.*]] = arith.addf %[[X]], %[[MAGIC]]
// CHECK-NEXT:         %[[WHOLE:.*]] = arith.subf %[[ROUNDED]], %[[MAGIC]]
// CHECK-NEXT:         %[[R:.*]] = arith.subf %[[X]], %[[WHOLE]]
// CHECK-COUNT-5:      math.fma
// CHECK:              arith.shli
// CHECK-NOT:          arith.select
// CHECK:            } else {
// CHECK-COUNT-4:      arith.cmpi sle, {{.*}} : vector<16xi32>
// CHECK-COUNT-4:      arith.select {{.*}} : vector<16xi1>, vector<16xf32>
// The factors of old and new values, of 16 lines at once.
// CHECK:            %[[OLD:.*]] = vector.load {{.*}} : memref<4x2x448xf32>, vector<16xf32>
// CHECK:            arith.maxnumf %[[OLD]]
// CHECK:            vector.store {{.*}} : memref<4x32xf32>, vector<16xf32>
// CHECK:            vector.store {{.*}} : memref<4x32xf32>, vector<16xf32>
// Values like scores; a row alone has the next page's keys fetched with them.
// CHECK:            -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK-NOT:          memref.prefetch
// CHECK-COUNT-1:      arith.extf
// CHECK-COUNT-4:      math.fma
// CHECK:            -> (vector<16xf32>, vector<16xf32>) {
// CHECK:              memref.prefetch
// CHECK-COUNT-1:      arith.extf
// CHECK-COUNT-2:      math.fma
// The last worker of a piece merges what the others left.
// CHECK:        memref.atomic_rmw addi
// CHECK:        arith.divf

// Five heads share a KV head and the target takes 3 queries: heads in threes and twos, rows one by one. Rows that look
// back over 96 positions leave out the pages before those of the first row, and mask what is left before their own. This
// target has no prefetch.
// WINDOW-DAG:  plan.buffer private @attention_parts_24 :
// WINDOW-DAG:  plan.buffer private @attention_parts_48 :
// WINDOW-DAG:  plan.buffer @kv_arrived : memref<2x2xi32>
// WINDOW:      plan.stage @look
// WINDOW:        scf.while
// WINDOW:          %[[BACK:.*]] = arith.constant 96 : index
// WINDOW:          %[[PAST:.*]] = arith.maxui %{{.*}}, %[[BACK]] : index
// WINDOW:          arith.subi %[[PAST]], %[[BACK]] : index
// WINDOW:          arith.divui
// WINDOW:        -> (vector<16xf32>, vector<16xf32>, vector<16xf32>)
// Nothing is masked where the block begins inside every row's window, too.
// WINDOW:          %[[END:.*]] = arith.cmpi ult, {{.*}} : index
// WINDOW:          %[[BEGIN:.*]] = arith.cmpi ult, {{.*}} : index
// WINDOW-NEXT:     %[[ALL:.*]] = arith.andi %[[END]], %[[BEGIN]] : i1
// WINDOW-NEXT:     scf.if %[[ALL]] {
// WINDOW-NOT:      arith.cmpi
// WINDOW:          } else {
// WINDOW:          arith.cmpi sle, {{.*}} : vector<16xi32>
// WINDOW:          arith.subi
// WINDOW:          arith.cmpi sgt, {{.*}} : vector<16xi32>
// WINDOW-NEXT:     arith.andi
// WINDOW:        -> (vector<16xf32>, vector<16xf32>) {
module attributes {
  trafo.config = #trafo.config<max_context = 128, max_rows = 4, max_outputs = 4, max_sequences = 1, max_workers = 2>,
  plan.target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = generic, tile_tokens = 4, tile_groups = 1, panel_rows = 8, prefetch_bytes = 0, float_tokens = 3>} {
  plan.buffer @x : memref<4x80xf32>
  plan.buffer @y : memref<4x80xf32>
  plan.buffer @kv : memref<1x2x1x2x1024xf16>
  plan.stage @look {
  ^bb0(%layer: index):
    %x = plan.ref @x : memref<4x80xf32>
    %y = plan.ref @y : memref<4x80xf32>
    %kv = plan.ref @kv : memref<1x2x1x2x1024xf16>
    plan.attention %x, %kv[%layer] to %y {head_size = 16 : i64, heads = 5 : i64, kv_heads = 1 : i64, scale = 2.5e-01 : f32, window = 96 : i64} : memref<4x80xf32>, memref<1x2x1x2x1024xf16>, memref<4x80xf32>
    plan.end
  }

  // Of heads padded from 20 to 32 only the columns there were are stored, close together: one vector and four elements.
  // WINDOW:      plan.stage @padded
  // WINDOW:        %[[LAST:.*]] = vector.extract_strided_slice {{.*}}sizes = [4]{{.*}} : vector<16xf32> to vector<4xf32>
  // WINDOW:        vector.store %[[LAST]], {{.*}} : memref<4x48xf32>, vector<4xf32>
  plan.buffer @q : memref<4x64xf32>
  plan.buffer @z : memref<4x48xf32>
  plan.buffer @kv32 : memref<1x2x2x2x2048xf16>
  plan.stage @padded {
  ^bb0(%layer: index):
    %q = plan.ref @q : memref<4x64xf32>
    %z = plan.ref @z : memref<4x48xf32>
    %kv = plan.ref @kv32 : memref<1x2x2x2x2048xf16>
    plan.attention %q, %kv[%layer] to %z {head_size = 32 : i64, heads = 2 : i64, kept = 20 : i64, kv_heads = 2 : i64, scale = 2.5e-01 : f32} : memref<4x64xf32>, memref<1x2x2x2x2048xf16>, memref<4x48xf32>
    plan.end
  }

  // Codes are multiplied with 2^24 in them and sums of products scaled, one group of 16 after the other; the parts have room
  // for weights times scales.
  // WINDOW:      plan.stage @codes
  // WINDOW:        scf.for %[[G:.*]] = {{.*}} iter_args(%[[S0:[a-z0-9]+]] = {{.*}} -> (vector<16xf32>, vector<16xf32>)
  // WINDOW:          scf.for
  // WINDOW-COUNT-2:    vector.shuffle {{.*}} [8, 8, 8, 0, 8, 8, 8, 1, 8, 8, 8, 2, 8, 8, 8, 3, 8, 8, 8, 4, 8, 8, 8, 5, 8, 8, 8, 6, 8, 8, 8, 7] : vector<8xi8>, vector<8xi8>
  // WINDOW:            arith.sitofp {{.*}} : vector<8xi32> to vector<8xf32>
  // WINDOW-COUNT-2:    math.fma
  // WINDOW:          scf.yield
  // WINDOW:          %[[BYTES:.*]] = vector.load {{.*}} : memref<1x2x2x2x2560xi8>, vector<64xi8>
  // WINDOW-NEXT:     %[[STORED:.*]] = vector.bitcast %[[BYTES]] : vector<64xi8> to vector<16xf32>
  // WINDOW-NEXT:     %[[UNIT:.*]] = arith.constant dense<5.96046448E-8>
  // WINDOW-NEXT:     %[[SCALES:.*]] = arith.mulf %[[STORED]], %[[UNIT]]
  // WINDOW:          math.fma %{{.*}}, %[[SCALES]], %[[S0]]
  // WINDOW:        vector.bitcast {{.*}} : vector<64xi8> to vector<16xf32>
  // WINDOW:        arith.mulf
  // WINDOW:        vector.store {{.*}} : memref<48x64xf32>
  plan.buffer @kv8 : memref<1x2x2x2x2560xi8>
  plan.stage @codes {
  ^bb0(%layer: index):
    %q = plan.ref @q : memref<4x64xf32>
    %kv = plan.ref @kv8 : memref<1x2x2x2x2560xi8>
    plan.attention %q, %kv[%layer] to %q {head_size = 32 : i64, heads = 2 : i64, kv_heads = 2 : i64, scale = 2.5e-01 : f32} : memref<4x64xf32>, memref<1x2x2x2x2560xi8>, memref<4x64xf32>
    plan.end
  }

  // A head's units of a worker are counted; whoever completes it makes codes of all rows' elements, which are finite by
  // then, and bounds them. Keys lie one by one, their scale behind all codes.
  // WINDOW:      plan.stage @quantize
  // WINDOW:        %[[MINE:.*]] = arith.index_cast %{{.*}} : index to i32
  // WINDOW:        memref.atomic_rmw addi %[[MINE]], %{{.*}} : (i32, memref<2x2xi32>) -> i32
  // WINDOW:        scf.if
  // WINDOW:          memref.store %{{.*}} : memref<2x2xi32>
  // WINDOW:          arith.maxnumf %{{[^ ]*}}, %{{[^ ]*}} : vector<16xf32>
  // WINDOW:          math.absf
  // WINDOW:          %[[DIVISOR:.*]] = arith.select
  // WINDOW:          vector.broadcast %[[DIVISOR]]
  // WINDOW:          arith.divf
  // WINDOW:          math.roundeven
  // WINDOW:          arith.maxnumf
  // WINDOW:          arith.minnumf
  // WINDOW:          arith.trunci {{.*}} to vector<16xi8>
  // WINDOW-COUNT-16: memref.store %{{.*}} : memref<1x2x2x2x2560xi8>
  // WINDOW:          %[[SCALE:.*]] = vector.bitcast {{.*}} : vector<1xf32> to vector<4xi8>
  // WINDOW:          vector.store %[[SCALE]]
  plan.stage @quantize {
  ^bb0(%layer: index):
    %q = plan.ref @q : memref<4x64xf32>
    %kv = plan.ref @kv8 : memref<1x2x2x2x2560xi8>
    plan.kv_quantize %q units %layer to %layer, %kv[%layer] {head_size = 32 : i64, is_key = true} : memref<4x64xf32>, memref<1x2x2x2x2560xi8>
    plan.end
  }
}
