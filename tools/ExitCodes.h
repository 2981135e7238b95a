//===- ExitCodes.h - what every --help of the tools ends in ---------------===//
#ifndef TRAFO_TOOLS_EXITCODES_H
#define TRAFO_TOOLS_EXITCODES_H

#include <string>

namespace trafo {

/// The examples of a command line, and the exit codes that all share (README.md).
inline std::string withExitCodes(const char *examples) {
  return std::string(examples) + R"(

Exit codes: 0 done; 2 wrong arguments; 65 bad data; 66 input missing or unreadable; 69 unsupported here; 70 internal
error; 71 no memory; 73 output cannot be created; 74 reading or writing failed; 130 stopped by Ctrl-C.)";
}

} // namespace trafo

#endif // TRAFO_TOOLS_EXITCODES_H
