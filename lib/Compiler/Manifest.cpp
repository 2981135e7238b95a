#include "lib/Compiler/Manifest.h"

#include "dialects/Plan/IR/PlanOps.h"

using namespace mlir;
using namespace trafo;

FailureOr<trafo_manifest_t> trafo::buildManifest(ModuleOp module) {
  auto config = module->getAttrOfType<ConfigAttr>(kConfigAttrName);
  auto arena = module->getAttrOfType<plan::ArenaAttr>(plan::kArenaAttr);
  if (!config || !arena)
    return module.emitError("expects the attributes trafo.config and plan.arena, as after stage tile");
  trafo_manifest_t manifest = {};
  manifest.struct_size = sizeof(manifest);
  manifest.vocabulary = static_cast<uint32_t>(arena.getVocabulary());
  manifest.layers = static_cast<uint32_t>(arena.getLayers());
  manifest.max_context = static_cast<uint32_t>(config.getMaxContext());
  manifest.max_rows = static_cast<uint32_t>(config.getMaxRows());
  manifest.max_outputs = static_cast<uint32_t>(config.getMaxOutputs());
  manifest.max_sequences = static_cast<uint32_t>(config.getMaxSequences());
  manifest.max_workers = static_cast<uint32_t>(config.getMaxWorkers());
  manifest.barriers_per_step = static_cast<uint32_t>(arena.getBarriers());
  manifest.arena_size = static_cast<uint64_t>(arena.getSize());
  manifest.logits_offset = static_cast<uint64_t>(arena.getLogitsOffset());
  manifest.logits_stride = static_cast<uint64_t>(arena.getLogitsStride());
  manifest.logits_maxima = static_cast<uint64_t>(arena.getLogitsMaxima());
  manifest.kv_offset = static_cast<uint64_t>(arena.getKvOffset());
  manifest.kv_size = static_cast<uint64_t>(arena.getKvSize());
  manifest.decode_bytes = static_cast<uint64_t>(arena.getDecodeBytes());
  for (auto [number, pool] : llvm::enumerate(arena.getPools().getAsRange<plan::PoolAttr>())) {
    if (number == 0)
      manifest.kv_pages = static_cast<uint32_t>(pool.getPages());
    else
      manifest.window_pages = static_cast<uint64_t>(pool.getPages());
    manifest.window = static_cast<uint64_t>(pool.getWindow());
  }
  return manifest;
}
