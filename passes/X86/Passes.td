#ifndef TRAFO_PASSES_X86_TD
#define TRAFO_PASSES_X86_TD

include "passes/Contract/BlockContractPass.td"

def LowerBlockContractX86Pass : BlockContractPass<"trafo-lower-block-contract-x86", ["::mlir::amx::AMXDialect"]> {
  let summary = "plan.block_contract with the dot products that plan.target names";
  let description = [{
    `maddubs` (AVX2): 8 rows at a time; codes of few bits sum in 16 bits as long as they cannot overflow (4 bits over a
    group of 32: at most 8 * 2 * 15 * 127 = 30,480) before one vpmaddwd, which also multiplies with the integer scales of
    super-blocks; 8-bit codes and codebooks go through |w| and a * sign(w), whose pair sums stay below 2^15
    (128 * 127 * 2). `vpdpbusd` (AVX-512 VNNI): 16 rows at a time, activations folded in as broadcasts from memory; codes
    biased by 128 start from -128 * sum(a). `tdpbsud` (AMX): 16 weight rows by 16 rows of the step an instruction,
    sums through the stack; few rows of the step as `vpdpbusd`. `tdpbf16ps` (AMX with bf16): bf16_g32 by tiles of bf16, int8
    as `vpdpbusd`. `generic` is left to trafo-lower-block-contract-generic. All give the same bits: the integer part is exact
    and the float part is the op's own.
  }];
}

def FenceCountersPass : Pass<"trafo-fence-counters", "::mlir::ModuleOp"> {
  let summary = "keep the reading of the time counter in its place by LFENCE";
  let description = [{
    ```mlir
    %0 = llvm.call_intrinsic "llvm.readcyclecounter"() : () -> i64
    ```
    becomes
    ```mlir
    llvm.call_intrinsic "llvm.x86.sse2.lfence"() : () -> ()
    %0 = llvm.call_intrinsic "llvm.readcyclecounter"() : () -> i64
    llvm.call_intrinsic "llvm.x86.sse2.lfence"() : () -> ()
    ```
    so that a stage's stamps are taken when what is before them is done (trafo-instrument-stages).
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif
