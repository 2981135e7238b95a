// The NVIDIA target: PTX by LLVM's NVPTX backend, cubins by ptxas. A worker is a thread block.
#ifndef TRAFO_LIB_TARGET_NVIDIA_NVIDIATARGET_H
#define TRAFO_LIB_TARGET_NVIDIA_NVIDIATARGET_H

#include "lib/Target/Target.h"

namespace trafo::target {

/// The row of this target for Targets.cpp.
Target nvidiaTarget();

/// Assembles PTX for `arch` ("sm_80") by running ptxas; sets `error` to one line where there is none or it fails.
llvm::FailureOr<Bytes> assemblePtx(llvm::ArrayRef<char> ptx, llvm::StringRef arch, std::string &error);

} // namespace trafo::target

#endif
