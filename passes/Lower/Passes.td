#ifndef TRAFO_PASSES_LOWER_PASSES_TD
#define TRAFO_PASSES_LOWER_PASSES_TD

include "mlir/Pass/PassBase.td"

def LowerBarrierPass : Pass<"trafo-lower-barrier", "::mlir::ModuleOp"> {
  let summary = "plan.barrier becomes a call of the runtime's barrier";
  let description = [{
    ```mlir
    plan.barrier %barrier, %state
    // becomes
    llvm.call %barrier(%state) : !llvm.ptr, (!llvm.ptr) -> ()
    ```
    The callee is unknown to LLVM, so no load moves across the call (which holds only while no argument of a step is
    marked noalias: nothing here does so).
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def LowerLibraryMatmulPass : Pass<"trafo-lower-library-matmul", "::mlir::ModuleOp"> {
  let summary = "plan.library_matmul becomes a call through the library's table";
  let description = [{
    ```mlir
    plan.library_matmul f32_rows %x rows %n weights %w[%at] columns %c to %out call %table worker %i ...
    // becomes
    %call = llvm.getelementptr %matmuls[<number of (form, rows, columns, depth) among the module's>]
    llvm.call %matmul(%state, %i, %call, %n, %c, %x, %w + %at, %out)
    ```
    with `%state` and `%matmul` loaded from the trafo_library_t at `%table`. What the runtime must know before a step calls,
    the products in full size, is collected in the constant global `library_matmuls`, which trafo-emit-entry shows it.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect"];
}

def ExpandMathPass : Pass<"trafo-expand-math", "::mlir::ModuleOp"> {
  let summary = "transcendental math ops become polynomials; no call of a math library is left";
  let description = [{
    `math.exp`, `tanh`, `erf`, `log`, `sin`, `cos` and their kin become polynomials of arith and math.fma (upstream's
    approximations, under 1 ULP for exp). `math.fma`, `sqrt`, `absf`, `roundeven`, `floor` and `ceil` are left: targets
    have instructions for them.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def EraseWeightsPass : Pass<"trafo-erase-weights", "::mlir::ModuleOp"> {
  let summary = "removes trafo.weight symbols and whatever else the packing plan alone reads";
  let description = [{
    Runs when the packing plan has been read. Module attributes of the dialects trafo and plan stay on the module as
    they are: translation to LLVM IR ignores them, and `--from=lower` needs them.
  }];
}

def EmitEntryPass : Pass<"trafo-emit-entry", "::mlir::ModuleOp"> {
  let summary = "adds the two functions the runtime knows, and hides all others";
  let description = [{
    `trafo_step_entry(%step: !llvm.ptr, %worker: i64)` loads the fields of `trafo_step_t` and calls `trafo_step`;
    `trafo_model_query(i32, !llvm.ptr) -> i32` fills a `trafo_code_t` with its address (see trafo/artifact.h). Every other
    function and global gets internal linkage, so that the linked image has no dynamic relocations. Functions become
    nounwind: there are no unwind tables.

    E1: the module has an `llvm.func @trafo_step` of 7 pointers, 4 i64 and 3 pointers.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def SetTargetAttributesPass : Pass<"trafo-set-target-attributes", "::mlir::ModuleOp"> {
  let summary = "writes CPU, features and vector width of the target on every function";
  let description = [{
    Taken from the options, else from the module's `plan.target`. Nothing is marked where neither names a CPU.
  }];
  let options = [
    Option<"cpu", "cpu", "std::string", "\"\"", "LLVM's name of the CPU">,
    Option<"features", "features", "std::string", "\"\"", "comma-separated features, each with + or -">,
    Option<"vectorBits", "vector-bits", "int64_t", "0", "widest vector register the code may use, in bits">,
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def VerifyLowerPass : Pass<"verify-lower", "::mlir::ModuleOp"> {
  let summary = "states what code generation may count on";
  let description = [{
    L1: every op is of the llvm (or nvvm) dialect. L2: no op would become a call of a math library. L3: every function
    has a body, but for intrinsics; the code is one image without imports. L4: an entry is there. L5: no pointer argument
    is noalias (another worker writes the arena between barriers).
  }];
}

#endif
