//===- BenchProfile.h - bench --profile: where the time of a step goes ----===//
#ifndef TRAFO_TOOLS_TRAFO_BENCHPROFILE_H
#define TRAFO_TOOLS_TRAFO_BENCHPROFILE_H

#include "Commands.h"

namespace trafo::tool {

/// Profiles the compiled program `request.file`, which people know as `name`: a table (or JSON) on standard output, and
/// the files that the request names. Returns an exit code.
int benchProfile(const BenchRequest &request, const std::string &name);

} // namespace trafo::tool

#endif // TRAFO_TOOLS_TRAFO_BENCHPROFILE_H
