#ifndef TRAFO_RUNTIME_CORE_WORKERS_H
#define TRAFO_RUNTIME_CORE_WORKERS_H

#include "runtime/core/memory.h"
#include "trafo/runtime.h"

#include <atomic>
#include <pthread.h>

namespace trafo::runtime {

/// How many pauses a waiter may spin before it sleeps; both 0: none.
struct SpinRange {
  uint32_t least = 0; ///< about 20 us
  uint32_t most = 0;  ///< about 1 ms
};

/// How long waiters spin before they sleep; learnt from waits inside a step, where every worker is on its way.
///
/// Where every worker has a CPU, the others come within a millisecond at most (stages are uneven), and spinning that long
/// saves all system calls. Where CPUs are taken away by others, a worker comes after a time slice, and spinning takes the
/// CPU it may need. A single long wait says little: any system takes a CPU away now and then. So a wait of over a
/// millisecond cuts the patience to a quarter, down to 20 us, and every 256 shorter ones double it: it falls where more
/// than one wait in 512 is long. Threads may lose each other's updates; that does no harm.
class Patience {
public:
  void configure(SpinRange allowed) {
    range = allowed;
    pauses.store(allowed.most, std::memory_order_relaxed);
  }
  uint32_t spins() const { return pauses.load(std::memory_order_relaxed); }
  void learn(bool longWait);

private:
  alignas(64) std::atomic<uint32_t> pauses{0};
  std::atomic<uint32_t> shortWaits{0};
  SpinRange range;
};

/// A counter that threads wait on: they spin and then sleep in the kernel. Advancing it costs a system call only when
/// somebody sleeps, so that a step makes none while its workers keep pace.
class SpinEvent {
public:
  uint32_t value() const { return counter.load(std::memory_order_acquire); }
  /// Adds one and wakes all who sleep. What was written before is seen by those who return from `waitPast`.
  void advance();
  /// Returns once the counter differs from `seen`, after at most `spins` pauses awake. True when that took over a
  /// millisecond asleep.
  bool waitPast(uint32_t seen, uint32_t spins);

private:
  alignas(64) std::atomic<uint32_t> counter{0};
  std::atomic<uint32_t> sleepers{0};
};

/// The barrier between the stages of a step: returns when all `count` workers have arrived.
class Barrier {
public:
  void configure(SpinRange allowed) { patience.configure(allowed); }
  void setWorkers(int32_t workers) { count = workers; }
  void arriveAndWait();
  /// As trafo_step_t::barrier wants it; `state` is the Barrier.
  static void callback(void *state) { static_cast<Barrier *>(state)->arriveAndWait(); }

private:
  friend class Workers;
  alignas(64) std::atomic<int32_t> arrived{0};
  SpinEvent released;
  Patience patience;
  int32_t count = 1;
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
  trafo_step_fn currentFunction = nullptr; ///< NULL: the threads end
  const trafo_step_t *currentStep = nullptr;
  Barrier stageBarrier;
  SpinEvent begun;
  SpinEvent finished;
  alignas(64) std::atomic<int32_t> running{0};
};

/// How many CPUs this process may run on.
int32_t allowedCpus();

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_CORE_WORKERS_H
