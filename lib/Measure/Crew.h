//===- Crew.h - threads that do one thing together ------------------------===//
#ifndef TRAFO_LIB_MEASURE_CREW_H
#define TRAFO_LIB_MEASURE_CREW_H

#include <cstdint>
#include <thread>
#include <vector>

namespace trafo {

/// Runs `work(0)` to `work(threads - 1)`, each in a thread of its own, the first in the caller's; returns when all have.
template <class Work> void runCrew(int32_t threads, const Work &work) {
  std::vector<std::thread> others;
  for (int32_t thread = 1; thread < threads; ++thread)
    others.emplace_back([&work, thread] { work(thread); });
  work(0);
  for (std::thread &other : others)
    other.join();
}

} // namespace trafo

#endif // TRAFO_LIB_MEASURE_CREW_H
