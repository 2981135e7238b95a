// What every target's entry does: load the fields of a trafo_step_t and call the step.
#ifndef TRAFO_PASSES_LOWER_STEPCALL_H
#define TRAFO_PASSES_LOWER_STEPCALL_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"

namespace trafo {

/// The constant global of 64-bit words that holds the products left to a library, trafo_matmul_t by trafo_matmul_t.
inline constexpr llvm::StringLiteral kMatmulsGlobal = "library_matmuls";

/// The module's `llvm.func @trafo_step`, with the arguments of the contract: 7 pointers, 4 i64 and 3 pointers. Null
/// with a diagnostic where it is missing or has others.
mlir::LLVM::LLVMFuncOp findStep(mlir::ModuleOp module);

/// Gives all functions and globals defined so far internal linkage, and functions nounwind.
void hideDefinitions(mlir::ModuleOp module);

/// Calls `step` with the fields of the trafo_step_t at `stepStruct` and this worker's number (i64).
void emitStepCall(mlir::OpBuilder &b, mlir::Location loc, mlir::LLVM::LLVMFuncOp step, mlir::Value stepStruct,
                  mlir::Value worker);

/// `address` plus `offset` bytes.
mlir::Value emitFieldAddress(mlir::OpBuilder &b, mlir::Location loc, mlir::Value address, int offset);

} // namespace trafo

#endif
