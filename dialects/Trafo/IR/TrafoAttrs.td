#ifndef TRAFO_ATTRS_TD
#define TRAFO_ATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "dialects/Trafo/IR/TrafoDialect.td"

class Trafo_Attr<string name, string attrMnemonic> : AttrDef<Trafo_Dialect, name> {
  let mnemonic = attrMnemonic;
}

/// A double that attributes are uniqued by (see trafo::Float64); its accessor gives a plain double.
class Trafo_F64<string value = ""> : AttrOrTypeParameter<"::trafo::Float64", "double", "double"> {
  let comparator = "::trafo::Float64($_lhs) == ::trafo::Float64($_rhs)";
  let printer = "$_printer << static_cast<double>($_self)";
  let defaultValue = value;
}

//===-- What a module is compiled for ------------------------------------------------------------------------------===//

def Trafo_ConfigAttr : Trafo_Attr<"Config", "config"> {
  let summary = "bounds fixed at compile time; the module attribute `trafo.config`";
  let description = [{
    C1: max_context is a positive multiple of 64. C2: the others are positive, max_outputs at most max_rows. C3: none is
    greater than an int32 holds.
  }];
  let parameters = (ins
    "int64_t":$max_context,   // positions per sequence, a multiple of 64
    "int64_t":$max_rows,      // rows of one step (the prefill bucket)
    "int64_t":$max_outputs,   // rows of one step whose logits may be wanted
    "int64_t":$max_sequences, // sequences held at once
    "int64_t":$max_workers);  // workers the arena holds scratch for
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

//===-- Sources of weights -----------------------------------------------------------------------------------------===//

def Trafo_FileAttr : Trafo_Attr<"File", "file"> {
  let summary = "a weight's bytes in a file: path and offset in bytes";
  let parameters = (ins StringRefParameter<>:$path, "uint64_t":$offset);
  let assemblyFormat = "`<` $path `,` $offset `>`";
}
def Trafo_RandomAttr : Trafo_Attr<"Random", "random"> {
  let summary = "pseudo-random values, reproducible from the seed and the weight's name";
  let parameters = (ins "uint64_t":$seed);
  let assemblyFormat = "`<` $seed `>`";
}
def Trafo_SplatAttr : Trafo_Attr<"Splat", "splat"> {
  let summary = "one value everywhere";
  let parameters = (ins Trafo_F64<>:$value);
  let assemblyFormat = "`<` $value `>`";
}

//===-- Rotary position embedding ----------------------------------------------------------------------------------===//

def Trafo_PairingInterleaved : I32EnumAttrCase<"Interleaved", 0, "interleaved">; // (2i, 2i+1)
def Trafo_PairingHalves : I32EnumAttrCase<"Halves", 1, "halves">;               // (i, i + dims/2)
def Trafo_Pairing : I32EnumAttr<"RopePairingMode", "which elements of a head rotate together",
                                [Trafo_PairingInterleaved, Trafo_PairingHalves]> {
  let cppNamespace = "::trafo";
  let genSpecializedAttr = 0;
}
def Trafo_ScalingNone : I32EnumAttrCase<"None", 0, "none">;
def Trafo_ScalingLinear : I32EnumAttrCase<"Linear", 1, "linear">;
def Trafo_ScalingYarn : I32EnumAttrCase<"Yarn", 2, "yarn">;
def Trafo_Scaling : I32EnumAttr<"RopeScalingMode", "how positions are stretched",
                                [Trafo_ScalingNone, Trafo_ScalingLinear, Trafo_ScalingYarn]> {
  let cppNamespace = "::trafo";
  let genSpecializedAttr = 0;
}
def Trafo_RopeAttr : Trafo_Attr<"Rope", "rope"> {
  let summary = "rotary position embedding (Su et al. 2021, RoFormer, section 3.4)";
  let description = [{
    Pair i of the first `dims` elements of a head is rotated by `position * base^(-2i/dims)`, divided by `factor` under
    linear scaling; yarn as in Peng et al. 2023 (section 3.4) with `original_context`. Frequency factors, where a model
    has them, divide each pair's angle and are an operand (a weight of dims/2 values).
    C1: dims is positive and even. C2: base and factor are positive. C3: yarn has an original_context.
  }];
  let parameters = (ins
    "int64_t":$dims, Trafo_F64<>:$base,
    DefaultValuedParameter<"::trafo::RopePairingMode", "::trafo::RopePairingMode::Interleaved">:$pairing,
    DefaultValuedParameter<"::trafo::RopeScalingMode", "::trafo::RopeScalingMode::None">:$scaling,
    Trafo_F64<"1.0">:$factor,
    DefaultValuedParameter<"int64_t", "0">:$original_context);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

//===-- Numerics ---------------------------------------------------------------------------------------------------===//

def Trafo_ActF32 : I32EnumAttrCase<"F32", 0, "f32">;     // activations stay f32, f32 fma over k ascending
def Trafo_ActI8G32 : I32EnumAttrCase<"I8G32", 1, "i8_g32">; // int8 per group of 32: d = amax/127, round half to even
def Trafo_ActBF16 : I32EnumAttrCase<"BF16", 2, "bf16">;  // rounded to bf16, f32 accumulation
def Trafo_ActI8x2G32 : I32EnumAttrCase<"I8x2G32", 3, "i8x2_g32">; // the same with codes of two int8 digits
def Trafo_ActI8Row : I32EnumAttrCase<"I8Row", 4, "i8_row">; // int8 per row: d = amax/127 of all its values, as i8_g32
def Trafo_ActBF16G32 : I32EnumAttrCase<"BF16G32", 5, "bf16_g32">; // bf16; products of 32 columns are summed apart, by pairs
def Trafo_ActivationFormat : I32EnumAttr<"ActivationFormat", "how a linear sees its input (its numeric class)",
                                         [Trafo_ActF32, Trafo_ActI8G32, Trafo_ActBF16, Trafo_ActI8x2G32,
                                          Trafo_ActI8Row, Trafo_ActBF16G32]> {
  let cppNamespace = "::trafo";
}

def Trafo_KVF32 : I32EnumAttrCase<"F32", 0, "f32">;
def Trafo_KVF16 : I32EnumAttrCase<"F16", 1, "f16">;
def Trafo_KVBF16 : I32EnumAttrCase<"BF16", 2, "bf16">;
def Trafo_KVInt8 : I32EnumAttrCase<"Int8", 3, "int8">; // codes and scales, see !trafo.kv
def Trafo_KVFormat : I32EnumAttr<"KVFormat", "how keys and values are kept",
                                 [Trafo_KVF32, Trafo_KVF16, Trafo_KVBF16, Trafo_KVInt8]> {
  let cppNamespace = "::trafo";
  let genSpecializedAttr = 0;
}

def Trafo_FnSilu : I32EnumAttrCase<"Silu", 0, "silu">;
def Trafo_FnGelu : I32EnumAttrCase<"Gelu", 1, "gelu">;          // erf form
def Trafo_FnGeluTanh : I32EnumAttrCase<"GeluTanh", 2, "gelu_tanh">;
def Trafo_FnRelu : I32EnumAttrCase<"Relu", 3, "relu">;
def Trafo_Function : I32EnumAttr<"Function", "activation function",
                                 [Trafo_FnSilu, Trafo_FnGelu, Trafo_FnGeluTanh, Trafo_FnRelu]> {
  let cppNamespace = "::trafo";
}

//===-- Layers and layouts -----------------------------------------------------------------------------------------===//

def Trafo_LayerAttr : Trafo_Attr<"Layer", "layer"> {
  let summary = "one layer of a schedule: the body it runs and the weight of each of the body's slots";
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$body, OptionalArrayRefParameter<"::mlir::FlatSymbolRefAttr">:$slots);
  let assemblyFormat = "`<` $body `,` `[` (`]`) : ($slots^ `]`)? `>`";
}

def Trafo_LayoutAttr : Trafo_Attr<"Layout", "layout"> {
  let summary = "a packed layout: how rows and columns of a weight lie in memory";
  let description = [{
    The weight's rows are cut into tiles of `rows` rows (the last padded with zero rows), each tile into the format's
    blocks along k: of K columns g each (`lane` columns for float formats). Blocks of a tile follow each other by k, tiles by
    row: block (tile t, block kb) starts at `(t * K/g + kb) * B`, B the block's bytes. A block is
    - `rows` scales as f16, then (formats with a minimum) `rows` minima as f16; where a block is the row, f32;
    - of a super-block, group after group, `rows` integer scales as bytes, then so many integer minima, in the same way;
      where both have 4 bits one byte holds the scale in its low and the minimum in its high half;
    - the codes, in steps of `lane` consecutive columns. Without `planes` a code (of a format without codebook) is an int8, XORed with `bias` (128 turns
      signed codes into unsigned): byte `(c / lane) * rows * lane + r * lane + c % lane` is that of row r, column c.

    `planes` cut the code's stored field (code - least code, or the index into the format's codebook) into pieces of 1, 2
    or 4 bits, from its low bits up, and lie one after the other. A byte of a plane of w bits holds n = 8 / w columns a
    lane apart: `(c / (n * lane)) * rows * lane + r * lane + c % lane`, from bit `w * (c / lane % n)` on. Nibbles are
    `planes = [4]`, six bits `planes = [4, 2]`.

    `rows = 1` with `raw` keeps the file's own blocks, row after row. For float formats a block is `lane`
    neighbouring elements of each of `rows` rows.
  }];
  let parameters = (ins "int64_t":$rows, DefaultValuedParameter<"int64_t", "1">:$lane,
                        OptionalParameter<"::mlir::DenseI64ArrayAttr">:$planes,
                        DefaultValuedParameter<"int64_t", "0">:$bias,
                        DefaultValuedParameter<"bool", "false">:$raw);
  let assemblyFormat = "`<` struct(params) `>`";
}

#endif
