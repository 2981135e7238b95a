// trafo-read-bandwidth THREADS BYTES [REPEATS]: how fast this machine reads BYTES of memory now, in GB/s (1e9 bytes).
#include "lib/Measure/ReadBandwidth.h"

#include <cstdio>
#include <cstdlib>

int main(int argc, char **argv) {
  const long threads = argc > 1 ? std::atol(argv[1]) : 0;
  const long long bytes = argc > 2 ? std::atoll(argv[2]) : 0;
  const long repeats = argc > 3 ? std::atol(argv[3]) : 15;
  if (threads < 1 || threads > 1024 || bytes < 4096 || repeats < 1 || repeats > 1000000) {
    std::fprintf(stderr, "usage: trafo-read-bandwidth THREADS BYTES [REPEATS]\n");
    return 2;
  }
  const double rate = trafo::measureReadBandwidth(static_cast<int32_t>(threads), static_cast<uint64_t>(bytes),
                                                  static_cast<int32_t>(repeats));
  if (rate <= 0) {
    std::fprintf(stderr, "trafo-read-bandwidth: cannot read %lld bytes with %ld threads here\n", bytes, threads);
    return 71;
  }
  std::printf("%.3f\n", rate);
  return 0;
}
