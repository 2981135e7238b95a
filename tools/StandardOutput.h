//===- StandardOutput.h - whether all that a tool printed was written -----===//
#ifndef TRAFO_TOOLS_STANDARDOUTPUT_H
#define TRAFO_TOOLS_STANDARDOUTPUT_H

#include "trafo/runtime.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace trafo {

/// A tool's exit code once its standard output is flushed: `status`, or TRAFO_IO where that was 0 and writing failed, after
/// one line on standard error. A reader that went away needs no line.
inline int withOutputWritten(int status) {
  errno = 0;
  if (fflush(stdout) == 0 && !ferror(stdout))
    return status;
  if (errno != EPIPE)
    fprintf(stderr, "trafo: error: standard output: %s\n", errno ? strerror(errno) : "cannot be written");
  return status ? status : TRAFO_IO;
}

} // namespace trafo

#endif // TRAFO_TOOLS_STANDARDOUTPUT_H
