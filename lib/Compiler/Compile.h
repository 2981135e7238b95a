//===- Compile.h - a model file becomes a program -------------------------===//
#ifndef TRAFO_LIB_COMPILER_COMPILE_H
#define TRAFO_LIB_COMPILER_COMPILE_H

#include "lib/Compiler/Options.h"

namespace llvm {
class raw_ostream;
}

namespace trafo {

/// Compiles as asked. Errors are single lines on `errors`; the report and nothing else goes to `out`. Returns an exit
/// code (trafo_status_t). An output file appears complete or not at all.
int compile(const CompileOptions &options, llvm::raw_ostream &out, llvm::raw_ostream &errors);

} // namespace trafo

#endif // TRAFO_LIB_COMPILER_COMPILE_H
