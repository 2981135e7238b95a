// The road through LLVM that all targets share: llvm dialect to LLVM IR, optimised, to text, assembly or object.
#ifndef TRAFO_LIB_TARGET_CODEGEN_H
#define TRAFO_LIB_TARGET_CODEGEN_H

#include "lib/Target/Target.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace trafo::target {

/// How a target makes its images: `make` turns code of the form `from` into one, or sets `error` to one line.
struct ImageMaker {
  CodeForm from;
  llvm::function_ref<llvm::FailureOr<Bytes>(llvm::ArrayRef<char> code, std::string &error)> make;
};

/// Code of a module of the llvm dialect: translated to LLVM IR, optimised at -O3 (a * b + c stays two roundings, and no
/// loop becomes a call of the C library), written as `form`. Errors are diagnostics on the module.
llvm::FailureOr<Bytes> generateCode(mlir::ModuleOp module, plan::TargetAttr target, CodeForm form, ImageMaker image);

} // namespace trafo::target

#endif
