// A tiled step by hand, as small as it can be: a row's 16 logits are exp(i / 16) * scale(token) + position, the scales
// come from the weights. Two stages, one barrier; rows are shared among the workers. Arena: x at 0, logits at 1024.
module attributes {
  trafo.config = #trafo.config<max_context = 64, max_rows = 8, max_outputs = 8, max_sequences = 2, max_workers = 4>,
  plan.arena = #plan.arena<size = 2048, weights_size = 64, logits_offset = 1024, logits_stride = 16, kv_offset = 2048,
    kv_size = 0, pools = [#plan.pool<offset = 2048, size = 0, pages = 2, layers = [0]>], barriers = 1, vocabulary = 16, layers = 1, decode_bytes = 64>
} {
  memref.global "private" constant @base : memref<16xf32> = dense<[0.0, 0.0625, 0.125, 0.1875, 0.25, 0.3125, 0.375, 0.4375,
    0.5, 0.5625, 0.625, 0.6875, 0.75, 0.8125, 0.875, 0.9375]>

  func.func private @stage_embed(%weights: memref<64xi8>, %arena: memref<2048xi8>, %tokens: memref<8xi32>,
      %positions: memref<8xi32>, %sequences: memref<8xi32>, %outputs: memref<8xi32>, %pages: memref<2x1xi32>, %rows: index,
      %output_count: index, %workers: index, %worker: index, %layer: index) {
    %c0 = arith.constant 0 : index
    %x = memref.view %arena[%c0][] : memref<2048xi8> to memref<8x16xf32>
    %scales = memref.view %weights[%c0][] : memref<64xi8> to memref<16xf32>
    %table = memref.get_global @base : memref<16xf32>
    %row = vector.load %table[%c0] {alignment = 64 : i64} : memref<16xf32>, vector<16xf32>
    %e = math.exp %row : vector<16xf32>
    scf.for %r = %worker to %rows step %workers {
      %token = memref.load %tokens[%r] : memref<8xi32>
      %t = arith.index_cast %token : i32 to index
      %scale = memref.load %scales[%t] : memref<16xf32>
      %position = memref.load %positions[%r] : memref<8xi32>
      %p = arith.sitofp %position : i32 to f32
      %sv = vector.broadcast %scale : f32 to vector<16xf32>
      %pv = vector.broadcast %p : f32 to vector<16xf32>
      %y = math.fma %e, %sv, %pv : vector<16xf32>
      vector.store %y, %x[%r, %c0] {alignment = 64 : i64} : memref<8x16xf32>, vector<16xf32>
    }
    return
  }

  func.func private @stage_head(%weights: memref<64xi8>, %arena: memref<2048xi8>, %tokens: memref<8xi32>,
      %positions: memref<8xi32>, %sequences: memref<8xi32>, %outputs: memref<8xi32>, %pages: memref<2x1xi32>, %rows: index,
      %output_count: index, %workers: index, %worker: index, %layer: index) {
    %c0 = arith.constant 0 : index
    %c1024 = arith.constant 1024 : index
    %x = memref.view %arena[%c0][] : memref<2048xi8> to memref<8x16xf32>
    %logits = memref.view %arena[%c1024][] : memref<2048xi8> to memref<8x16xf32>
    scf.for %o = %worker to %output_count step %workers {
      %row = memref.load %outputs[%o] : memref<8xi32>
      %r = arith.index_cast %row : i32 to index
      %y = vector.load %x[%r, %c0] {alignment = 64 : i64} : memref<8x16xf32>, vector<16xf32>
      vector.store %y, %logits[%o, %c0] {alignment = 64 : i64} : memref<8x16xf32>, vector<16xf32>
    }
    return
  }

  func.func @trafo_step(%weights: memref<64xi8>, %arena: memref<2048xi8>, %tokens: memref<8xi32>,
      %positions: memref<8xi32>, %sequences: memref<8xi32>, %outputs: memref<8xi32>, %pages: memref<2x1xi32>, %rows: index,
      %output_count: index, %workers: index, %worker: index, %barrier: !llvm.ptr, %barrier_state: !llvm.ptr,
      %library: !llvm.ptr) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %layer = %c0 to %c1 step %c1 {
      func.call @stage_embed(%weights, %arena, %tokens, %positions, %sequences, %outputs, %pages, %rows, %output_count,
        %workers, %worker, %layer) : (memref<64xi8>, memref<2048xi8>, memref<8xi32>, memref<8xi32>, memref<8xi32>,
        memref<8xi32>, memref<2x1xi32>, index, index, index, index, index) -> ()
      plan.barrier %barrier, %barrier_state : !llvm.ptr, !llvm.ptr
      scf.yield
    }
    func.call @stage_head(%weights, %arena, %tokens, %positions, %sequences, %outputs, %pages, %rows, %output_count,
      %workers, %worker, %c0) : (memref<64xi8>, memref<2048xi8>, memref<8xi32>, memref<8xi32>, memref<8xi32>,
      memref<8xi32>, memref<2x1xi32>, index, index, index, index, index) -> ()
    return
  }
}
