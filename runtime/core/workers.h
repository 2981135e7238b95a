#ifndef TRAFO_RUNTIME_CORE_WORKERS_H
#define TRAFO_RUNTIME_CORE_WORKERS_H

#include "runtime/core/memory.h"
#include "trafo/runtime.h"

#include <atomic>
#include <pthread.h>

namespace trafo::runtime {

/// A counter that threads wait on: they spin for about 20 us and then sleep in the kernel. Advancing it costs a system
/// call only when somebody sleeps, so that a step makes none while its workers keep pace.
class SpinEvent {
public:
  uint32_t value() const { return counter.load(std::memory_order_acquire); }
  /// Adds one and wakes all who sleep. What was written before is seen by those who return from `waitPast`.
  void advance();
  /// Returns once the counter differs from `seen`, after at most `spins` pauses without sleeping.
  void waitPast(uint32_t seen, uint32_t spins);

private:
  std::atomic<uint32_t> counter{0};
  std::atomic<uint32_t> sleepers{0};
};

/// The barrier between the stages of a step: returns when all `count` workers have arrived.
class Barrier {
public:
  void configure(int32_t workers, uint32_t spinLimit) {
    count = workers;
    spins = spinLimit;
  }
  void arriveAndWait();
  /// As trafo_step_t::barrier wants it; `state` is the Barrier.
  static void callback(void *state) { static_cast<Barrier *>(state)->arriveAndWait(); }

private:
  alignas(64) std::atomic<int32_t> arrived{0};
  alignas(64) SpinEvent released;
  int32_t count = 1;
  uint32_t spins = 0;
};

/// A fixed crew of threads that run the same function together; the caller's thread is worker 0. Signals but faults are
/// blocked in the others, so that Ctrl-C reaches the program's own thread.
class Workers {
public:
  Workers() = default;
  ~Workers() { stop(); }
  Workers(const Workers &) = delete;
  Workers &operator=(const Workers &) = delete;

  /// Starts up to `wanted` - 1 threads; fewer if the system refuses more. False when out of memory.
  [[nodiscard]] bool start(const Allocator &allocator, int32_t wanted);
  void stop();
  int32_t count() const { return workers; }
  Barrier &barrier() { return stageBarrier; }

  /// Runs `step` on all workers and returns when all are done.
  void run(trafo_step_fn function, const trafo_step_t *step);

private:
  struct Thread {
    pthread_t handle;
    Workers *owner;
    int32_t worker;
  };
  static void *entry(void *argument);
  void work(int32_t worker);

  Array<Thread> threads;
  int32_t workers = 1;
  uint32_t spins = 0;
  trafo_step_fn currentFunction = nullptr; ///< NULL: the threads end
  const trafo_step_t *currentStep = nullptr;
  Barrier stageBarrier;
  alignas(64) SpinEvent begun;
  alignas(64) SpinEvent finished;
  alignas(64) std::atomic<int32_t> running{0};
};

/// How many CPUs this process may run on.
int32_t allowedCpus();

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_CORE_WORKERS_H
