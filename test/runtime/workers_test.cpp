#include "runtime/core/workers.h"

#include <gtest/gtest.h>
#include <vector>

using namespace trafo::runtime;

namespace {

/// Every worker writes its cell, meets the others, and must find what they wrote.
struct Exchange {
  std::vector<uint64_t> cells; ///< one a worker, a cache line apart
  std::vector<uint64_t> wrong;
};

void exchange(const trafo_step_t *step, int64_t worker) {
  Exchange &shared = *reinterpret_cast<Exchange *>(step->arena);
  for (uint64_t round = 1; round <= 200; ++round) {
    shared.cells[static_cast<size_t>(worker) * 8] = round * 1000 + static_cast<uint64_t>(worker);
    step->barrier(step->barrier_state);
    for (int64_t other = 0; other < step->workers; ++other)
      if (shared.cells[static_cast<size_t>(other) * 8] != round * 1000 + static_cast<uint64_t>(other))
        ++shared.wrong[static_cast<size_t>(worker) * 8];
    step->barrier(step->barrier_state);
  }
}

/// More workers than CPUs are allowed: they sleep instead of spinning.
TEST(Workers, NobodyRunsAheadOfTheBarrier) {
  for (int32_t wanted : {1, 2, 3, 4, 8, 16}) {
    Workers workers;
    ASSERT_TRUE(workers.start(Allocator(), wanted));
    ASSERT_EQ(workers.count(), wanted);
    Exchange shared;
    shared.cells.resize(static_cast<size_t>(wanted) * 8);
    shared.wrong.resize(shared.cells.size());
    trafo_step_t step = {};
    step.arena = reinterpret_cast<uint8_t *>(&shared);
    step.workers = workers.count();
    step.barrier = &Barrier::callback;
    step.barrier_state = &workers.barrier();
    for (int run = 0; run < 5; ++run)
      workers.run(exchange, &step);
    for (uint64_t wrong : shared.wrong)
      EXPECT_EQ(wrong, 0u) << wanted << " workers";
  }
}

TEST(Workers, StopWithoutEverRunning) {
  for (int i = 0; i < 20; ++i) {
    Workers workers;
    ASSERT_TRUE(workers.start(Allocator(), 4));
  }
}

} // namespace
