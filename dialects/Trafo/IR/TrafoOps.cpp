//===- TrafoOps.cpp - verifiers of the trafo dialect ----------------------===//
//
// Each check carries the label of the constraint it stands for: `rms_norm_c2` is C2 of trafo.rms_norm's description
// and has a case of that name in test/dialects/Trafo/invalid.mlir. Weights and their recipes are in WeightOps.cpp.
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/TrafoOps.h"
#include "dialects/Trafo/IR/WeightChecks.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace trafo;

#include "dialects/Trafo/IR/TrafoInterfaces.cpp.inc"

/// `-> type` where the result's type is not the input's.
static ParseResult parseResultUnlikeInput(OpAsmParser &parser, Type input, Type &result) {
  result = input;
  return failed(parser.parseOptionalArrow()) ? success() : parser.parseType(result);
}
static void printResultUnlikeInput(OpAsmPrinter &printer, Operation *, Type input, Type result) {
  if (result != input)
    printer << "-> " << result;
}

#define GET_OP_CLASSES
#include "dialects/Trafo/IR/TrafoOps.cpp.inc"

//===----------------------------------------------------------------------===//
// What several ops check
//===----------------------------------------------------------------------===//

static int64_t rowCount(Value rows) { return cast<RankedTensorType>(rows.getType()).getDimSize(0); }
static int64_t columns(Value rows) { return cast<RankedTensorType>(rows.getType()).getDimSize(1); }

/// `weight` is a matrix that can be applied to the rows of `input`.
static LogicalResult verifyInput(Operation *op, StringRef what, Value input, Value weight) {
  WeightType type = weightType(weight);
  if (type.getShape().size() != 2 || type.getCols() != columns(input))
    return op->emitOpError() << "expects " << what << " with the input's " << columns(input) << " columns, got "
                             << type;
  return success();
}

static LogicalResult verifyColumns(Operation *op, StringRef what, Value rows, int64_t expected) {
  if (columns(rows) != expected)
    return op->emitOpError() << "expects " << what << " of " << expected << " columns, got " << rows.getType();
  return success();
}

static LogicalResult verifySameRows(Operation *op, Value input, Value result) {
  if (rowCount(input) != rowCount(result))
    return op->emitOpError() << "expects as many rows in the result as in the input " << input.getType() << ", got "
                             << result.getType();
  return success();
}

static LogicalResult verifyEps(Operation *op, const APFloat &eps) {
  if (!(eps.convertToDouble() > 0) || !eps.isFinite())
    return op->emitOpError() << "expects eps > 0, got " << eps.convertToDouble();
  return success();
}

//===----------------------------------------------------------------------===//
// Ops as models are imported
//===----------------------------------------------------------------------===//

LogicalResult EmbeddingOp::verify() {
  // embedding_c1
  WeightType table = weightType(getTable());
  if (table.getShape().size() != 2)
    return emitOpError() << "expects a table of 2 dimensions, got " << table;
  return verifyColumns(*this, "a result", getResult(), table.getCols());
}

LogicalResult RmsNormOp::verify() {
  // rms_norm_c1
  if (failed(verifyVector(*this, "weight", getWeight(), columns(getInput()))))
    return failure();
  // rms_norm_c2
  return verifyEps(*this, getEps());
}

LogicalResult LayerNormOp::verify() {
  // layer_norm_c1
  if (failed(verifyVector(*this, "weight", getWeight(), columns(getInput()))) ||
      failed(verifyVector(*this, "bias", getBias(), columns(getInput()))))
    return failure();
  // layer_norm_c2
  return verifyEps(*this, getEps());
}

LogicalResult AddRmsNormOp::verify() {
  // add_rms_norm_c1
  if (failed(verifyVector(*this, "weight", getWeight(), columns(getLhs()))))
    return failure();
  // add_rms_norm_c2
  return verifyEps(*this, getEps());
}

LogicalResult LinearOp::verify() {
  // linear_c1
  if (failed(verifyInput(*this, "a weight", getInput(), getWeight())))
    return failure();
  // linear_c2
  int64_t outputs = weightType(getWeight()).getRows();
  if (failed(verifyColumns(*this, "a result", getResult(), outputs)))
    return failure();
  // linear_c3
  if (failed(verifyVector(*this, "bias", getBias(), outputs)))
    return failure();
  // linear_c4
  return verifySameRows(*this, getInput(), getResult());
}

LogicalResult RopeOp::verify() {
  // rope_c1
  int64_t heads = static_cast<int64_t>(getHeads()), headSize = static_cast<int64_t>(getHeadSize());
  if (heads <= 0 || headSize <= 0 || columns(getInput()) % heads != 0 || columns(getInput()) / heads != headSize)
    return emitOpError() << "expects an input of " << heads << " heads x " << headSize << " columns, got "
                         << getInput().getType();
  // rope_c2
  if (getRope().getDims() > headSize)
    return emitOpError() << "expects rope dims of at most the head size " << headSize << ", got "
                         << getRope().getDims();
  // rope_c3
  return verifyVector(*this, "factors", getFactors(), getRope().getDims() / 2);
}

LogicalResult KVWriteOp::verify() {
  // kv_write_c1
  KVCacheType cache = getCache().getType();
  int64_t expected = cache.getHeads() * cache.getHeadSize();
  if (failed(verifyColumns(*this, "keys", getKey(), expected)) ||
      failed(verifyColumns(*this, "values", getValue(), expected)))
    return failure();
  // kv_write_c2
  if (rowCount(getKey()) != rowCount(getValue()))
    return emitOpError() << "expects as many rows of keys as of values, got " << getKey().getType() << " and "
                         << getValue().getType();
  return success();
}

LogicalResult AttentionOp::verify() {
  // attention_c1
  KVCacheType cache = getCache().getType();
  int64_t heads = static_cast<int64_t>(getHeads());
  if (heads <= 0 || heads % cache.getHeads() != 0)
    return emitOpError() << "expects heads to be a multiple of the cache's " << cache.getHeads() << ", got " << heads;
  if (columns(getQuery()) % heads != 0 || columns(getQuery()) / heads != cache.getHeadSize())
    return emitOpError() << "expects queries of " << heads << " heads x " << cache.getHeadSize() << " columns, got "
                         << getQuery().getType();
  // attention_c2
  if (static_cast<int64_t>(getWindow()) < 0 || !(getSoftcap().convertToDouble() >= 0) ||
      !(getScale().convertToDouble() > 0))
    return emitOpError() << "expects window and softcap not negative and scale > 0, got "
                         << static_cast<int64_t>(getWindow()) << ", " << getSoftcap().convertToDouble() << " and "
                         << getScale().convertToDouble();
  // attention_c3
  int64_t kept = columns(getResult());
  if (rowCount(getResult()) != rowCount(getQuery()) || kept % heads != 0 || kept / heads > cache.getHeadSize())
    return emitOpError() << "expects a result of " << heads << " heads x at most " << cache.getHeadSize()
                         << " columns and the query's rows, got " << getResult().getType();
  return success();
}

/// `down` takes what `up` gives back to the input's columns.
static LogicalResult verifyDown(Operation *op, Value up, Value down) {
  WeightType upType = weightType(up), downType = weightType(down);
  if (downType.getShape().size() != 2 || downType.getRows() != upType.getCols() ||
      downType.getCols() != upType.getRows())
    return op->emitOpError() << "expects down of shape [" << upType.getCols() << ", " << upType.getRows() << "], got "
                             << downType;
  return success();
}

LogicalResult GatedMlpOp::verify() {
  // gated_mlp_c1
  if (failed(verifyInput(*this, "gate", getInput(), getGate())))
    return failure();
  if (weightType(getGate()).getShape() != weightType(getUp()).getShape())
    return emitOpError() << "expects gate and up of equal shapes, got " << getGate().getType() << " and "
                         << getUp().getType();
  // gated_mlp_c2
  return verifyDown(*this, getUp(), getDown());
}

LogicalResult MlpOp::verify() {
  // mlp_c1
  if (failed(verifyInput(*this, "up", getInput(), getUp())))
    return failure();
  // mlp_c2
  return verifyDown(*this, getUp(), getDown());
}

LogicalResult SelectRowsOp::verify() {
  // select_rows_c1
  return verifyColumns(*this, "a result", getResult(), columns(getInput()));
}

LogicalResult LmHeadOp::verify() {
  // lm_head_c1
  if (failed(verifyInput(*this, "a weight", getInput(), getWeight())))
    return failure();
  // lm_head_c2
  if (failed(verifyColumns(*this, "a result", getResult(), weightType(getWeight()).getRows())))
    return failure();
  // lm_head_c3
  return verifySameRows(*this, getInput(), getResult());
}

LogicalResult LayersOp::verify() {
  // layers_c3
  if (getSchedule().empty())
    return emitOpError() << "expects at least one layer, got none";
  // layers_c4
  if (static_cast<int64_t>(getSchedule().size()) != getCache().getType().getLayers())
    return emitOpError() << "expects as many layers as the cache's " << getCache().getType().getLayers() << ", got "
                         << getSchedule().size();
  return success();
}

LogicalResult LayersOp::verifySymbolUses(SymbolTableCollection &symbols) {
  Type index = IndexType::get(getContext());
  Type head[] = {getInput().getType(), getRows().getType(), getCache().getType(), index};
  for (auto [number, layer] : llvm::enumerate(getSchedule().getAsRange<LayerAttr>())) {
    // layers_c1
    auto body = symbols.lookupNearestSymbolFrom<func::FuncOp>(*this, layer.getBody());
    if (!body)
      return emitOpError() << "expects the body of layer " << number << " to be a function, got " << layer.getBody();
    FunctionType type = body.getFunctionType();
    ArrayRef<Type> inputs = type.getInputs();
    if (inputs.size() < 4 || inputs.take_front(4) != ArrayRef<Type>(head) || type.getResults() != ArrayRef(head[0]) ||
        !llvm::all_of(inputs.drop_front(4), [](Type slot) { return isa<WeightType>(slot); })) {
      InFlightDiagnostic diag = emitOpError()
                                << "expects the body of layer " << number << " to take (" << head[0] << ", " << head[1]
                                << ", " << head[2] << ", index, weights...) and give " << head[0] << ", got " << type;
      diag.attachNote(body.getLoc()) << "the body " << layer.getBody();
      return diag;
    }
    // layers_c2
    ArrayRef<Type> slots = inputs.drop_front(4);
    if (slots.size() != layer.getSlots().size())
      return emitOpError() << "expects layer " << number << " to fill the " << slots.size() << " slots of "
                           << layer.getBody() << ", got " << layer.getSlots().size() << " weights";
    for (auto [slot, name] : llvm::zip(slots, layer.getSlots())) {
      auto weight = symbols.lookupNearestSymbolFrom<WeightOp>(*this, name);
      if (!weight)
        return emitOpError() << "expects layer " << number << " to name trafo.weight symbols, got " << name;
      if (weight.getType() != slot) {
        InFlightDiagnostic diag = emitOpError() << "expects layer " << number << " to fill a slot of " << slot
                                                << ", got " << name << " of " << weight.getType();
        diag.attachNote(weight.getLoc()) << "the weight";
        return diag;
      }
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Fused ops
//===----------------------------------------------------------------------===//

/// None, or one for each weight.
static LogicalResult verifyBiases(Operation *op, ValueRange weights, ValueRange biases) {
  if (biases.empty())
    return success();
  if (biases.size() != weights.size())
    return op->emitOpError() << "expects as many biases as weights, " << weights.size() << ", got " << biases.size();
  for (auto [bias, weight] : llvm::zip(biases, weights))
    if (failed(verifyVector(op, "biases", bias, weightType(weight).getRows())))
      return failure();
  return success();
}

LogicalResult QkvRopeOp::verify() {
  // qkv_rope_c4, first because the others multiply by heads
  KVCacheType cache = getCache().getType();
  int64_t heads = static_cast<int64_t>(getHeads()), headSize = cache.getHeadSize();
  if (heads <= 0 || columns(getQuery()) % heads != 0 || columns(getQuery()) / heads != headSize)
    return emitOpError() << "expects a result of " << heads << " heads x " << headSize << " columns, got "
                         << getQuery().getType();
  // qkv_rope_c1
  if (getWeights().size() != 1 && getWeights().size() != 3)
    return emitOpError() << "expects 1 or 3 weights, got " << getWeights().size();
  int64_t rows = 0;
  for (Value weight : getWeights()) {
    if (failed(verifyInput(*this, "weights", getInput(), weight)))
      return failure();
    rows += weightType(weight).getRows();
  }
  int64_t expected = (heads + 2 * cache.getHeads()) * headSize;
  if (rows != expected)
    return emitOpError() << "expects weights of " << expected
                         << " rows in all, (heads + 2 x kv heads) x head size, got " << rows;
  int64_t counts[] = {heads, cache.getHeads(), cache.getHeads()};
  if (getWeights().size() == 3)
    for (auto [weight, count] : llvm::zip(getWeights(), counts))
      if (weightType(weight).getRows() != count * headSize)
        return emitOpError() << "expects weights of " << heads << ", " << cache.getHeads() << " and "
                             << cache.getHeads() << " heads x " << headSize << " rows, got " << weight.getType();
  // qkv_rope_c2
  if (failed(verifyBiases(*this, getWeights(), getBiases())))
    return failure();
  // qkv_rope_c3
  if (getTable()) {
    WeightType table = weightType(getTable());
    if (table.getShape().size() != 2 || table.getCols() != 2 * headSize || table.getFormat() != Format::F32)
      return emitOpError() << "expects a table of f32 with " << 2 * headSize << " columns, got " << table;
  }
  // qkv_rope_c5
  return verifySameRows(*this, getInput(), getQuery());
}

LogicalResult GateUpOp::verify() {
  // gate_up_c1
  if (getWeights().size() != 1 && getWeights().size() != 2)
    return emitOpError() << "expects 1 or 2 weights, got " << getWeights().size();
  for (Value weight : getWeights())
    if (failed(verifyInput(*this, "weights", getInput(), weight)))
      return failure();
  // gate_up_c2
  int64_t rows = weightType(getWeights().front()).getRows();
  if (getWeights().size() == 1) {
    // Interleaved by 16 rows: whole turns of gate and up.
    if (rows % 32 != 0)
      return emitOpError() << "expects one weight of gate and up in turns of 16 rows, got " << rows << " rows";
    rows /= 2;
  } else if (weightType(getWeights().back()).getRows() != rows) {
    return emitOpError() << "expects gate and up of equal rows, got " << getWeights().front().getType() << " and "
                         << getWeights().back().getType();
  }
  if (failed(verifyColumns(*this, "a result", getResult(), rows)))
    return failure();
  // gate_up_c3
  if (failed(verifySameRows(*this, getInput(), getResult())))
    return failure();
  // gate_up_c4
  return verifyBiases(*this, getWeights(), getBiases());
}

LogicalResult LinearAddOp::verify() {
  // linear_add_c1
  if (failed(verifyInput(*this, "a weight", getInput(), getWeight())))
    return failure();
  // linear_add_c2
  int64_t outputs = weightType(getWeight()).getRows();
  if (failed(verifyColumns(*this, "a residual", getResidual(), outputs)))
    return failure();
  // linear_add_c3
  if (failed(verifyVector(*this, "bias", getBias(), outputs)))
    return failure();
  // linear_add_c4
  return verifySameRows(*this, getInput(), getResult());
}
