// The x86-64 target: tiers by CPU features, code by LLVM, images by lld.
#ifndef TRAFO_LIB_TARGET_X86_X86TARGET_H
#define TRAFO_LIB_TARGET_X86_X86TARGET_H

#include "lib/Target/Target.h"

namespace trafo::target {

/// The row of this target for Targets.cpp.
Target x86Target();

/// Describes one of the tiers x86-64-v3, x86-64-v4, x86-64-v4+vnni, x86-64-v4+bf16 or native (the best of them that this machine runs).
plan::TargetAttr describeX86(mlir::MLIRContext *context, llvm::StringRef tier, std::string &error);

/// What every op of a module needs is in the description; a diagnostic names the op and the feature that is missing.
/// (LLVM aborts on an instruction it may not use.)
llvm::LogicalResult checkFeatures(mlir::ModuleOp module, plan::TargetAttr target);

/// Links one object to an ELF image: ET_DYN, entry trafo_model_query, no dynamic relocations, no needed libraries, no
/// writable segment. Runs lld; sets `error` to one line where that fails or the result is not such an image.
llvm::FailureOr<Bytes> linkImage(llvm::ArrayRef<char> object, std::string &error);

/// Checks what linkImage promises. Returns an empty string, or what is wrong.
std::string checkImage(llvm::ArrayRef<char> image);

} // namespace trafo::target

#endif
