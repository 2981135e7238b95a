#ifndef PLAN_ENUMS_TD
#define PLAN_ENUMS_TD

include "mlir/IR/EnumAttr.td"

def Plan_DotGeneric : I32EnumAttrCase<"Generic", 0, "generic">;    // portable vector arithmetic
def Plan_DotMaddubs : I32EnumAttrCase<"Maddubs", 1, "maddubs">;    // AVX2: vpmaddubsw + vpmaddwd
def Plan_DotVpdpbusd : I32EnumAttrCase<"Vpdpbusd", 2, "vpdpbusd">; // AVX-512 VNNI
def Plan_DotSdot : I32EnumAttrCase<"Sdot", 3, "sdot">;             // AArch64 dotprod
def Plan_DotSmmla : I32EnumAttrCase<"Smmla", 4, "smmla">;          // AArch64 i8mm, which has sdot and usdot too
def Plan_DotTdpbsud : I32EnumAttrCase<"Tdpbsud", 5, "tdpbsud">;    // AMX tiles, on machines that have vpdpbusd too
def Plan_DotTdpbf16ps : I32EnumAttrCase<"Tdpbf16ps", 6, "tdpbf16ps">; // AMX tiles of bf16; int8 as vpdpbusd
def Plan_Dot : I32EnumAttr<"DotKind", "the machine's dot products: of int8, and of tiles of bf16 where it has them",
                           [Plan_DotGeneric, Plan_DotMaddubs, Plan_DotVpdpbusd, Plan_DotSdot, Plan_DotSmmla,
                            Plan_DotTdpbsud, Plan_DotTdpbf16ps]> {
  let cppNamespace = "::trafo::plan";
  let genSpecializedAttr = 0;
}

// How a matmul library takes activations and weights; the values are TRAFO_MATMUL_* of include/trafo/artifact.h.
def Plan_LibraryNone : I32EnumAttrCase<"None", 0, "none">;            // there is no library, or a contraction does without
def Plan_LibraryF32Rows : I32EnumAttrCase<"F32Rows", 1, "f32_rows">;     // f32 by f32, the weight row after row
def Plan_LibraryF32Tiles : I32EnumAttrCase<"F32Tiles", 2, "f32_tiles">;  // f32 by f32, tiles of 16 rows (BA16a16b)
def Plan_LibraryBF16Tiles : I32EnumAttrCase<"BF16Tiles", 3, "bf16_tiles">; // bf16 by bf16, tiles of 16 rows by 2 columns (BA16a16b2a)
def Plan_LibraryI8Rows : I32EnumAttrCase<"I8Rows", 4, "i8_rows">;      // i8_row by i8_row, rows and weight as stored
def Plan_LibraryU7Rows : I32EnumAttrCase<"U7Rows", 5, "u7_rows">;      // the same, each row as two of what is above zero and below
def Plan_Library : I32EnumAttr<"LibraryForm", "the form in which a matmul library takes its operands",
                               [Plan_LibraryNone, Plan_LibraryF32Rows, Plan_LibraryF32Tiles, Plan_LibraryBF16Tiles,
                                Plan_LibraryI8Rows, Plan_LibraryU7Rows]> {
  let cppNamespace = "::trafo::plan";
}

def Plan_NormNone : I32EnumAttrCase<"None", 0, "none">;
def Plan_NormRms : I32EnumAttrCase<"Rms", 1, "rms">;
def Plan_NormLayer : I32EnumAttrCase<"Layer", 2, "layer">;
def Plan_Norm : I32EnumAttr<"NormKind", "how rows are normalised", [Plan_NormNone, Plan_NormRms, Plan_NormLayer]> {
  let cppNamespace = "::trafo::plan";
}

#endif
