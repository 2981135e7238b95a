//===- ReadBandwidth.h - how fast this machine reads memory ---------------===//
#ifndef TRAFO_LIB_MEASURE_READBANDWIDTH_H
#define TRAFO_LIB_MEASURE_READBANDWIDTH_H

#include <cstdint>

namespace trafo {

/// Reads `bytes` of memory with `threads` threads, each its own contiguous part as a worker its rows of the weights,
/// `rounds` times over, and returns the median rate in GB/s (1e9 bytes); 0 if it could not be measured. Runs in a process
/// of its own, so that its memory does not count as ours.
double measureReadBandwidth(int32_t threads, uint64_t bytes, int32_t rounds = 9);

} // namespace trafo

#endif // TRAFO_LIB_MEASURE_READBANDWIDTH_H
