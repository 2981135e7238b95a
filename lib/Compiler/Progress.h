//===- Progress.h - how far a compilation is ------------------------------===//
#ifndef TRAFO_LIB_COMPILER_PROGRESS_H
#define TRAFO_LIB_COMPILER_PROGRESS_H

#include "llvm/ADT/StringRef.h"

#include <chrono>
#include <cstdint>
#include <string>

namespace trafo {

/// Says on a terminal which step runs (one line, redrawn, removed at the end), and to `fd`, if there is one, lines for
/// programs: `step <number> <of> <name>`, `bytes <done> <total>`, `end`.
class Progress {
public:
  /// `steps`: how many calls of `step` there will be.
  Progress(int fd, unsigned steps);
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  void step(llvm::StringRef name);
  void bytes(int64_t done, int64_t total);
  /// Clears the line, so that something else can be printed.
  void clear();

private:
  void tell(const std::string &line);

  int fd;
  bool terminal;
  unsigned steps, number = 0;
  std::string name;
  std::chrono::steady_clock::time_point lastDrawn;
};

} // namespace trafo

#endif // TRAFO_LIB_COMPILER_PROGRESS_H
