//===- WeightOps.cpp - verifiers of weights and their recipes -------------===//
//
// Labels as in TrafoOps.cpp.
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/TrafoOps.h"
#include "dialects/Trafo/IR/WeightChecks.h"

using namespace mlir;
using namespace trafo;

static bool isFloat(WeightType type) { return !formatInfo(type.getFormat()).grouped; }

LogicalResult trafo::verifyVector(Operation *op, StringRef what, Value vector, int64_t elements) {
  if (!vector)
    return success();
  WeightType type = weightType(vector);
  if (type.getShape().size() != 1 || type.getCols() != elements)
    return op->emitOpError() << "expects " << what << " of shape [" << elements << "], got " << type;
  return success();
}

LogicalResult WeightOp::verify() {
  // weight_c1
  bool hasRecipe = !getRecipe().empty();
  if (getSource().has_value() == hasRecipe)
    return emitOpError() << "expects either a source or a recipe, got " << (hasRecipe ? "both" : "neither");
  // weight_c3
  if (auto file = dyn_cast_or_null<FileAttr>(getSourceAttr()))
    if (file.getPath().empty())
      return emitOpError() << "expects a file source with a path, got an empty one";
  // weight_c4
  if (getSource() && !isa<FileAttr, RandomAttr, SplatAttr>(*getSource()))
    return emitOpError() << "expects a source of #trafo.file, #trafo.random or #trafo.splat, got " << *getSource();
  return success();
}

LogicalResult WeightOp::verifyRegions() {
  // weight_c2
  if (getRecipe().empty())
    return success();
  if (!getRecipe().hasOneBlock() || getRecipe().getNumArguments() != 0)
    return emitOpError() << "expects a recipe of one block without arguments";
  auto yield = dyn_cast<YieldOp>(getRecipe().front().getTerminator());
  if (!yield)
    return emitOpError() << "expects a recipe that ends in trafo.yield";
  if (yield.getValue().getType() != getType())
    return emitOpError() << "expects a recipe that yields " << getType() << ", got " << yield.getValue().getType();
  return success();
}

LogicalResult GetOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // get_c1
  auto weight = symbols.lookupNearestSymbolFrom<WeightOp>(*this, getWeightAttr());
  if (!weight)
    return emitOpError() << "expects the symbol of a trafo.weight, got " << getWeightAttr();
  if (weight.getType() != getType()) {
    InFlightDiagnostic diag = emitOpError() << "expects the type of " << getWeightAttr() << ", " << weight.getType()
                                            << ", got " << getType();
    diag.attachNote(weight.getLoc()) << "the weight";
    return diag;
  }
  return success();
}

LogicalResult ConcatOp::verify() {
  // concat_c3
  if (getInputs().empty())
    return emitOpError() << "expects at least one weight, got none";
  // concat_c1
  WeightType result = getType();
  int64_t rows = 0;
  for (Value input : getInputs()) {
    WeightType type = weightType(input);
    if (type.getFormat() != result.getFormat() || type.getShape().drop_front() != result.getShape().drop_front())
      return emitOpError() << "expects weights of the format and columns of the result " << result << ", got " << type;
    rows += type.getShape().front();
  }
  // concat_c2
  if (rows != result.getShape().front())
    return emitOpError() << "expects a result of " << rows << " rows, the sum of the inputs', got " << result;
  return success();
}

LogicalResult InterleaveOp::verify() {
  // interleave_c1
  WeightType input = weightType(getA());
  if (getB().getType() != input)
    return emitOpError() << "expects two weights of one type, got " << input << " and " << getB().getType();
  // interleave_c2
  int64_t chunk = static_cast<int64_t>(getChunk());
  if (chunk <= 0 || input.getShape().front() % chunk != 0)
    return emitOpError() << "expects rows that are a multiple of the chunk " << chunk << ", got " << input;
  // interleave_c3
  WeightType result = getType();
  if (result.getFormat() != input.getFormat() || result.getShape().size() != input.getShape().size() ||
      result.getShape().drop_front() != input.getShape().drop_front() ||
      result.getShape().front() != 2 * input.getShape().front())
    return emitOpError() << "expects a result of twice the rows of " << input << ", got " << result;
  return success();
}

LogicalResult PairRowsOp::verify() {
  // pair_rows_c1
  WeightType type = getType();
  int64_t headSize = static_cast<int64_t>(getHeadSize()), dims = static_cast<int64_t>(getDims());
  if (headSize <= 0 || type.getShape().front() % headSize != 0)
    return emitOpError() << "expects rows that are a multiple of the head size " << headSize << ", got " << type;
  // pair_rows_c2
  if (dims <= 0 || dims % 2 != 0 || dims > headSize)
    return emitOpError() << "expects dims even and at most the head size " << headSize << ", got " << dims;
  // pair_rows_c3
  if (type.getShape().size() == 1 && !isFloat(type))
    return emitOpError() << "expects a vector of a float format, got " << type;
  return success();
}

LogicalResult PadRowsOp::verify() {
  // pad_rows_c1
  WeightType input = weightType(getInput()), result = getType();
  if (input.getFormat() != result.getFormat() || input.getShape().drop_front() != result.getShape().drop_front() ||
      input.getShape().size() != result.getShape().size() || result.getShape().front() < input.getShape().front())
    return emitOpError() << "expects a result of the format and columns of " << input
                         << " and at least as many rows, got " << result;
  // pad_rows_c2
  int64_t parts = getParts();
  if (parts <= 0 || input.getShape().front() % parts != 0 || result.getShape().front() % parts != 0)
    return emitOpError() << "expects rows that are multiples of the " << parts << " parts, got " << input << " and "
                         << result;
  return success();
}

LogicalResult ScaleOp::verify() {
  // scale_c1
  if (!isFloat(getType()))
    return emitOpError() << "expects a weight of a float format, got " << getType();
  return success();
}

LogicalResult QuantizeOp::verify() {
  // quantize_c1
  WeightType input = weightType(getInput()), result = getType();
  if (input.getShape() != result.getShape())
    return emitOpError() << "expects equal shapes, got " << input << " and " << result;
  // quantize_c2
  switch (result.getFormat()) {
  case Format::F32:
  case Format::F16:
  case Format::BF16:
  case Format::Q4_0:
  case Format::Q4_1:
  case Format::Q8_0:
  case Format::I8_ROW:
    return success();
  default:
    return emitOpError() << "expects a result of f32, f16, bf16, q4_0, q4_1, q8_0 or i8_row, got " << result;
  }
}

LogicalResult RopeTableOp::verify() {
  // rope_table_c1
  WeightType result = getType();
  int64_t dims = getRope().getDims();
  if (result.getShape().size() != 2 || result.getCols() % 2 != 0 || result.getFormat() != Format::F32 ||
      result.getCols() / 2 < dims)
    return emitOpError() << "expects a matrix of f32 with 2 x head size columns, head size at least " << dims
                         << ", got " << result;
  // rope_table_c2
  return verifyVector(*this, "factors", getFactors(), dims / 2);
}
