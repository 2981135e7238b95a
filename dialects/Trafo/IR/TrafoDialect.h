//===- TrafoDialect.h - the trafo dialect, its types and attributes -------===//
//
// See ../README.md for why the dialect exists and what it refuses to hold; the ops are in TrafoOps.h.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_DIALECTS_TRAFO_IR_TRAFODIALECT_H
#define TRAFO_DIALECTS_TRAFO_IR_TRAFODIALECT_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "trafo/Formats.h"

namespace trafo {

/// A double as a parameter of attributes: compared and hashed by its bits, so that equal attributes are one attribute
/// (-0.0 and 0.0 differ, a NaN equals itself).
struct Float64 {
  double value = 0;
  Float64() = default;
  Float64(double value) : value(value) {}
  operator double() const { return value; }
  uint64_t bits() const { return llvm::bit_cast<uint64_t>(value); }
  friend bool operator==(const Float64 &a, const Float64 &b) { return a.bits() == b.bits(); }
  friend llvm::hash_code hash_value(const Float64 &f) { return llvm::hash_value(f.bits()); }
};

/// The module attribute that holds what the module is compiled for, a `#trafo.config`.
inline constexpr llvm::StringLiteral kConfigAttrName = "trafo.config";

} // namespace trafo

#include "dialects/Trafo/IR/TrafoDialect.h.inc"
#include "dialects/Trafo/IR/TrafoEnums.h.inc"

namespace trafo {
/// How many int8 digits a code of a numeric class has: 0 for the float classes.
inline int64_t int8Terms(ActivationFormat format) {
  switch (format) {
  case ActivationFormat::I8G32:
  case ActivationFormat::I8Row:
    return 1;
  case ActivationFormat::I8x2G32:
    return 2;
  default:
    return 0;
  }
}
/// A code of two digits is the first times this plus the second. Both are within -127 to 127, so it is within -32512 to
/// 32512 and each code has its digits.
inline constexpr int64_t kDigitBase = 255;
/// The greatest code of so many digits.
inline int64_t greatestCode(int64_t digits) { return digits == 2 ? 127 * kDigitBase + 127 : 127; }
/// Whether rows of a class are rounded to bf16.
inline bool isBF16(ActivationFormat format) {
  return format == ActivationFormat::BF16 || format == ActivationFormat::BF16G32;
}
/// Columns that bf16_g32 sums apart before they are added to what was: the depth of a tile of such values.
inline constexpr int64_t kPairGroup = 32;
/// Whether rows of class `activation` can be multiplied with weights of `format`.
bool canMultiply(ActivationFormat activation, const FormatInfo &format);

/// The type of an element of f32, f16 or bf16; null for formats of blocks.
mlir::FloatType floatTypeOf(Format format, mlir::MLIRContext *context);

/// The format of a KV cache's elements where they are floats.
inline std::optional<Format> floatFormatOf(KVFormat format) {
  switch (format) {
  case KVFormat::F32:
    return Format::F32;
  case KVFormat::F16:
    return Format::F16;
  case KVFormat::BF16:
    return Format::BF16;
  case KVFormat::Int8:
    return std::nullopt;
  }
  return std::nullopt;
}
/// Splits "int8_g32" into format and group (0: none is named). None for other names.
std::optional<std::pair<KVFormat, int64_t>> parseKVFormat(llvm::StringRef name);
} // namespace trafo

#define GET_ATTRDEF_CLASSES
#include "dialects/Trafo/IR/TrafoAttrs.h.inc"

namespace trafo {
/// The attribute `name` of the module that `op` is or stands in; an error at `op` where there is none.
template <typename AttrT> mlir::FailureOr<AttrT> moduleAttr(mlir::Operation *op, llvm::StringRef name) {
  auto module = llvm::dyn_cast<mlir::ModuleOp>(op);
  if (!module)
    module = op->getParentOfType<mlir::ModuleOp>();
  if (auto attr = module ? module->getAttrOfType<AttrT>(name) : AttrT())
    return attr;
  return op->emitOpError("expects the module attribute ") << name;
}
/// What the module of `op` is compiled for; an error at `op` where it does not say.
inline mlir::FailureOr<ConfigAttr> configOf(mlir::Operation *op) { return moduleAttr<ConfigAttr>(op, kConfigAttrName); }
} // namespace trafo

#define GET_TYPEDEF_CLASSES
#include "dialects/Trafo/IR/TrafoTypes.h.inc"

#endif // TRAFO_DIALECTS_TRAFO_IR_TRAFODIALECT_H
