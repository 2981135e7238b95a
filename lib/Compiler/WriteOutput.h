//===- WriteOutput.h - the files a compilation leaves ---------------------===//
#ifndef TRAFO_LIB_COMPILER_WRITEOUTPUT_H
#define TRAFO_LIB_COMPILER_WRITEOUTPUT_H

#include "lib/Compiler/Diagnostics.h"
#include "lib/Compiler/ModelSummary.h"
#include "lib/Compiler/Options.h"
#include "lib/Compiler/Progress.h"
#include "lib/Target/Target.h"
#include "trafo/artifact.h"

namespace trafo {

/// Code of one tier.
struct TierCode {
  plan::TargetAttr target;
  target::Bytes bytes;
};

/// Writes a program (EmitKind::Executable) or a library with its weights beside it (EmitKind::SharedLibrary). `packing` is
/// a tiled module: its weights have layouts and offsets. Returns an exit code after a diagnostic.
int writeArtifact(const CompileOptions &options, DiagnosticPrinter &diagnostics, Progress &progress, const Input &input,
                  const ModelSummary &summary, mlir::ModuleOp packing, trafo_manifest_t manifest,
                  llvm::ArrayRef<TierCode> code);

/// Writes `bytes` to `path`, complete or not at all; "-" is standard output.
int writeFile(const std::string &path, llvm::ArrayRef<char> bytes, DiagnosticPrinter &diagnostics);

} // namespace trafo

#endif // TRAFO_LIB_COMPILER_WRITEOUTPUT_H
