//===- EvaluateOps.cpp - each op as a model is imported -------------------===//
#include "lib/Packer/WeightRows.h"
#include "lib/Reference/Evaluation.h"

using namespace mlir;
using namespace trafo;

FailureOr<Rows> Evaluation::evaluate(EmbeddingOp op) {
  RowReaderPtr table = openWeight(step.module, nameOf(op.getTable()));
  if (!table)
    return failure();
  double scale = op.getScale().convertToDouble();
  Rows y(static_cast<int64_t>(step.rows.tokens.size()), table->columns());
  for (int64_t r = 0; r < y.count; ++r) {
    int32_t token = step.rows.tokens[static_cast<size_t>(r)];
    if (token < 0 || token >= table->rows())
      return op.emitError("token ") << token << " is not in the table's " << table->rows() << " rows";
    if (!table->readValues(token, y.row(r)))
      return op.emitError("weight @") << nameOf(op.getTable()) << ": " << table->error();
    for (int64_t i = 0; i < y.columns; ++i)
      y.row(r)[i] *= scale;
  }
  return y;
}

FailureOr<Rows> Evaluation::evaluate(RmsNormOp op) {
  FailureOr<std::vector<double>> weight = vectorOf(op.getWeight());
  if (failed(weight))
    return failure();
  Rows y = rowsOf(op.getInput());
  plainRmsNorm(*weight, op.getEps().convertToDouble(), y);
  return y;
}

FailureOr<Rows> Evaluation::evaluate(LayerNormOp op) {
  FailureOr<std::vector<double>> weight = vectorOf(op.getWeight()), bias = vectorOf(op.getBias());
  if (failed(weight) || failed(bias))
    return failure();
  Rows y = rowsOf(op.getInput());
  plainLayerNorm(*weight, *bias, op.getEps().convertToDouble(), y);
  return y;
}

FailureOr<Rows> Evaluation::evaluate(AddRmsNormOp op) {
  FailureOr<std::vector<double>> weight = vectorOf(op.getWeight());
  if (failed(weight))
    return failure();
  Rows y = rowsOf(op.getLhs());
  for (size_t i = 0; i < y.values.size(); ++i)
    y.values[i] += rowsOf(op.getRhs()).values[i];
  round(y);
  plainRmsNorm(*weight, op.getEps().convertToDouble(), y);
  return y;
}

FailureOr<Rows> Evaluation::evaluate(LinearOp op) {
  SmallVector<Value> biases;
  if (op.getBias())
    biases.push_back(op.getBias());
  return project(op, rowsOf(op.getInput()), op.getWeight(), biases, op.getActivation());
}

FailureOr<Rows> Evaluation::evaluate(LmHeadOp op) {
  return project(op, rowsOf(op.getInput()), op.getWeight(), {}, op.getActivation());
}

FailureOr<Rows> Evaluation::evaluate(RopeOp op) {
  FailureOr<RopeAngles> angles = anglesOf(op.getRope(), op.getFactors());
  if (failed(angles))
    return failure();
  Rows y = rowsOf(op.getInput());
  plainRope(*angles, op.getRope().getPairing() == RopePairingMode::Halves, op.getHeads(), op.getHeadSize(), 0,
            step.rows.positions, y);
  return y;
}

LogicalResult Evaluation::write(KVWriteOp op) {
  const Rows &keys = rowsOf(op.getKey()), &values = rowsOf(op.getValue());
  Rows both(keys.count, keys.columns + values.columns);
  for (int64_t r = 0; r < both.count; ++r) {
    std::copy_n(keys.row(r), keys.columns, both.row(r));
    std::copy_n(values.row(r), values.columns, both.row(r) + keys.columns);
  }
  writeCache(op, cast<KVCacheType>(op.getCache().getType()), both, 0);
  return success();
}

FailureOr<Rows> Evaluation::evaluate(AttentionOp op) {
  auto cache = cast<KVCacheType>(op.getCache().getType());
  AttentionShape shape{static_cast<int64_t>(op.getHeads()),
                       cache.getHeads(),
                       cache.getHeadSize(),
                       op.keptColumns(),
                       op.getScale().convertToDouble(),
                       static_cast<int64_t>(op.getWindow()),
                       op.getSoftcap().convertToDouble()};
  const Rows &query = rowsOf(op.getQuery());
  for (int64_t r = 0; r < query.count; ++r) {
    size_t at = static_cast<size_t>(r);
    if (step.caches[{layer, step.rows.sequences[at]}].keys.count <= step.rows.positions[at])
      return op.emitError("position ") << step.rows.positions[at] << " of sequence " << step.rows.sequences[at]
                                       << " was not written to the cache of layer " << layer;
  }
  Rows y(query.count, shape.heads * shape.kept);
  auto cacheOf = [&](int64_t r) -> const PlainCache & {
    return step.caches.find({layer, step.rows.sequences[static_cast<size_t>(r)]})->second;
  };
  plainAttention(shape, cacheOf, step.rows.positions, step.options.threads, query, y);
  return y;
}

FailureOr<Rows> Evaluation::evaluate(ActivationOp op) {
  Rows y = rowsOf(op.getInput());
  for (double &value : y.values)
    value = applyFunction(op.getFunction(), value);
  return y;
}

/// Rows of gate and up, `size` columns each, side by side: f(gate) * up.
static Rows gated(Function function, const Rows &both, int64_t size, int64_t chunk) {
  Rows y(both.count, size);
  for (int64_t r = 0; r < y.count; ++r)
    for (int64_t n = 0; n < size; ++n) {
      int64_t gate = n / chunk * 2 * chunk + n % chunk; // chunk columns of gate, chunk columns of up, in turns
      y.row(r)[n] = applyFunction(function, both.row(r)[gate]) * both.row(r)[gate + chunk];
    }
  return y;
}

FailureOr<Rows> Evaluation::evaluate(GatedMlpOp op) {
  Result both = project(op, rowsOf(op.getInput()), {op.getGate(), op.getUp()}, {}, std::nullopt);
  if (failed(both))
    return failure();
  round(*both);
  Rows hidden = gated(op.getFunction(), *both, both->columns / 2, both->columns / 2);
  round(hidden);
  return project(op, hidden, op.getDown(), {}, std::nullopt);
}

FailureOr<Rows> Evaluation::evaluate(GateUpOp op) {
  Result both = project(op, rowsOf(op.getInput()), op.getWeights(), op.getBiases(), op.getActivation());
  if (failed(both))
    return failure();
  round(*both);
  int64_t size = both->columns / 2;
  return gated(op.getFunction(), *both, size, op.getWeights().size() == 1 ? 16 : size);
}

FailureOr<Rows> Evaluation::evaluate(MlpOp op) {
  Result hidden = project(op, rowsOf(op.getInput()), op.getUp(), {}, std::nullopt);
  if (failed(hidden))
    return failure();
  round(*hidden);
  for (double &value : hidden->values)
    value = applyFunction(op.getFunction(), value);
  round(*hidden);
  return project(op, *hidden, op.getDown(), {}, std::nullopt);
}

FailureOr<Rows> Evaluation::evaluate(LinearAddOp op) {
  SmallVector<Value> biases;
  if (op.getBias())
    biases.push_back(op.getBias());
  Result y = project(op, rowsOf(op.getInput()), op.getWeight(), biases, op.getActivation());
  if (failed(y))
    return failure();
  const Rows &residual = rowsOf(op.getResidual());
  for (size_t i = 0; i < y->values.size(); ++i)
    y->values[i] = residual.values[i] + y->values[i];
  return y;
}

FailureOr<Rows> Evaluation::evaluate(QkvRopeOp op) {
  Result all = project(op, rowsOf(op.getInput()), op.getWeights(), op.getBiases(), op.getActivation());
  if (failed(all))
    return failure();
  round(*all);
  auto cache = cast<KVCacheType>(op.getCache().getType());
  int64_t heads = op.getHeads(), size = cache.getHeadSize();
  if (op.getTable()) {
    RowReaderPtr table = openWeight(step.module, nameOf(op.getTable()));
    if (!table)
      return failure();
    for (int32_t position : step.rows.positions)
      if (position >= table->rows())
        return op.emitError("position ") << position << " is not in the rope table's " << table->rows() << " rows";
    // The heads of q, then those of k.
    if (!plainTableRope(*table, heads + cache.getHeads(), size, 0, step.rows.positions, *all))
      return op.emitError("weight @") << nameOf(op.getTable()) << ": " << table->error();
    round(*all);
  }
  writeCache(op, cache, *all, heads * size);
  Rows query(all->count, heads * size);
  for (int64_t r = 0; r < query.count; ++r)
    std::copy_n(all->row(r), query.columns, query.row(r));
  return query;
}

FailureOr<Rows> Evaluation::evaluate(SelectRowsOp op) {
  const Rows &x = rowsOf(op.getInput());
  Rows y(static_cast<int64_t>(step.rows.outputs.size()), x.columns);
  for (int64_t r = 0; r < y.count; ++r)
    std::copy_n(x.row(step.rows.outputs[static_cast<size_t>(r)]), x.columns, y.row(r));
  return y;
}

FailureOr<Rows> Evaluation::evaluate(LayersOp op) {
  Rows x = rowsOf(op.getInput());
  for (auto [number, attribute] : llvm::enumerate(op.getSchedule())) {
    auto entry = cast<LayerAttr>(attribute);
    ModuleOp module = step.module;
    auto body = module.lookupSymbol<func::FuncOp>(entry.getBody());
    if (!body || body.getBody().empty() || body.getNumArguments() != 4 + entry.getSlots().size())
      return op.emitError("layer ") << number << " has no body " << entry.getBody() << " of its slots";
    Evaluation inside(step, static_cast<int64_t>(number));
    inside.bind(body.getArgument(0), std::move(x));
    for (auto [slot, weight] : llvm::enumerate(entry.getSlots()))
      inside.bind(body.getArgument(4 + static_cast<unsigned>(slot)), weight.getValue().str());
    Result y = inside.run(body);
    if (failed(y))
      return failure();
    x = std::move(*y);
  }
  return x;
}
