//===- Rates.h - how fast contractions of a format are --------------------===//
#ifndef TRAFO_TOOLS_TRAFO_RATES_H
#define TRAFO_TOOLS_TRAFO_RATES_H

#include <cstdint>
#include <string>
#include <vector>

namespace trafo::tool {

/// One contraction as it was timed.
struct TimedContraction {
  double bytes = 0, multiplies = 0, seconds = 0;
};

/// Contractions of a format on a road in steps of so many rows: seconds = call + bytes / read = call + multiplies / rate.
struct Rate {
  std::string weights; ///< storage format
  bool library = false;
  int64_t rows = 1;
  double gbPerSecond = 0, gmulPerSecond = 0, callMicroseconds = 0;
};

/// Fits a line through contractions of one format and number of rows, each as important as the others whatever its size. A
/// call never takes less than nothing. False where nothing was timed.
bool fitRate(const std::vector<TimedContraction> &timed, Rate &rate);

/// All that was measured of a tier on this machine.
struct RateTable {
  std::string target, cpu, library; ///< library: "oneDNN 3.2.0"; empty: none was measured
  int32_t threads = 1;
  std::vector<Rate> rates;
};

/// The file that `trafo compile --tune-table` reads.
std::string tableJson(const RateTable &table);
/// The same for people, on standard output.
void printTable(const RateTable &table);

} // namespace trafo::tool

#endif // TRAFO_TOOLS_TRAFO_RATES_H
