// LLVM ends the process when it meets an intrinsic of a feature the function does not have. So every op that names an
// intrinsic of the machine is checked against the description first.
#ifndef TRAFO_LIB_TARGET_CHECKFEATURES_H
#define TRAFO_LIB_TARGET_CHECKFEATURES_H

#include "lib/Target/Target.h"

namespace trafo::target {

/// What an intrinsic of a machine needs.
struct IntrinsicRule {
  llvm::StringRef prefix;  ///< of the intrinsic's name; the first rule that fits counts
  uint64_t bits;           ///< TRAFO_CPU_*; 0: of the baseline
  llvm::StringRef feature; ///< as people write it
};

/// What every intrinsic of a module whose name begins with `family` ("llvm.x86.") needs is in the description; a
/// diagnostic names the op and the feature that is missing, or the intrinsic that no rule knows.
llvm::LogicalResult checkFeatures(mlir::ModuleOp module, plan::TargetAttr target, llvm::StringRef family,
                                  llvm::ArrayRef<IntrinsicRule> rules);

} // namespace trafo::target

#endif
