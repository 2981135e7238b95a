//===- ProfileReport.h - a profile as table, JSON and page ----------------===//
#ifndef TRAFO_TOOLS_TRAFO_PROFILEREPORT_H
#define TRAFO_TOOLS_TRAFO_PROFILEREPORT_H

#include "PhaseFigures.h"

namespace trafo::tool {

/// All that was measured of one program.
struct Profile {
  std::string program;
  const StageLog &log;
  Roofs roofs;
  uint64_t decodeBytes = 0; ///< of weights, as `--report` has it
  std::vector<PhaseFigures> phases;
};

/// The table of each phase on standard output.
void printProfile(const Profile &profile);
/// One JSON object.
std::string profileJson(const Profile &profile);
/// One HTML page that needs nothing but itself: rooflines, tables and timelines of what profileJson says.
std::string profilePage(const std::string &json);

} // namespace trafo::tool

#endif // TRAFO_TOOLS_TRAFO_PROFILEREPORT_H
