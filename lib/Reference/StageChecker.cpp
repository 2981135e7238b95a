//===- StageChecker.cpp - judges a planned module, stage by stage ---------===//
#include "lib/Reference/StageChecker.h"

#include "dialects/Plan/IR/PlanOps.h"
#include "dialects/Trafo/IR/TrafoOps.h"
#include "lib/Packer/PackWeights.h"
#include "lib/Reference/Bounds.h"
#include "lib/Reference/CachePool.h"
#include "lib/Reference/ModuleChecker.h"
#include "lib/Reference/PlainLibrary.h"
#include "lib/Reference/StepProgram.h"
#include "llvm/Support/Memory.h"

using namespace mlir;
using namespace trafo;

StageChecker::~StageChecker() = default;

/// Ops that become a stage each.
static bool makesStage(const TraceEntry &entry) {
  static const char *const kOps[] = {"trafo.embedding", "trafo.qkv_rope",   "trafo.attention", "trafo.linear",
                                     "trafo.gate_up",   "trafo.linear_add", "trafo.lm_head"};
  return entry.told == Told::Result && llvm::is_contained(kOps, entry.op);
}

LogicalResult StageChecker::prepare(ModuleOp module) {
  if (!runs.empty())
    return success();
  runs = stageWrites(module);
  FailureOr<Trace> traced = traceModule(*model, steps, threads, nullptr, /*asCompiled=*/true);
  if (failed(traced))
    return failure();
  trace = std::move(*traced);
  expected.resize(steps.size());
  const TraceEntry *cached = nullptr;
  for (const TraceEntry &entry : trace) {
    std::vector<Expected> &stages = expected[static_cast<size_t>(entry.step)];
    if (entry.told == Told::Cached)
      cached = &entry;
    else if (makesStage(entry))
      stages.push_back({&entry, std::exchange(cached, nullptr)});
    else if (entry.op == "trafo.activation" && !stages.empty() && stages.back().rows->op == "trafo.linear")
      stages.back().rows = &entry; // applied to the linear's sums
  }
  for (const std::vector<Expected> &stages : expected)
    if (stages.size() != runs.size())
      return module.emitError("the plan has ")
             << runs.size() << " stages in a step, the model's ops make " << stages.size();
  return success();
}

LogicalResult StageChecker::pack(ModuleOp module) {
  std::string as;
  llvm::raw_string_ostream text(as);
  for (WeightOp weight : module.getOps<WeightOp>())
    if (weight.getOffset() && weight.getLayout())
      text << weight.getSymName() << *weight.getOffset() << *weight.getLayout();
  if (as.empty() || as == packedAs) // past erasing weights, they lie as they did
    return success();
  packedAs = as;
  weights.clear();
  return packWeights(module, [&](const uint8_t *bytes, size_t size) {
    weights.insert(weights.end(), bytes, bytes + size);
    return true;
  });
}

namespace {
/// Zeroed memory that costs only what is touched: an arena holds the KV cache of all sequences.
class LazyMemory {
public:
  explicit LazyMemory(size_t bytes) {
    std::error_code error;
    block = llvm::sys::Memory::allocateMappedMemory(bytes, nullptr,
                                                    llvm::sys::Memory::MF_READ | llvm::sys::Memory::MF_WRITE, error);
  }
  ~LazyMemory() { llvm::sys::Memory::releaseMappedMemory(block); }
  uint8_t *data() const { return static_cast<uint8_t *>(block.base()); }

private:
  llvm::sys::MemoryBlock block;
};

/// One step as it runs: compares at every barrier.
struct Watcher {
  std::function<void(size_t)> atBarrier;
  size_t next = 0;
  static void barrier(void *state) {
    auto *self = static_cast<Watcher *>(state);
    self->atBarrier(self->next++);
  }
};
} // namespace

FailureOr<PassVerdict> StageChecker::check(llvm::StringRef pass, ModuleOp module) {
  if (failed(prepare(module)))
    return failure();
  auto seen = [&](ModuleOp tiled) {
    buffers = placedBuffers(tiled);
    (void)pack(tiled);
  };
  OwningOpRef<ModuleOp> lowered = StepProgram::lower(module, seen);
  if (!lowered || (module.getOps<plan::StepOp>().empty() && failed(pack(module))))
    return failure();
  std::string text = packedAs;
  llvm::raw_string_ostream(text) << *lowered;
  if (text == lastLowered) { // the fixed lowering brings most honest passes to the same code
    lastVerdict->pass = pass.str();
    return *lastVerdict;
  }
  std::unique_ptr<StepProgram> program = StepProgram::compile(*lowered);
  if (!program)
    return failure();
  auto config = (*model)->getAttrOfType<ConfigAttr>(kConfigAttrName);
  KVCacheType cache;
  model->walk([&](LayersOp layers) { cache = cast<KVCacheType>(layers.getCache().getType()); });

  plan::ArenaAttr arena = program->arena();
  LazyMemory memory(static_cast<size_t>(arena.getSize()) + 4096);
  // Each sequence goes round in its part of a pool, from the end: a page number that is not looked up shows.
  int64_t pagesPerSequence = config.getMaxContext() / TRAFO_KV_PAGE_TOKENS;
  int64_t entries = config.getMaxSequences() * pagesPerSequence;
  std::vector<CachePool> pools;
  std::vector<int32_t> pages;
  for (auto pool : arena.getPools().getAsRange<plan::PoolAttr>()) {
    if (cache)
      pools.emplace_back(memory.data(), pool, cache);
    int64_t held = std::max<int64_t>(1, pool.getPages() / config.getMaxSequences());
    for (int64_t i = 0; i < entries; ++i)
      pages.push_back(
          static_cast<int32_t>(pool.getPages() - 1 - i / pagesPerSequence * held - i % pagesPerSequence % held));
  }

  PassVerdict verdict;
  verdict.pass = pass.str();
  auto judge = [&](const TraceEntry &entry, const StageWrites &run, const Rows &got) {
    StageBound bound = stageBoundOf(entry.op, entry.int8, entry.told == Told::Cached);
    RowsVerdict rows = compareStage(entry.rows, got, bound);
    ++verdict.compared;
    if (rows.broken || rows.worst > verdict.worst || verdict.where.empty()) {
      verdict.worst = std::max(verdict.worst, rows.worst);
      verdict.bound = rows.bound;
      verdict.where = entry.describe() + ", stage @" + run.stage;
    }
    verdict.broken |= rows.broken;
  };

  for (size_t number = 0; number < steps.size() && !verdict.broken; ++number) {
    const StepRows &rows = steps[number];
    Watcher watcher;
    watcher.atBarrier = [&](size_t index) {
      if (index >= runs.size() || verdict.broken)
        return;
      const StageWrites &run = runs[index];
      const Expected &want = expected[number][index];
      for (const std::string &name : run.buffers) {
        auto place = buffers.find(name);
        if (place == buffers.end())
          continue;
        float *base = reinterpret_cast<float *>(memory.data() + place->second.offset);
        Rows got(want.rows->rows.count, want.rows->rows.columns);
        for (int64_t r = 0; r < got.count; ++r) {
          float *from = base + r * place->second.stride;
          std::copy_n(from, got.columns, got.row(r));
          for (int64_t c = 0; c < got.columns; ++c)
            from[c] = static_cast<float>(want.rows->rows.row(r)[c]);
        }
        judge(*want.rows, run, got);
      }
      auto pool = llvm::find_if(pools, [&](const CachePool &each) { return each.holds(run.layer); });
      if (!run.writesCache || !want.cached || pool == pools.end())
        return;
      const int32_t *table = pages.data() + (pool - pools.begin()) * entries;
      Rows got(want.cached->rows.count, want.cached->rows.columns);
      for (int64_t r = 0; r < got.count; ++r)
        for (int64_t i = 0; i < got.columns; i += pool->headSize()) {
          size_t row = static_cast<size_t>(r);
          int64_t element = i % (got.columns / 2), position = rows.positions[row];
          int32_t page = table[rows.sequences[row] * pagesPerSequence + position / TRAFO_KV_PAGE_TOKENS];
          pool->exchange(
              {run.layer, page, element / pool->headSize(), i >= got.columns / 2, position % TRAFO_KV_PAGE_TOKENS},
              want.cached->rows.row(r) + i, got.row(r) + i);
        }
      judge(*want.cached, run, got);
    };

    trafo_step_t step{};
    step.weights = weights.data();
    step.arena = memory.data();
    step.tokens = rows.tokens.data();
    step.positions = rows.positions.data();
    step.sequences = rows.sequences.data();
    step.outputs = rows.outputs.data();
    step.pages = pages.data();
    step.rows = static_cast<int64_t>(rows.tokens.size());
    step.output_count = static_cast<int64_t>(rows.outputs.size());
    step.workers = 1;
    step.barrier = Watcher::barrier;
    step.barrier_state = &watcher;
    step.library = &kPlainLibrary;
    program->run(step);
    if (watcher.next != runs.size() && !verdict.broken) {
      module.emitError("after pass '") << pass << "' a step has " << watcher.next << " barriers, the plan "
                                       << runs.size() << " stages";
      return failure();
    }
  }
  lastLowered = std::move(text);
  lastVerdict = std::make_unique<PassVerdict>(verdict);
  return verdict;
}
