//===- BadPasses.cpp - passes as no one should write them -----------------===//
//
// A plugin for tests: what the compiler says when a pass crashes, and when it fails without a reason.
//
//===----------------------------------------------------------------------===//
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

using namespace mlir;

namespace {

struct CrashPass : PassWrapper<CrashPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(CrashPass)
  StringRef getArgument() const final { return "test-crash"; }
  void runOnOperation() override { __builtin_trap(); }
};

struct FailSilentlyPass : PassWrapper<FailSilentlyPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(FailSilentlyPass)
  StringRef getArgument() const final { return "test-fail-silently"; }
  void runOnOperation() override { signalPassFailure(); }
};

struct FailWithReasonPass : PassWrapper<FailWithReasonPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(FailWithReasonPass)
  StringRef getArgument() const final { return "test-fail-with-reason"; }
  void runOnOperation() override {
    getOperation().emitError("expects something else");
    signalPassFailure();
  }
};

} // namespace

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "BadPasses", "0.1", [] {
            PassRegistration<CrashPass>();
            PassRegistration<FailSilentlyPass>();
            PassRegistration<FailWithReasonPass>();
          }};
}
