//===- CheckInput.h - whether options and the IR they come with agree -----===//
#ifndef TRAFO_LIB_COMPILER_CHECKINPUT_H
#define TRAFO_LIB_COMPILER_CHECKINPUT_H

#include "lib/Compiler/Input.h"

namespace trafo {

/// Refuses what would be asked for in vain of a parsed module that stands after `input.stage`: a `plan.target` that is no
/// target of ours, IR that the stage's verify-<stage> rejects, and options of stages it has behind it. An option that
/// asks for what the module has already is fine. Returns 0, or an exit code after a diagnostic.
int checkInput(const CompileOptions &options, const Input &input, DiagnosticPrinter &diagnostics);

} // namespace trafo

#endif // TRAFO_LIB_COMPILER_CHECKINPUT_H
