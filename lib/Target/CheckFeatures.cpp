#include "lib/Target/CheckFeatures.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace trafo;
using namespace trafo::target;

LogicalResult trafo::target::checkFeatures(ModuleOp module, plan::TargetAttr target, StringRef family,
                                           ArrayRef<IntrinsicRule> rules) {
  WalkResult result = module.walk([&](LLVM::CallIntrinsicOp call) -> WalkResult {
    StringRef name = call.getIntrin();
    if (!name.starts_with(family))
      return WalkResult::advance();
    for (const IntrinsicRule &rule : rules) {
      if (!name.starts_with(rule.prefix))
        continue;
      if ((target.getCpuBits() & rule.bits) == rule.bits)
        return WalkResult::advance();
      return call.emitOpError("needs ") << rule.feature << ", which target '" << target.getName() << "' does not have";
    }
    return call.emitOpError("is an intrinsic whose CPU feature is not known here; expects a rule of the target");
  });
  return failure(result.wasInterrupted());
}
