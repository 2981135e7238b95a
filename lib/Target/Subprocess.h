// Runs one of the tools code generation needs (lld, ptxas) on bytes in memory: input, output and messages are files in
// memory that the tool inherits, so nothing is left behind whatever ends us.
#ifndef TRAFO_LIB_TARGET_SUBPROCESS_H
#define TRAFO_LIB_TARGET_SUBPROCESS_H

#include "lib/Target/Target.h"

namespace trafo::target {

/// What a tool may take before it is ended: time on a CPU, so that a busy machine ends none that works, and a wall time
/// that only one that waits for something reaches.
struct ToolLimits {
  unsigned cpuSeconds = 600;
  unsigned wallSeconds = 3600;
};

/// Runs `program` with `arguments`, in which "%in" and "%out" stand for the paths of the input and the output, and
/// standard output goes to the output as well where `outputIsStdout`. Returns the output; sets `error` to one line with
/// the tool's first message where it cannot be started, does not end with 0, or reaches a limit.
llvm::FailureOr<Bytes> runTool(llvm::StringRef program, llvm::ArrayRef<llvm::StringRef> arguments,
                               llvm::ArrayRef<char> input, bool outputIsStdout, std::string &error,
                               ToolLimits limits = {});

} // namespace trafo::target

#endif
