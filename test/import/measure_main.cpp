//===- measure_main.cpp - trafo-measure -----------------------------------===//
//
// usage: trafo-measure <report> <program> <argument>...
// Runs the program and writes one line to the file <report>: exit code (negative: the signal that ended it), peak
// resident bytes, wall milliseconds. A process started by Python inherits the peak of Python itself; started from this
// small one it does not.
//
//===----------------------------------------------------------------------===//
#include <chrono>
#include <cstdio>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 3)
    return 2;
  auto start = std::chrono::steady_clock::now();
  pid_t child = ::fork();
  if (child < 0)
    return 71;
  if (child == 0) {
    ::execvp(argv[2], argv + 2);
    ::_exit(127);
  }
  int status = 0;
  rusage usage{};
  if (::wait4(child, &status, 0, &usage) != child)
    return 71;
  auto wall = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  std::FILE *report = std::fopen(argv[1], "w");
  if (!report)
    return 73;
  std::fprintf(report, "%d %lld %lld\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
               static_cast<long long>(usage.ru_maxrss) << 10, static_cast<long long>(wall.count()));
  return std::fclose(report) == 0 ? 0 : 74;
}
