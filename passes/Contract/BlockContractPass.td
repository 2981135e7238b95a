#ifndef TRAFO_PASSES_CONTRACT_BLOCKCONTRACTPASS_TD
#define TRAFO_PASSES_CONTRACT_BLOCKCONTRACTPASS_TD

include "mlir/Pass/PassBase.td"

// A lowering of plan.block_contract, one a kind of machine.
class BlockContractPass<string argument, list<string> moreDialects = []> : Pass<argument, "::mlir::ModuleOp"> {
  let dependentDialects = !listconcat(
      ["::mlir::vector::VectorDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
       "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::LLVM::LLVMDialect"], moreDialects);
}

#endif
