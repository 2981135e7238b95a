//===- Evaluation.cpp - the values of one function while it runs ----------===//
#include "lib/Reference/Evaluation.h"

#include "lib/Packer/WeightRows.h"
#include "lib/Reference/RoundActivations.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

#include "llvm/ADT/TypeSwitch.h"
#include <algorithm>

using namespace mlir;
using namespace trafo;

void Evaluation::bind(Value value, Argument argument) {
  if (auto *bound = std::get_if<Rows>(&argument))
    rows[value] = std::move(*bound);
  else if (auto *name = std::get_if<std::string>(&argument))
    weights[value] = std::move(*name);
}

FailureOr<Rows> Evaluation::run(func::FuncOp function) {
  for (Operation &op : function.getBody().front()) {
    if (auto end = dyn_cast<func::ReturnOp>(op)) {
      if (end.getNumOperands() != 1 || !rows.contains(end.getOperand(0)))
        return end.emitError("expects one value of rows to be returned");
      Rows result = std::move(rows[end.getOperand(0)]);
      if (step.hook && layer >= 0)
        step.hook(layer, end, Told::Layer, result);
      return result;
    }
    FailureOr<std::optional<Rows>> result = dispatch(&op);
    if (failed(result))
      return failure();
    if (!result->has_value())
      continue;
    round(**result);
    if (step.hook)
      step.hook(layer, &op, Told::Result, **result);
    rows[op.getResult(0)] = std::move(**result);
  }
  return function.emitError("expects a return");
}

template <class Combine> static Rows elementwise(const Rows &a, const Rows &b, Combine combine) {
  Rows y = a;
  for (size_t i = 0; i < y.values.size(); ++i)
    y.values[i] = combine(a.values[i], b.values[i]);
  return y;
}

FailureOr<std::optional<Rows>> Evaluation::dispatch(Operation *op) {
  using Given = FailureOr<std::optional<Rows>>;
  return llvm::TypeSwitch<Operation *, Given>(op)
      .Case([&](GetOp get) -> Given {
        weights[get.getResult()] = get.getWeight().str();
        return std::optional<Rows>();
      })
      .Case([&](KVWriteOp kv) -> Given {
        if (failed(write(kv)))
          return failure();
        return std::optional<Rows>();
      })
      .Case([&](arith::AddFOp add) -> Given {
        return std::optional(
            elementwise(rowsOf(add.getLhs()), rowsOf(add.getRhs()), [](double a, double b) { return a + b; }));
      })
      .Case([&](arith::MulFOp mul) -> Given {
        return std::optional(
            elementwise(rowsOf(mul.getLhs()), rowsOf(mul.getRhs()), [](double a, double b) { return a * b; }));
      })
      .Case<EmbeddingOp, RmsNormOp, LayerNormOp, AddRmsNormOp, LinearOp, RopeOp, AttentionOp, ActivationOp, GatedMlpOp,
            MlpOp, SelectRowsOp, LmHeadOp, LayersOp, QkvRopeOp, GateUpOp, LinearAddOp>([&](auto known) -> Given {
        Result result = evaluate(known);
        if (failed(result))
          return failure();
        return std::optional(std::move(*result));
      })
      .Default([](Operation *other) -> Given {
        return other->emitError("the reference does not know '") << other->getName() << "'";
      });
}

OpenRows Evaluation::opener(Value weight) {
  return [module = step.module, name = nameOf(weight)] { return openWeight(module, name); };
}

FailureOr<std::vector<double>> Evaluation::vectorOf(Value weight) {
  std::vector<double> values;
  if (!weight)
    return values;
  RowReaderPtr reader = openWeight(step.module, nameOf(weight));
  if (!reader)
    return failure();
  values.resize(static_cast<size_t>(reader->columns()));
  if (!reader->readValues(0, values.data()))
    return emitError(weight.getLoc(), "weight @") << nameOf(weight) << ": " << reader->error();
  return values;
}

FailureOr<RopeAngles> Evaluation::anglesOf(RopeAttr rope, Value factors) {
  FailureOr<std::vector<double>> values = vectorOf(factors);
  if (failed(values))
    return failure();
  return ropeAngles(rope, *values);
}

FailureOr<Rows> Evaluation::project(Operation *op, const Rows &x, ValueRange weightValues, ValueRange biases,
                                    std::optional<ActivationFormat> activation) {
  const Rows *seen = &x;
  Rows rounded;
  if (step.options.asCompiled && activation && *activation != ActivationFormat::F32) {
    rounded = x;
    if (isBF16(*activation))
      roundToBF16(rounded);
    else if (*activation == ActivationFormat::I8Row)
      roundToI8Row(rounded);
    else
      roundToI8G32(rounded, int8Terms(*activation));
    seen = &rounded;
  }
  int64_t outputs = 0;
  for (Value weight : weightValues)
    outputs += cast<WeightType>(weight.getType()).getRows();
  Rows y(x.count, outputs);
  int64_t first = 0;
  for (auto [i, weight] : llvm::enumerate(weightValues)) {
    std::string error;
    if (!plainLinear(*seen, opener(weight), step.options.threads, first, y, error))
      return op->emitError("weight @") << nameOf(weight) << " cannot be read: " << error;
    if (!biases.empty()) {
      FailureOr<std::vector<double>> bias = vectorOf(biases[i]);
      if (failed(bias))
        return failure();
      addBias(*bias, first, y);
    }
    first += cast<WeightType>(weight.getType()).getRows();
  }
  return y;
}

/// The greatest finite value of a KV cache; codes are made of f32.
static double largestOf(KVFormat format) {
  if (format == KVFormat::F16)
    return 65504.0;
  return format == KVFormat::BF16 ? 0x1.fep127 : 0x1.fffffep127;
}

void Evaluation::writeCache(Operation *op, KVCacheType type, const Rows &keysAndValues, int64_t first) {
  int64_t columns = type.getHeads() * type.getHeadSize();
  Rows written(keysAndValues.count, 2 * columns);
  for (int64_t r = 0; r < written.count; ++r)
    std::copy_n(keysAndValues.row(r) + first, 2 * columns, written.row(r));
  if (step.options.asCompiled) {
    double largest = largestOf(type.getFormat()); // the store saturates, so that no infinity gets into a softmax
    for (double &value : written.values)
      value = std::clamp(value, -largest, largest);
    int64_t count = static_cast<int64_t>(written.values.size());
    if (std::optional<Format> floats = floatFormatOf(type.getFormat()))
      roundValues(*floats, written.values.data(), count);
    else
      for (int64_t group = type.getHeadSize() / type.getGroups(), i = 0; i < count; i += group)
        roundToCodes(written.values.data() + i, group);
  }
  if (step.hook)
    step.hook(layer, op, Told::Cached, written);
  for (int64_t r = 0; r < written.count; ++r) {
    double *row = written.row(r);
    size_t at = static_cast<size_t>(r);
    step.caches[{layer, step.rows.sequences[at]}].write(step.rows.positions[at], row, row + columns, columns);
  }
}

void Evaluation::round(Rows &x) {
  if (step.options.asCompiled)
    roundToF32(x);
}

double trafo::applyFunction(Function function, double x) {
  switch (function) {
  case Function::Silu:
    return silu(x);
  case Function::Gelu:
    return gelu(x);
  case Function::GeluTanh:
    return geluTanh(x);
  case Function::Relu:
    return x > 0.0 ? x : 0.0;
  }
  return x;
}
