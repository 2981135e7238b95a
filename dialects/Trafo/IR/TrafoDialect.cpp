//===- TrafoDialect.cpp - registers the dialect, parses its types ---------===//
#include "dialects/Trafo/IR/TrafoDialect.h"
#include "dialects/Trafo/IR/TrafoOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>
#include <limits>

using namespace mlir;

namespace mlir {
template <> struct FieldParser<trafo::Float64> {
  static FailureOr<trafo::Float64> parse(AsmParser &parser) {
    double value;
    if (parser.parseFloat(value))
      return failure();
    return trafo::Float64(value);
  }
};
} // namespace mlir

#include "dialects/Trafo/IR/TrafoDialect.cpp.inc"
#include "dialects/Trafo/IR/TrafoEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Trafo/IR/TrafoAttrs.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Trafo/IR/TrafoTypes.cpp.inc"

namespace trafo {

void TrafoDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Trafo/IR/TrafoAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Trafo/IR/TrafoTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Trafo/IR/TrafoOps.cpp.inc"
      >();
}

/// Dimensions and the name of a format, which begins at `loc`: `<64x32xq8_0>`.
static ParseResult parseShapeAndName(AsmParser &parser, SmallVectorImpl<int64_t> &shape, StringRef &name, SMLoc &loc) {
  if (parser.parseLess() || parser.parseDimensionList(shape, /*allowDynamic=*/false))
    return failure();
  loc = parser.getCurrentLocation();
  return failure(parser.parseKeyword(&name) || parser.parseGreater());
}

/// Elements of a weight or a cache that no sum or byte count overflows with; far beyond any model.
static constexpr int64_t kMaxElements = int64_t(1) << 48;

/// Whether the product of positive `dims` is at most kMaxElements.
static bool fits(ArrayRef<int64_t> dims) {
  int64_t elements = 1;
  for (int64_t dim : dims) {
    if (dim > kMaxElements / elements)
      return false;
    elements *= dim;
  }
  return true;
}

//===----------------------------------------------------------------------===//
// !trafo.weight
//===----------------------------------------------------------------------===//

Type WeightType::parse(AsmParser &parser) {
  SMLoc loc = parser.getCurrentLocation(), nameLoc;
  SmallVector<int64_t> shape;
  StringRef name;
  if (parseShapeAndName(parser, shape, name, nameLoc))
    return {};
  const FormatInfo *info = findFormat(std::string_view(name.data(), name.size()));
  if (!info) {
    parser.emitError(nameLoc) << "expects a storage format of include/trafo/Formats.h, got '" << name << "'";
    return {};
  }
  return parser.getChecked<WeightType>(loc, parser.getContext(), shape, info->format);
}

void WeightType::print(AsmPrinter &printer) const {
  printer << "<";
  for (int64_t dim : getShape())
    printer << dim << "x";
  printer << formatInfo(getFormat()).name << ">";
}

LogicalResult WeightType::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<int64_t> shape, Format format) {
  // weight_type_c1
  if (shape.empty() || shape.size() > 2)
    return emitError() << "expects a weight of 1 or 2 dimensions, got " << shape.size();
  for (int64_t dim : shape)
    if (dim <= 0)
      return emitError() << "expects positive dimensions, got " << dim;
  // weight_type_c2
  const FormatInfo &info = formatInfo(format);
  if (shape.back() % info.blockElements != 0)
    return emitError() << "expects the last dimension to be a multiple of the " << info.blockElements
                       << " elements of a block of " << info.name << ", got " << shape.back();
  if (info.isPerRow() && shape.back() > kMostRowCodes)
    return emitError() << "expects at most " << kMostRowCodes << " columns of " << info.name << ", got "
                       << shape.back();
  // weight_type_c3
  if (!fits(shape))
    return emitError() << "expects at most 2^48 elements";
  return success();
}

int64_t WeightType::getBytes() const { return getRows() * rowBytes(getFormat(), getCols()); }

//===----------------------------------------------------------------------===//
// !trafo.kv
//===----------------------------------------------------------------------===//

Type KVCacheType::parse(AsmParser &parser) {
  SMLoc loc = parser.getCurrentLocation(), nameLoc;
  SmallVector<int64_t> shape;
  StringRef name;
  if (parseShapeAndName(parser, shape, name, nameLoc))
    return {};
  auto format = parseKVFormat(name);
  if (!format) {
    parser.emitError(nameLoc) << "expects f32, f16, bf16, int8 or int8_g<elements>, got '" << name << "'";
    return {};
  }
  if (shape.size() != 3) {
    parser.emitError(loc) << "expects layers x kv heads x head size, got " << shape.size() << " dimensions";
    return {};
  }
  return parser.getChecked<KVCacheType>(loc, parser.getContext(), shape[0], shape[1], shape[2], format->first,
                                        format->second);
}

void KVCacheType::print(AsmPrinter &printer) const {
  printer << "<" << getLayers() << "x" << getHeads() << "x" << getHeadSize() << "x" << getFormatName() << ">";
}

std::string KVCacheType::getFormatName() const {
  std::string group = getGroup() > 0 ? "_g" + std::to_string(getGroup()) : "";
  return stringifyKVFormat(getFormat()).str() + group;
}

std::optional<std::pair<KVFormat, int64_t>> parseKVFormat(StringRef name) {
  auto [base, digits] = name.split("_g");
  std::optional<KVFormat> format = symbolizeKVFormat(base);
  int64_t group = 0;
  bool grouped = base.size() < name.size();
  if (!format || (grouped && (digits.getAsInteger(10, group) || group <= 0)))
    return std::nullopt;
  return std::pair(*format, group);
}

bool canMultiply(ActivationFormat activation, const FormatInfo &format) {
  switch (activation) {
  case ActivationFormat::F32:
    return true;
  case ActivationFormat::I8G32:
  case ActivationFormat::I8x2G32:
    return format.grouped && !format.isPerRow() && 32 % format.groupElements == 0;
  case ActivationFormat::I8Row:
    return format.isPerRow();
  case ActivationFormat::BF16:
  case ActivationFormat::BF16G32:
    return format.format == Format::BF16;
  }
  return false;
}

FloatType floatTypeOf(Format format, MLIRContext *context) {
  switch (format) {
  case Format::F32:
    return Float32Type::get(context);
  case Format::F16:
    return Float16Type::get(context);
  case Format::BF16:
    return BFloat16Type::get(context);
  default:
    return {};
  }
}

LogicalResult KVCacheType::verify(function_ref<InFlightDiagnostic()> emitError, int64_t layers, int64_t heads,
                                  int64_t headSize, KVFormat format, int64_t group) {
  // kv_type_c1
  if (layers <= 0 || heads <= 0 || headSize <= 0)
    return emitError() << "expects positive dimensions, got " << layers << "x" << heads << "x" << headSize;
  // kv_type_c2
  if (group < 0 || (group > 0 && (format != KVFormat::Int8 || headSize % group != 0)))
    return emitError() << "expects groups of int8 that divide the head size " << headSize << ", got "
                       << stringifyKVFormat(format) << " in groups of " << group;
  // kv_type_c3
  if (!fits({layers, heads, headSize}))
    return emitError() << "expects at most 2^48 elements";
  return success();
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

LogicalResult RopeAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t dims, Float64 base,
                               RopePairingMode pairing, RopeScalingMode scaling, Float64 factor,
                               int64_t originalContext) {
  // rope_attr_c1
  if (dims <= 0 || dims % 2 != 0)
    return emitError() << "expects even dims, got " << dims;
  // rope_attr_c2
  if (!(base.value > 0) || !std::isfinite(base.value) || !(factor.value > 0) || !std::isfinite(factor.value))
    return emitError() << "expects base > 0 and factor > 0, got " << base.value << " and " << factor.value;
  // rope_attr_c3
  if (scaling == RopeScalingMode::Yarn && originalContext <= 0)
    return emitError() << "expects original_context > 0 under yarn scaling, got " << originalContext;
  return success();
}

LogicalResult ConfigAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t maxContext, int64_t maxRows,
                                 int64_t maxOutputs, int64_t maxSequences, int64_t maxWorkers) {
  // config_attr_c1
  if (maxContext <= 0 || maxContext % 64 != 0)
    return emitError() << "expects max_context to be a positive multiple of 64, got " << maxContext;
  // config_attr_c2
  if (maxRows <= 0 || maxOutputs <= 0 || maxOutputs > maxRows || maxSequences <= 0 || maxWorkers <= 0)
    return emitError() << "expects positive bounds with max_outputs at most max_rows, got max_rows " << maxRows
                       << ", max_outputs " << maxOutputs << ", max_sequences " << maxSequences << ", max_workers "
                       << maxWorkers;
  // config_attr_c3
  constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
  if (maxContext > kMax || maxRows > kMax || maxSequences > kMax || maxWorkers > kMax)
    return emitError() << "expects bounds of at most " << kMax;
  return success();
}

} // namespace trafo
