//===- DotProducts.h - what x86 dot products are made of ------------------===//
#ifndef TRAFO_PASSES_X86_DOTPRODUCTS_H
#define TRAFO_PASSES_X86_DOTPRODUCTS_H

#include "passes/Contract/DotProducts.h"
#include "passes/Contract/GroupDots.h"

#include <memory>

namespace trafo {

/// `fence` in x86's vector registers.
inline void fence(VectorMath &b, llvm::MutableArrayRef<mlir::Value> values) { fence(b, values, 'v'); }

/// Exact dots by vpmaddubsw (AVX2) and by vpdpbusd (AVX-512 VNNI), of formats whose layouts have planes.
std::unique_ptr<GroupDots> maddubsDots(BlockContract &c);
std::unique_ptr<GroupDots> vpdpbusdDots(BlockContract &c);

} // namespace trafo

#endif
