// What a CODE section of a CPU holds: an ELF image that asks for no dynamic linker.
#ifndef TRAFO_LIB_TARGET_LINKIMAGE_H
#define TRAFO_LIB_TARGET_LINKIMAGE_H

#include "lib/Target/Target.h"

namespace trafo::target {

/// Links one object to an ELF image: ET_DYN, entry trafo_model_query, no dynamic relocations, no needed libraries, no
/// writable segment. Runs lld; sets `error` to one line where that fails or the result is not such an image.
llvm::FailureOr<Bytes> linkImage(llvm::ArrayRef<char> object, std::string &error);

/// Checks what linkImage promises. Returns an empty string, or what is wrong.
std::string checkImage(llvm::ArrayRef<char> image);

} // namespace trafo::target

#endif
