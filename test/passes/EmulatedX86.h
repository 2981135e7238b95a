//===- EmulatedX86.h - x86 dot products on a CPU without them ---------------===//
//
// The lowerings for AVX-512 VNNI and AMX must be right where no such CPU is at hand. What they make of a contraction is
// arithmetic on vectors around a few instructions; with those spelled out, any machine runs it.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_TEST_PASSES_EMULATEDX86_H
#define TRAFO_TEST_PASSES_EMULATEDX86_H

#include "mlir/IR/BuiltinOps.h"

namespace trafo {

/// Replaces vpdpbusd, vpshufb of 64 bytes and the amx dialect in `module`, as trafo-lower-block-contract-x86 leaves it, by
/// what the Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, says they compute (denormal values of
/// tdpbf16ps aside), and takes out the empty assembly that keeps values in registers of 64 bytes.
void emulateDots(mlir::ModuleOp module);

} // namespace trafo

#endif // TRAFO_TEST_PASSES_EMULATEDX86_H
