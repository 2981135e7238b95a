#ifndef TRAFO_PASSES_AARCH64_TD
#define TRAFO_PASSES_AARCH64_TD

include "passes/Contract/BlockContractPass.td"

def LowerBlockContractAArch64Pass : BlockContractPass<"trafo-lower-block-contract-aarch64"> {
  let summary = "plan.block_contract with the int8 dot product that plan.target names";
  let description = [{
    `sdot` (dotprod): 4 columns of 4 rows, once a token. `smmla` (i8mm): 8 columns of 2 rows by 2 tokens; a token without a
    partner takes sdot. Bytes stored XOR 128 are turned back for sdot; with i8mm they are taken as they are, unsigned
    (usmmla, usdot), and 128 * sum(a) is subtracted, as is what the fields of other formats have more than their codes.
    Codebooks are looked up by tbl1. `generic` is left to trafo-lower-block-contract-generic. All give the same bits: the
    integer part is exact and the float part is the op's own.
  }];
}

#endif
