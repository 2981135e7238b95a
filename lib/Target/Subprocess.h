// Runs one of the tools code generation needs (lld, ptxas) on bytes in memory: input, output and messages are files in
// memory that the tool inherits, so nothing is left behind whatever ends us.
#ifndef TRAFO_LIB_TARGET_SUBPROCESS_H
#define TRAFO_LIB_TARGET_SUBPROCESS_H

#include "lib/Target/Target.h"

namespace trafo::target {

/// Runs `program` with `arguments`, in which "%in" and "%out" stand for the paths of the input and the output, and
/// standard output goes to the output as well where `outputIsStdout`. Returns the output; sets `error` to one line with
/// the tool's first message where it cannot be started or does not end with 0.
llvm::FailureOr<Bytes> runTool(llvm::StringRef program, llvm::ArrayRef<llvm::StringRef> arguments,
                               llvm::ArrayRef<char> input, bool outputIsStdout, std::string &error);

} // namespace trafo::target

#endif
