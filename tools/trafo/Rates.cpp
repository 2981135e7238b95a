#include "Rates.h"

#include <boost/json.hpp>
#include <cinttypes>
#include <cstdio>

namespace json = boost::json;

namespace trafo::tool {

bool fitRate(const std::vector<TimedContraction> &timed, Rate &rate) {
  // Least squares of the relative error of call + bytes * slope.
  double calls = 0, mixed = 0, slopes = 0, callSum = 0, slopeSum = 0, bytes = 0, multiplies = 0;
  for (const TimedContraction &one : timed) {
    double call = 1 / one.seconds, slope = one.bytes / one.seconds;
    calls += call * call;
    mixed += call * slope;
    slopes += slope * slope;
    callSum += call;
    slopeSum += slope;
    bytes += one.bytes;
    multiplies += one.multiplies;
  }
  if (slopes <= 0)
    return false;
  double determinant = calls * slopes - mixed * mixed;
  double call = determinant > 0 ? (callSum * slopes - slopeSum * mixed) / determinant : 0;
  double slope = determinant > 0 ? (slopeSum * calls - callSum * mixed) / determinant : 0;
  if (call < 0 || slope <= 0) {
    call = 0;
    slope = slopeSum / slopes;
  }
  rate.callMicroseconds = call * 1e6;
  rate.gbPerSecond = 1 / slope / 1e9;
  rate.gmulPerSecond = rate.gbPerSecond * multiplies / bytes;
  return true;
}

static const char *roadOf(const Rate &rate) { return rate.library ? "oneDNN" : "generated"; }

std::string tableJson(const RateTable &table) {
  std::string text = "{\n  \"version\": 1,\n  \"target\": " + json::serialize(json::string(table.target)) +
                     ",\n  \"cpu\": " + json::serialize(json::string(table.cpu)) +
                     ",\n  \"threads\": " + std::to_string(table.threads) +
                     ",\n  \"library\": " + json::serialize(json::string(table.library)) + ",\n  \"rates\": [";
  for (size_t i = 0; i < table.rates.size(); ++i) {
    const Rate &rate = table.rates[i];
    char line[256];
    snprintf(line, sizeof(line),
             "%s\n    {\"weights\": \"%s\", \"road\": \"%s\", \"rows\": %" PRId64
             ", \"gb_per_second\": %.3f, \"gmul_per_second\": %.3f, \"call_microseconds\": %.3f}",
             i ? "," : "", rate.weights.c_str(), roadOf(rate), rate.rows, rate.gbPerSecond, rate.gmulPerSecond,
             rate.callMicroseconds);
    text += line;
  }
  return text + "\n  ]\n}\n";
}

void printTable(const RateTable &table) {
  printf("%s: %s, %d threads%s%s\n  %-8s %-10s %5s %9s %9s %9s\n", table.target.c_str(), table.cpu.c_str(),
         table.threads, table.library.empty() ? "" : ", ", table.library.c_str(), "weights", "road", "rows", "GB/s",
         "Gmul/s", "call, us");
  for (const Rate &rate : table.rates)
    printf("  %-8s %-10s %5" PRId64 " %9.2f %9.2f %9.1f\n", rate.weights.c_str(), roadOf(rate), rate.rows,
           rate.gbPerSecond, rate.gmulPerSecond, rate.callMicroseconds);
}

} // namespace trafo::tool
