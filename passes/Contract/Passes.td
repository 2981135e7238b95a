#ifndef TRAFO_PASSES_CONTRACT_TD
#define TRAFO_PASSES_CONTRACT_TD

include "passes/Contract/BlockContractPass.td"

def LowerBlockContractGenericPass : BlockContractPass<"trafo-lower-block-contract-generic"> {
  let summary = "plan.block_contract in portable vector arithmetic: the meaning of the op, for any machine";
}

#endif
