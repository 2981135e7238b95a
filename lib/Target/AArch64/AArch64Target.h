// The AArch64 target: tiers by CPU features, code by LLVM, images by lld.
#ifndef TRAFO_LIB_TARGET_AARCH64_AARCH64TARGET_H
#define TRAFO_LIB_TARGET_AARCH64_AARCH64TARGET_H

#include "lib/Target/Target.h"

namespace trafo::target {

/// The row of this target for Targets.cpp.
Target aarch64Target();

/// Describes one of the tiers in Tiers.cpp, or "native" on an AArch64 machine.
plan::TargetAttr describeAArch64(mlir::MLIRContext *context, llvm::StringRef tier, std::string &error);

} // namespace trafo::target

#endif
