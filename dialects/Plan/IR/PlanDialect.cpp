//===- PlanDialect.cpp - registers the plan dialect -----------------------===//
#include "dialects/Plan/IR/PlanOps.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace trafo::plan;

#include "dialects/Plan/IR/PlanDialect.cpp.inc"
#include "dialects/Plan/IR/PlanEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Plan/IR/PlanAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/Plan/IR/PlanTypes.cpp.inc"

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
