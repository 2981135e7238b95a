#ifndef PLAN_ENUMS_TD
#define PLAN_ENUMS_TD

include "mlir/IR/EnumAttr.td"

def Plan_DotGeneric : I32EnumAttrCase<"Generic", 0, "generic">;    // portable vector arithmetic
def Plan_DotMaddubs : I32EnumAttrCase<"Maddubs", 1, "maddubs">;    // AVX2: vpmaddubsw + vpmaddwd
def Plan_DotVpdpbusd : I32EnumAttrCase<"Vpdpbusd", 2, "vpdpbusd">; // AVX-512 VNNI
def Plan_Dot : I32EnumAttr<"DotKind", "the machine's int8 dot product", [Plan_DotGeneric, Plan_DotMaddubs, Plan_DotVpdpbusd]> {
  let cppNamespace = "::trafo::plan";
  let genSpecializedAttr = 0;
}

def Plan_NormNone : I32EnumAttrCase<"None", 0, "none">;
def Plan_NormRms : I32EnumAttrCase<"Rms", 1, "rms">;
def Plan_NormLayer : I32EnumAttrCase<"Layer", 2, "layer">;
def Plan_Norm : I32EnumAttr<"NormKind", "how rows are normalised", [Plan_NormNone, Plan_NormRms, Plan_NormLayer]> {
  let cppNamespace = "::trafo::plan";
}

#endif
