#include "lib/Compiler/Progress.h"

#include <cstdio>
#include <unistd.h>

using namespace trafo;

Progress::Progress(int fd, unsigned steps) : fd(fd), terminal(isatty(STDERR_FILENO)), steps(steps) {}

Progress::~Progress() {
  clear();
  tell("end\n");
}

void Progress::step(llvm::StringRef next) {
  name = next.str();
  ++number;
  tell("step " + std::to_string(number) + " " + std::to_string(steps) + " " + name + "\n");
  if (terminal)
    std::fprintf(stderr, "\r\033[K[%u/%u] %s", number, steps, name.c_str());
}

void Progress::bytes(int64_t done, int64_t total) {
  auto now = std::chrono::steady_clock::now();
  if (done < total && now - lastDrawn < std::chrono::milliseconds(100))
    return;
  lastDrawn = now;
  tell("bytes " + std::to_string(done) + " " + std::to_string(total) + "\n");
  if (terminal && total > 0)
    std::fprintf(stderr, "\r\033[K[%u/%u] %s %3d %%", number, steps, name.c_str(),
                 static_cast<int>(100.0 * done / total));
}

void Progress::clear() {
  if (terminal && number)
    std::fprintf(stderr, "\r\033[K");
}

void Progress::tell(const std::string &line) {
  // A reader that went away is no reason to stop compiling.
  if (fd >= 0 && write(fd, line.data(), line.size()) < 0)
    fd = -1;
}
