//===- Report.h - what a compiled model will cost, before it runs ---------===//
#ifndef TRAFO_LIB_COMPILER_REPORT_H
#define TRAFO_LIB_COMPILER_REPORT_H

#include "lib/Compiler/ModelSummary.h"
#include "trafo/artifact.h"

#include <optional>

namespace trafo {

/// Prints bytes per decoded token, arena, barriers per layer, each kind of op's share of the bytes, and the tokens/s that
/// reading them at `bandwidth` (GB/s; measured where absent) allows.
void printReport(llvm::raw_ostream &out, const ModelSummary &summary, const trafo_manifest_t &manifest,
                 std::optional<double> bandwidth);

} // namespace trafo

#endif // TRAFO_LIB_COMPILER_REPORT_H
