//===- PlanDialect.cpp - registers the plan dialect -----------------------===//
#include "dialects/Plan/IR/PlanOps.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace trafo::plan;

#include "dialects/Plan/IR/PlanDialect.cpp.inc"
#include "dialects/Plan/IR/PlanEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Plan/IR/PlanAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/Plan/IR/PlanTypes.cpp.inc"

LogicalResult TargetAttr::verify(function_ref<InFlightDiagnostic()> emitError, StringRef, StringRef, StringRef,
                                 StringRef, uint64_t, DotKind, int64_t tileTokens, int64_t tileGroups,
                                 int64_t panelRows, int64_t prefetchBytes, LibraryForm, LibraryForm,
                                 int64_t floatTokens, int64_t pairTokens) {
  auto within = [&](StringRef name, int64_t value, int64_t least, int64_t most) -> LogicalResult {
    if (value >= least && value <= most)
      return success();
    return emitError() << "expects " << name << " from " << least << " to " << most << ", got " << value;
  };
  if (failed(within("tile_tokens", tileTokens, 1, 64)) || failed(within("tile_groups", tileGroups, 1, 64)) ||
      failed(within("panel_rows", panelRows, 1, 8192)) || failed(within("prefetch_bytes", prefetchBytes, 0, 1 << 20)) ||
      failed(within("float_tokens", floatTokens, 1, 64)) || failed(within("pair_tokens", pairTokens, 1, 16)))
    return failure();
  if (!llvm::isPowerOf2_64(static_cast<uint64_t>(tileTokens)))
    return emitError() << "expects tile_tokens to be a power of two, got " << tileTokens;
  return success();
}

LogicalResult ArenaAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t, int64_t, int64_t,
                                int64_t logitsStride, int64_t, int64_t, ArrayAttr pools, int64_t, int64_t vocabulary,
                                int64_t, int64_t, int64_t logitsMaxima) {
  int64_t last = logitsStride - llvm::divideCeil(vocabulary, kTileRows);
  if (logitsMaxima != 0 && (logitsMaxima < vocabulary || logitsMaxima > last))
    return emitError() << "expects logits_maxima to be 0 or from " << vocabulary << " to " << last << ", got "
                       << logitsMaxima;
  if (pools.size() > 2 || !llvm::all_of(pools, llvm::IsaPred<PoolAttr>))
    return emitError() << "expects at most two #plan.pool, got " << pools;
  return success();
}

void PlanDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Plan/IR/PlanAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Plan/IR/PlanTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Plan/IR/PlanOps.cpp.inc"
      >();
}

// `<64x576xi8_g32>`
Type PanelType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  StringRef format;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseDimensionList(shape, /*allowDynamic=*/false) || parser.parseKeyword(&format) ||
      parser.parseGreater())
    return {};
  std::optional<trafo::ActivationFormat> activation = trafo::symbolizeActivationFormat(format);
  if (shape.size() != 2 || !activation) {
    parser.emitError(loc, "expects rows x columns x activation format");
    return {};
  }
  return get(parser.getContext(), shape[0], shape[1], *activation);
}

void PanelType::print(AsmPrinter &printer) const {
  printer << '<' << getRows() << 'x' << getCols() << 'x' << trafo::stringifyActivationFormat(getFormat()) << '>';
}
