// The road through LLVM that all targets share: llvm dialect to LLVM IR, optimised, to text, assembly or object.
#ifndef TRAFO_LIB_TARGET_CODEGEN_H
#define TRAFO_LIB_TARGET_CODEGEN_H

#include "lib/Target/Target.h"

#include <memory>

namespace llvm {
class LLVMContext;
class Module;
class TargetMachine;
} // namespace llvm

namespace trafo::target {

/// A machine for code generation: position independent, -O3. Null, with a diagnostic on `module`, if LLVM lacks it.
std::unique_ptr<llvm::TargetMachine> createMachine(mlir::ModuleOp module, plan::TargetAttr target);

/// Translates a module of the llvm dialect and verifies the result. Null with a diagnostic on failure.
std::unique_ptr<llvm::Module> translate(mlir::ModuleOp module, llvm::LLVMContext &context,
                                        llvm::TargetMachine &machine);

/// -O3, knowing no library functions: a loop that copies stays a loop and never becomes a call of memcpy.
void optimize(llvm::Module &module, llvm::TargetMachine &machine);

/// The module as text (LLVM), assembly or an object. Diagnostic on `origin` on failure.
llvm::FailureOr<Bytes> emitCode(mlir::ModuleOp origin, llvm::Module &module, llvm::TargetMachine &machine,
                                CodeForm form);

} // namespace trafo::target

#endif
