#ifndef TRAFO_RUNTIME_PROGRAM_OPTIONS_H
#define TRAFO_RUNTIME_PROGRAM_OPTIONS_H

#include "trafo/runtime.h"

#include <string>

namespace trafo::program {

/// What the command line of a compiled program says.
struct Options {
  std::string prompt; ///< if `promptGiven`; otherwise the prompt comes from standard input
  bool promptGiven = false;
  std::string system;
  bool systemGiven = false;
  bool raw = false;
  bool parseSpecial = false;
  bool interactive = false;
  bool json = false;
  bool stats = false;
  bool verify = false;
  int32_t maxTokens = 0;
  bool contextShift = false;
  int32_t keep = 0; ///< tokens that a shift leaves in front
  int32_t threads = 0;
  trafo_sampling_t sampling;
};

/// Reads the command line. Returns -1 to go on, else the exit code (after printing help or what is wrong).
int readCommandLine(int argc, char **argv, Options *options);

} // namespace trafo::program

#endif // TRAFO_RUNTIME_PROGRAM_OPTIONS_H
