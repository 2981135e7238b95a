// The x86-64 target: tiers by CPU features, code by LLVM, images by lld.
#ifndef TRAFO_LIB_TARGET_X86_X86TARGET_H
#define TRAFO_LIB_TARGET_X86_X86TARGET_H

#include "lib/Target/Target.h"

namespace trafo::target {

/// The row of this target for Targets.cpp.
Target x86Target();

/// Describes one of the tiers in Tiers.cpp, or "native" on an x86-64 machine.
plan::TargetAttr describeX86(mlir::MLIRContext *context, llvm::StringRef tier, std::string &error);

} // namespace trafo::target

#endif
