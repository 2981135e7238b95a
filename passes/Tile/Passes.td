#ifndef TRAFO_PASSES_TILE_TD
#define TRAFO_PASSES_TILE_TD

include "mlir/Pass/PassBase.td"

class TilePass<string argument> : Pass<argument, "::mlir::ModuleOp"> {
  let dependentDialects = ["::trafo::plan::PlanDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
                           "::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect"];
}

def PackWeightsPass : TilePass<"trafo-pack-weights"> {
  let summary = "choose the packed layout and place of every weight a stage uses";
  let description = [{
    A weight that is contracted is cut into tiles of 16 rows, so that one vector serves 16 results: grouped formats in
    the format's blocks with the 16 scales (and minima, and the integer scales of super-blocks) in front and codes four
    columns deep, in planes of 4, 2 and 1 bits where they have fewer than 8; float formats column by column. Weights whose
    codes meet f32 rows, and weights that are only looked up, keep the file's own bytes. Weights of contractions that take
    the library road lie as the library takes them: row after row (forms of rows), in such tiles (f32_tiles), or in tiles
    of two columns at a time (bf16_tiles). Weights follow each other in the order in which a step reads them, layer by layer, each
    at a multiple of 64 bytes: a worker's prefetch runs on into the next weight.

    ```mlir
    trafo.weight @w : !trafo.weight<576x576xq4_1> from #trafo.file<"m.gguf", 64>
    ```
    becomes
    ```mlir
    trafo.weight @w : !trafo.weight<576x576xq4_1> from #trafo.file<"m.gguf", 64>
        layout <rows = 16, lane = 4, planes = [4]> at 0
    ```
    Weights no stage uses stay without a place and are not packed.
  }];
}

def CountCostsPass : TilePass<"trafo-count-costs"> {
  let summary = "write down what a run of each stage reads and computes";
  let description = [{
    Writes the module attribute `plan.costs`, one `#plan.cost` a stage: the bytes of packed weights it reads whole, and per
    row and position the bytes and multiply-adds. Runs when layouts are known and contractions are still ops. Tables of
    which the same few rows are looked up in every layer (rope) count as nothing. Two int8 terms are two multiplications.
    It is what `--report`, the manifest's decode_bytes and `trafo bench --profile` go by.
  }];
}

def InstrumentStagesPass : TilePass<"trafo-instrument-stages"> {
  let summary = "every worker notes the time at the start and the end of each stage it runs";
  let description = [{
    Adds a private buffer @profile, one log a worker, and to the start and the end of every stage's body

    ```mlir
    %log = plan.ref @profile : memref<25xi64>
    %time = llvm.call_intrinsic "llvm.readcyclecounter"() : () -> i64
    memref.store %time, %log[%next]    // and %next + 1 to %log[0], 0 after the last stamp of a step
    ```
    so that a step leaves two stamps a run in the order of execution; what passes between the end of a run and the start of
    the next is spent at the barrier. trafo-assign-arena places the log and writes `plan.profile`. Logits keep their bits.
    Not part of the pipeline unless asked for: `trafo compile --profile`.
  }];
}

def TilePreparePass : TilePass<"trafo-tile-prepare"> {
  let summary = "lower plan.prepare to loops over rows in 16 lanes";
  let description = [{
    Each row: one loop for the sum of squares (rms) or sum and squares (layer), one that scales, weighs and quantises
    groups of 32, or stores f32, or rounds to bf16. The panel lies in private buffers named after its type.
  }];
}

def TileContractPass : TilePass<"trafo-tile-contract"> {
  let summary = "lower plan.contract to loops over units, row tiles and blocks around plan.block_contract";
  let description = [{
    For each unit of the worker's share, rows of the step are taken `plan.target.tile_tokens` at a time, the rest one by
    one; a loop over the weight's blocks carries one vector of sums per tile and row. Single rows ask for the weight
    stream to be prefetched. Codes that meet f32 rows are unpacked to f32 first, once per unit and panel, by code made
    from the format's entry (slow; a remark says so).
  }];
}

def TileLibraryContractPass : TilePass<"trafo-tile-library-contract"> {
  let summary = "lower plan.contract whose road is a library to calls of it, and loops over what they gave";
  let description = [{
    ```mlir
    plan.contract %panel rows %n, %w units %begin to %end groups 1 library f32_rows ... { body }
    ```
    becomes
    ```mlir
    scf.for %first = %begin to %end step %c32 {
      plan.library_matmul f32_rows %values rows %n weights %packed[%offset] columns %columns to %product ...
      scf.for %row = %c0 to %n ... { scf.for %unit = ... { %sum = vector.load %product[%row, %column]; body } }
    }
    ```
    The product lies in private scratch. Codes of i8_row panels are copied to rows before, for u7_rows those above zero to
    one row and the negative ones without their sign to the next; `%sum` is then the first row's sum less the second's, times
    the scales of weight and row. Contractions of generated code are left alone.
  }];
}

def TileAttentionPass : TilePass<"trafo-tile-attention"> {
  let summary = "lower plan.attention, plan.kv_store and plan.kv_quantize to loops over pages with an online softmax";
}

def TileEmbedPass : TilePass<"trafo-tile-embed"> {
  let summary = "lower plan.embed to a gather from the packed table";
}

def TileFunctionsPass : TilePass<"trafo-tile-functions"> {
  let summary = "lower plan.function to arithmetic";
}

def AssignArenaPass : TilePass<"trafo-assign-arena"> {
  let summary = "give every buffer its place in the arena";
  let description = [{
    Shared buffers first, then the KV pool, then private buffers, one copy per worker. Everything begins at a
    multiple of 64 bytes (the KV pool at 4096). Writes the module attribute `plan.arena`.
  }];
}

def OutlineStagesPass : TilePass<"trafo-outline-stages"> {
  let summary = "stages become functions, the step a function that calls them";
  let description = [{
    Every function has the step's arguments (weights, arena, tokens, positions, sequences, outputs, pages, rows, output
    count, workers, worker, barrier, barrier state, library); a stage also the layer. Slots become loads from a constant
    table of offsets. Nothing of the plan dialect is left but plan.block_contract, plan.library_matmul and plan.barrier.
  }];
}

def VerifyTilePass : Pass<"verify-tile", "::mlir::ModuleOp"> {
  let summary = "after Tile: functions of upstream dialects, plan.block_contract, plan.library_matmul and plan.barrier; weights have places";
}

#endif
