//===- StageOptionsOf.h - what a command line and its targets ask of stages ===//
#ifndef TRAFO_LIB_COMPILER_STAGEOPTIONSOF_H
#define TRAFO_LIB_COMPILER_STAGEOPTIONSOF_H

#include "dialects/Plan/IR/PlanOps.h"
#include "lib/Compiler/Diagnostics.h"
#include "lib/Compiler/Options.h"

namespace trafo {

/// Fills `stages` from the options and from the matmul library of the targets, which must agree on what it takes since
/// they share weights and numeric classes. Returns 0, or an exit code after a diagnostic.
int stageOptionsOf(const CompileOptions &options, llvm::ArrayRef<plan::TargetAttr> targets,
                   DiagnosticPrinter &diagnostics, StageOptions &stages);

} // namespace trafo

#endif // TRAFO_LIB_COMPILER_STAGEOPTIONSOF_H
