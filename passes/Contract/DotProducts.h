//===- DotProducts.h - what lowerings to dot product instructions share ---===//
#ifndef TRAFO_PASSES_CONTRACT_DOTPRODUCTS_H
#define TRAFO_PASSES_CONTRACT_DOTPRODUCTS_H

#include "passes/Tile/VectorMath.h"

namespace trafo {

/// A call of an LLVM intrinsic with one result.
mlir::Value intrinsic(VectorMath &b, llvm::StringRef name, mlir::Type result, mlir::ValueRange operands);

/// Four activations of a token (an i32) in every 4 bytes of `type` (i8 lanes).
mlir::Value spread(VectorMath &b, mlir::Value fourActivations, mlir::VectorType type);

/// The same values, computed here: nothing moves over this point, so what is live at once stays what the loops around
/// it mean it to be. Left alone, LLVM sums token by token and keeps a block's unpacked codes on the stack (88 spills in
/// 323 instructions for four rows of q4_1 on AVX2). Emits no instruction; one value has nothing to interleave.
/// `registers` is LLVM's constraint letter for the machine's vector registers.
void fence(VectorMath &b, llvm::MutableArrayRef<mlir::Value> values, char registers);

} // namespace trafo

#endif
