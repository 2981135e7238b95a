#ifndef TRAFO_DIALECT_TD
#define TRAFO_DIALECT_TD

include "mlir/IR/OpBase.td"

def Trafo_Dialect : Dialect {
  let name = "trafo";
  let cppNamespace = "::trafo";
  let summary = "One op per idea of the transformer";
  let description = [{
    The dialect models are imported into. Activations are tensors `tensor<?xNxf32>` whose rows are the rows of a step
    (a row is one token of one sequence); weights are symbols (`trafo.weight`), never constants; a KV cache is a value
    that ops write to and read from. Layers are `func.func` bodies named by the table of a `trafo.layers` op.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::tensor::TensorDialect"];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

#endif
