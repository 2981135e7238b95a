#ifndef TRAFO_TYPES_TD
#define TRAFO_TYPES_TD

include "mlir/IR/AttrTypeBase.td"
include "dialects/Trafo/IR/TrafoDialect.td"

class Trafo_Type<string name, string typeMnemonic> : TypeDef<Trafo_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def Trafo_WeightType : Trafo_Type<"Weight", "weight"> {
  let summary = "a weight: a logical shape and a storage format";
  let description = [{
    `!trafo.weight<49152x576xq8_0>` has 49,152 rows (outputs) of 576 columns (inputs), stored in GGUF's `q8_0`. A
    one-dimensional weight (`!trafo.weight<576xf32>`) is a vector. The formats are the entries of
    `include/trafo/Formats.h`. C1: 1 or 2 positive dimensions. C2: the last dimension is a multiple of the format's
    block, and at most 2^17 where the block is the row. C3: at most 2^48 elements.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::trafo::Format":$format);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Outputs of a matrix; 1 for a vector.
    int64_t getRows() const { return getShape().size() == 2 ? getShape()[0] : 1; }
    /// Inputs of a matrix; the elements of a vector.
    int64_t getCols() const { return getShape().back(); }
    /// Bytes of the weight in its storage format.
    int64_t getBytes() const;
  }];
}

def Trafo_RowsType : Trafo_Type<"Rows", "rows"> {
  let summary = "the rows of a step: token, position and sequence of each, and whose logits are wanted";
}

def Trafo_KVCacheType : Trafo_Type<"KVCache", "kv"> {
  let summary = "a KV cache: layers x kv heads x head size, and the element format";
  let description = [{
    `!trafo.kv<30x3x64xf16>`: 30 layers of 3 KV heads of size 64 in f16. In `int8` a head of a position's keys, and of its
    values, is kept as codes with one f32 scale, `amax / 127`; a code is the value over the scale, rounded half to even.
    In `int8_g32` each 32 neighbouring elements of it have a scale of their own. C1: positive dimensions. C2: a group
    belongs to int8 and divides the head size. C3: at most 2^48 elements a position.
  }];
  let parameters = (ins "int64_t":$layers, "int64_t":$heads, "int64_t":$headSize, "::trafo::KVFormat":$format,
                        "int64_t":$group); // elements that share a scale; 0: a head's, or floats
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Scales of a head; 0 for floats.
    int64_t getGroups() const {
      return getFormat() != KVFormat::Int8 ? 0 : getGroup() == 0 ? 1 : getHeadSize() / getGroup();
    }
    /// "f16", "int8_g32".
    std::string getFormatName() const;
  }];
}

#endif
