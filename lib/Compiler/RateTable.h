//===- RateTable.h - measured rates of contractions, from a file ----------===//
//
// What `trafo tune` writes: one JSON object for one tier of a target. The tables of lib/Target/<T>/rates are compiled in.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_LIB_COMPILER_RATETABLE_H
#define TRAFO_LIB_COMPILER_RATETABLE_H

#include "dialects/Plan/IR/PlanOps.h"
#include "lib/Compiler/Diagnostics.h"
#include "lib/Compiler/Options.h"
#include "lib/Import/Error.h"

#include <string>

namespace trafo {

/// A table, read and checked.
struct RateTable {
  std::string target;    ///< the tier it was measured for: "x86-64-v3"
  std::string machine;   ///< what it was measured on: "AMD EPYC, 2 threads"
  mlir::ArrayAttr rates; ///< of plan.rate; null: nobody measured
};

/// Reads the bytes of a table, which people know as `name`. Errors: TRAFO-TUNE-0001 (no JSON), -0002 (a key or value),
/// -0003 (too large).
Result<RateTable> parseRateTable(mlir::MLIRContext *context, llvm::StringRef text, llvm::StringRef name);

/// The table of each target: the file that --tune-table names where it is for that target, else what is compiled in.
/// Returns 0, or an exit code after a diagnostic: TRAFO-FILE-* and parseRateTable's, TRAFO-TUNE-0004 for a file that is
/// for none of the targets.
int findRates(const CompileOptions &options, llvm::ArrayRef<plan::TargetAttr> targets, DiagnosticPrinter &diagnostics,
              llvm::SmallVectorImpl<RateTable> &tables);

} // namespace trafo

#endif // TRAFO_LIB_COMPILER_RATETABLE_H
