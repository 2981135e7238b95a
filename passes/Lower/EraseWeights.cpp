// Removes what only the packer and the manifest read. Legal once lib/Compiler has collected the packing plan.
#include "passes/Lower/Passes.h"

#include "mlir/IR/BuiltinOps.h"

namespace trafo {
#define GEN_PASS_DEF_ERASEWEIGHTSPASS
#include "passes/Lower/Passes.h.inc"
} // namespace trafo

using namespace mlir;

namespace {
struct EraseWeightsPass : trafo::impl::EraseWeightsPassBase<EraseWeightsPass> {
  void runOnOperation() override {
    for (Operation &op : llvm::make_early_inc_range(getOperation().getOps()))
      if (op.getName().getDialectNamespace() == "trafo")
        op.erase();
  }
};
} // namespace
