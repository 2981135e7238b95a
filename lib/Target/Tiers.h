// Tiers of a CPU target as rows of a table. A tier's features are exactly what its code may use and what the program checks
// before it runs, so `native` is the best tier the machine has, not LLVM's idea of its CPU.
#ifndef TRAFO_LIB_TARGET_TIERS_H
#define TRAFO_LIB_TARGET_TIERS_H

#include "lib/Target/Target.h"

namespace trafo::target {

struct Feature {
  llvm::StringRef name; ///< LLVM's
  uint64_t bit;         ///< of artifact.h
};

/// One tier; the numbers are plan.target's (dialects/Plan/IR/PlanAttrs.td).
struct Tier {
  llvm::StringRef name, cpu; ///< ours, LLVM's
  size_t features;           ///< the first so many of the table's
  plan::DotKind dot;
  int64_t tileTokens, tileGroups, panelRows, prefetchBytes;
  plan::LibraryForm library, int8Library;
  int64_t floatTokens, pairTokens;
  bool byNameOnly =
      false; ///< not for "native": its code never ran on such a machine, or no faster than the next tier's
};

struct TierTable {
  llvm::StringRef triple;
  llvm::ArrayRef<Feature> features; ///< each tier adds to the ones below it
  llvm::ArrayRef<Tier> tiers;       ///< best first
};

/// Describes the tier of that name, or for "native" the best one that this machine runs. Null and `error` empty: the name
/// is not of this table ("native" is not, on a machine of another kind); null and `error` set: this machine is too old.
plan::TargetAttr describeFrom(const TierTable &table, mlir::MLIRContext *context, llvm::StringRef name,
                              std::string &error);

} // namespace trafo::target

#endif
