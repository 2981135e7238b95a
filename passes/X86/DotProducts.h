//===- DotProducts.h - what x86 dot products are made of ------------------===//
#ifndef TRAFO_PASSES_X86_DOTPRODUCTS_H
#define TRAFO_PASSES_X86_DOTPRODUCTS_H

#include "passes/Contract/DotProducts.h"
#include "passes/Contract/GroupDots.h"

#include <memory>

namespace trafo {

/// `fence` in x86's vector registers.
inline void fence(VectorMath &b, llvm::MutableArrayRef<mlir::Value> values) { fence(b, values, 'v'); }

/// A buffer on the stack, made at the function's entry. Contractions follow each other, so those of one shape share it.
mlir::Value onStack(BlockContract &c, llvm::ArrayRef<int64_t> shape, mlir::Type element);

/// AVX-512 multiplies unsigned weights: what they are more than the format's codes, and 64 stored fields as such weights
/// (indices of a codebook are looked up).
int64_t fieldExcess(BlockContract &c);
mlir::Value unsignedFields(BlockContract &c, mlir::Value fields);

/// Exact dots by vpmaddubsw (AVX2) and by vpdpbusd (AVX-512 VNNI), of formats whose layouts have planes.
std::unique_ptr<GroupDots> maddubsDots(BlockContract &c);
std::unique_ptr<GroupDots> vpdpbusdDots(BlockContract &c);

/// Exact dots by tdpbsud (AMX), of any int8 format; for several tokens, up to 16.
std::unique_ptr<GroupDots> tileDots(BlockContract &c);

/// Lowers a contraction of bf16_g32 by tdpbf16ps (AMX) and erases it; for up to 16 tokens.
void tileProducts(BlockContract &c);

/// Makes loops over groups, lowered by `tileDots`, work on three groups at once.
void pipelineTileLoops(mlir::ModuleOp module);

} // namespace trafo

#endif
