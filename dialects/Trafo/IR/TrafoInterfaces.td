#ifndef TRAFO_INTERFACES_TD
#define TRAFO_INTERFACES_TD

include "mlir/IR/Interfaces.td"

def Trafo_LinearLike : OpInterface<"LinearLike"> {
  let cppNamespace = "::trafo";
  let description = "Ops that multiply their input with weights: they have a numeric class and their weights may be requantised.";
  let methods = [
    InterfaceMethod<"The weights the input is multiplied with (no biases, no tables).",
                    "::mlir::MutableOperandRange", "getLinearWeights", (ins)>,
    InterfaceMethod<"How the input enters the sum; none until trafo-assign-numerics has run.",
                    "::std::optional<::trafo::ActivationFormat>", "getActivation", (ins)>,
    InterfaceMethod<"Sets the numeric class.",
                    "void", "setActivation", (ins "::std::optional<::trafo::ActivationFormat>":$activation)>,
  ];
}

#endif
