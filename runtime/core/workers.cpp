#include "runtime/core/workers.h"

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace trafo::runtime {
namespace {

inline void pauseCpu() {
#if defined(__x86_64__)
  __asm__ volatile("pause" ::: "memory");
#elif defined(__aarch64__)
  __asm__ volatile("yield" ::: "memory");
#endif
}

constexpr int64_t kLeastNs = 20 * 1000;
constexpr int64_t kMostNs = 1000 * 1000;
constexpr uint32_t kShortWaitsToDouble = 256;

/// No system call where the kernel maps its clock.
int64_t nowNs() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/// A pause takes 40 cycles on some CPUs and 140 on others, so the number of them in a time is measured. The fastest of
/// some short trials counts: one that was interrupted would say that a pause takes long.
SpinRange measurePauses() {
  constexpr uint32_t kPauses = 200;
  int64_t fastest = INT64_MAX;
  for (int trial = 0; trial < 10; ++trial) {
    int64_t begin = nowNs();
    for (uint32_t i = 0; i < kPauses; ++i)
      pauseCpu();
    int64_t ns = nowNs() - begin;
    fastest = ns > 0 && ns < fastest ? ns : fastest;
  }
  auto pausesIn = [&](int64_t ns) { return static_cast<uint32_t>(kPauses * ns / fastest + 1); };
  return {pausesIn(kLeastNs), pausesIn(kMostNs)};
}

} // namespace

void SpinEvent::advance() {
  // Sequential order between this store and the load of `sleepers`, and between a sleeper's announcement and the kernel's
  // check of the counter, is what makes a lost wake-up impossible.
  counter.fetch_add(1, std::memory_order_seq_cst);
  if (sleepers.load(std::memory_order_seq_cst) != 0)
    syscall(SYS_futex, &counter, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

bool SpinEvent::waitPast(uint32_t seen, uint32_t spins) {
  for (uint32_t i = 0; i < spins; ++i) {
    if (counter.load(std::memory_order_acquire) != seen)
      return false;
    pauseCpu();
  }
  int64_t begin = nowNs();
  sleepers.fetch_add(1, std::memory_order_seq_cst);
  while (counter.load(std::memory_order_seq_cst) == seen)
    syscall(SYS_futex, &counter, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
  sleepers.fetch_sub(1, std::memory_order_relaxed);
  return nowNs() - begin >= kMostNs;
}

void Patience::learn(bool longWait) {
  uint32_t now = spins(), waits = shortWaits.load(std::memory_order_relaxed) + 1;
  if (longWait) {
    waits = 0;
    pauses.store(now / 4 > range.least ? now / 4 : range.least, std::memory_order_relaxed);
  } else if (waits >= kShortWaitsToDouble) {
    waits = 0;
    pauses.store(now > range.most / 2 ? range.most : now * 2, std::memory_order_relaxed);
  }
  shortWaits.store(waits, std::memory_order_relaxed);
}

void Barrier::arriveAndWait() {
  if (count == 1)
    return;
  uint32_t seen = released.value();
  if (arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == count) {
    arrived.store(0, std::memory_order_relaxed);
    released.advance();
    return;
  }
  patience.learn(released.waitPast(seen, patience.spins()));
}

bool Workers::start(const Allocator &allocator, int32_t wanted) {
  if (wanted < 1)
    wanted = 1;
  if (!threads.allocate(allocator, static_cast<size_t>(wanted)))
    return false;
  // More workers than CPUs: spinning would take the CPU from the one that is waited for.
  stageBarrier.configure(wanted <= allowedCpus() ? measurePauses() : SpinRange());
  sigset_t all, before;
  sigfillset(&all);
  for (int fault : {SIGBUS, SIGSEGV, SIGILL, SIGFPE}) // a blocked fault ends the process without its handler
    sigdelset(&all, fault);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  workers = 1;
  for (int32_t i = 1; i < wanted; ++i) {
    threads[i].owner = this;
    threads[i].worker = i;
    if (pthread_create(&threads[i].handle, nullptr, entry, &threads[i]) != 0)
      break;
    ++workers;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  stageBarrier.setWorkers(workers);
  return true;
}

void Workers::stop() {
  if (workers > 1) {
    currentFunction = nullptr;
    begun.advance();
    for (int32_t i = 1; i < workers; ++i)
      pthread_join(threads[i].handle, nullptr);
  }
  workers = 1;
}

void Workers::run(trafo_step_fn function, const trafo_step_t *step) {
  if (workers == 1) {
    function(step, 0);
    return;
  }
  currentFunction = function;
  currentStep = step;
  uint32_t seen = finished.value();
  running.store(workers - 1, std::memory_order_relaxed);
  begun.advance();
  function(step, 0);
  stageBarrier.patience.learn(finished.waitPast(seen, stageBarrier.patience.spins()));
}

void *Workers::entry(void *argument) {
  Thread *thread = static_cast<Thread *>(argument);
  thread->owner->work(thread->worker);
  return nullptr;
}

void Workers::work(int32_t worker) {
  for (uint32_t seen = 0;; ++seen) {
    begun.waitPast(seen, stageBarrier.patience.spins()); // a session that rests teaches nothing
    if (!currentFunction)
      return;
    currentFunction(currentStep, worker);
    if (running.fetch_sub(1, std::memory_order_acq_rel) == 1)
      finished.advance();
  }
}

int32_t allowedCpus() {
  // A fixed set would fail on machines with more CPUs than it holds: grow until the kernel is content.
  for (int cpus = 1024; cpus <= 1 << 20; cpus *= 4) {
    cpu_set_t *set = CPU_ALLOC(cpus);
    if (!set)
      break;
    size_t size = CPU_ALLOC_SIZE(cpus);
    int rc = sched_getaffinity(0, size, set), errnum = errno;
    int count = rc == 0 ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (rc == 0)
      return count > 0 ? count : 1;
    if (errnum != EINVAL)
      break;
  }
  return 1;
}

} // namespace trafo::runtime
