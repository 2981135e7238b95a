// States what code generation may count on; names the first op that breaks it.
#include "passes/Lower/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"

namespace trafo {
#define GEN_PASS_DEF_VERIFYLOWERPASS
#include "passes/Lower/Passes.h.inc"
} // namespace trafo

using namespace mlir;

namespace {

/// Intrinsics every supported target would turn into calls of a math library.
bool isLibraryMath(Operation *op) {
  return isa<LLVM::ExpOp, LLVM::Exp2Op, LLVM::Exp10Op, LLVM::LogOp, LLVM::Log2Op, LLVM::Log10Op, LLVM::SinOp,
             LLVM::CosOp, LLVM::TanOp, LLVM::TanhOp, LLVM::SinhOp, LLVM::CoshOp, LLVM::ASinOp, LLVM::ACosOp,
             LLVM::ATanOp, LLVM::ATan2Op, LLVM::PowOp, LLVM::PowIOp, LLVM::FRemOp>(op);
}

struct VerifyLowerPass : trafo::impl::VerifyLowerPassBase<VerifyLowerPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    WalkResult result = module.walk<WalkOrder::PreOrder>([&](Operation *op) -> WalkResult {
      if (op == module)
        return WalkResult::advance();
      StringRef dialect = op->getName().getDialectNamespace();
      if (dialect != "llvm" && dialect != "nvvm") // verify_lower_l1
        return op->emitOpError("is left after lowering; expects ops of the llvm dialect only");
      if (isLibraryMath(op)) // verify_lower_l2
        return op->emitOpError("would become a call of a math library; expects it expanded by trafo-expand-math");
      if (auto func = dyn_cast<LLVM::LLVMFuncOp>(op))
        return verifyFunction(func);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    if (!module.lookupSymbol("trafo_model_query") && !module.lookupSymbol("trafo_step_kernel")) { // verify_lower_l4
      module.emitError("expects an entry: trafo_model_query or trafo_step_kernel");
      return signalPassFailure();
    }
  }

  WalkResult verifyFunction(LLVM::LLVMFuncOp func) {
    if (func.isExternal() && !func.getSymName().starts_with("llvm.")) // verify_lower_l3
      return func.emitOpError("has no body; expects code without imports");
    for (unsigned i = 0; i < func.getNumArguments(); ++i)
      if (func.getArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName())) // verify_lower_l5
        return func.emitOpError("has noalias on argument ") << i << "; another worker writes between barriers";
    return WalkResult::advance();
  }
};
} // namespace
