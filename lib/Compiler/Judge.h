//===- Judge.h - the reference, asked from a command line -----------------===//
#ifndef TRAFO_LIB_COMPILER_JUDGE_H
#define TRAFO_LIB_COMPILER_JUDGE_H

#include "lib/Compiler/Options.h"

#include <vector>

namespace llvm {
class raw_ostream;
}

namespace trafo {

/// What the reference is run with, beside the options of the compilation it judges.
struct JudgeOptions {
  std::vector<int32_t> tokens; ///< sample tokens; empty: made up
  unsigned threads = 2;
  std::string logits;      ///< `evaluate`: the NumPy file to write
  bool asCompiled = false; ///< `evaluate`: round where the compiled program does
};

/// Runs the passes of the compilation, the user's included, and judges the model after each. A line a pass goes to `out`;
/// a pass that breaks its bound is an error that names pass, layer and op. Returns an exit code; TRAFO_INTERNAL for a broken bound.
int check(const CompileOptions &options, const JudgeOptions &judge, llvm::raw_ostream &out, llvm::raw_ostream &errors);

/// Writes the reference's logits of `judge.tokens`. Returns an exit code.
int evaluate(const CompileOptions &options, const JudgeOptions &judge, llvm::raw_ostream &errors);

} // namespace trafo

#endif // TRAFO_LIB_COMPILER_JUDGE_H
