//===- DotProducts.h - what x86 dot products are made of ------------------===//
#ifndef TRAFO_PASSES_X86_DOTPRODUCTS_H
#define TRAFO_PASSES_X86_DOTPRODUCTS_H

#include "passes/Contract/GroupDots.h"

#include <memory>

namespace trafo {

/// A call of one of LLVM's intrinsics for x86.
mlir::Value intrinsic(VectorMath &b, llvm::StringRef name, mlir::Type result, mlir::ValueRange operands);

/// Four activations of a token in every 4 bytes of `type` (i8 lanes).
mlir::Value spread(VectorMath &b, mlir::Value fourActivations, mlir::VectorType type);

/// The same values, computed here: nothing moves over this point, so what is live at once stays what the loops around
/// it mean it to be. Left alone, LLVM sums token by token and keeps a block's unpacked codes on the stack (88 spills in
/// 323 instructions for four rows of q4_1). Emits no instruction; one value has nothing to interleave.
void fence(VectorMath &b, llvm::MutableArrayRef<mlir::Value> values);

/// Exact dots by vpmaddubsw (AVX2) and by vpdpbusd (AVX-512 VNNI), of formats whose layouts have planes.
std::unique_ptr<GroupDots> maddubsDots(BlockContract &c);
std::unique_ptr<GroupDots> vpdpbusdDots(BlockContract &c);

} // namespace trafo

#endif
