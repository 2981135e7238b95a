//===- BuildModule.cpp - a described model becomes IR ---------------------===//
#include "lib/Import/IR/BuildModule.h"
#include "dialects/Trafo/IR/TrafoOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace trafo;

namespace {

/// What a body's parameter stands for; a layer fills it with a tensor.
struct Slot {
  const char *role;          ///< as in the tensor's name: "attn_q"
  const std::string *tensor; ///< the tensor of one layer
};

class ModuleBuilder {
public:
  ModuleBuilder(MLIRContext &context, const Checkpoint &checkpoint, const DecoderSpec &spec,
                const ImportOptions &options)
      : builder(&context), checkpoint(checkpoint), spec(spec), options(options), loc(named(checkpoint.path)) {}

  FailureOr<OwningOpRef<ModuleOp>> build();

private:
  Location named(StringRef name) { return NameLoc::get(builder.getStringAttr(name)); }
  RankedTensorType rowsOf(int64_t columns) {
    return RankedTensorType::get({ShapedType::kDynamic, columns}, builder.getF32Type());
  }
  FloatAttr f32(float value) { return builder.getF32FloatAttr(value); }
  KVCacheType cacheType() {
    return KVCacheType::get(builder.getContext(), spec.layers, spec.kvHeads, spec.headSize, options.kvFormat,
                            options.kvGroup);
  }
  InFlightDiagnostic refuse() { return emitError(loc); }

  LogicalResult checkSupported();
  FailureOr<WeightType> weightType(const std::string &tensor);
  LogicalResult addWeight(const std::string &tensor);
  LogicalResult addWeights();
  SmallVector<Slot> slotsOf(const LayerTensors &layer);
  RopeAttr rope();
  Value linear(Value input, Value weight, Value bias, const char *role);
  func::FuncOp buildBody(StringRef name, ArrayRef<Slot> slots, TypeRange slotTypes, int64_t window);
  LogicalResult buildStep();

  OpBuilder builder;
  const Checkpoint &checkpoint;
  const DecoderSpec &spec;
  const ImportOptions &options;
  Location loc;
  llvm::StringSet<> known; ///< tensors that are symbols already
  ArrayAttr schedule;
};

} // namespace

LogicalResult ModuleBuilder::checkSupported() {
  if (spec.logitSoftcap != 0)
    return refuse() << "a soft cap of logits is not supported, got " << spec.logitSoftcap;
  const RopeScaling &scaling = spec.ropeScaling;
  if (scaling.kind == RopeScalingKind::Yarn &&
      (scaling.attentionFactor != 1 || scaling.extensionFactor != 1 || scaling.betaFast != 32 || scaling.betaSlow != 1))
    return refuse() << "yarn scaling is supported with attention factor 1, extension factor 1, beta 32 and 1, got "
                    << scaling.attentionFactor << ", " << scaling.extensionFactor << ", " << scaling.betaFast << " and "
                    << scaling.betaSlow;
  return success();
}

FailureOr<WeightType> ModuleBuilder::weightType(const std::string &tensor) {
  const TensorInfo *info = checkpoint.findTensor(tensor);
  if (!info)
    return refuse() << "expects a tensor '" << tensor << "', got none";
  auto type = WeightType::getChecked([&] { return refuse() << "tensor '" << tensor << "': "; }, builder.getContext(),
                                     ArrayRef<int64_t>(info->dims), info->format);
  if (!type)
    return failure();
  return type;
}

LogicalResult ModuleBuilder::addWeight(const std::string &tensor) {
  if (!known.insert(tensor).second)
    return success();
  FailureOr<WeightType> type = weightType(tensor);
  if (failed(type))
    return failure();
  Attribute source;
  if (options.randomSeed)
    source = RandomAttr::get(builder.getContext(), *options.randomSeed);
  else
    source = FileAttr::get(builder.getContext(), checkpoint.path, checkpoint.findTensor(tensor)->fileOffset);
  WeightOp::create(builder, named(tensor), tensor, *type, source, LayoutAttr(), IntegerAttr());
  return success();
}

/// Every tensor in use becomes a symbol: the model's own first, then layer by layer in the order of the slots.
LogicalResult ModuleBuilder::addWeights() {
  if (failed(addWeight(spec.embedding)) || failed(addWeight(spec.outputNorm)) || failed(addWeight(spec.output)))
    return failure();
  for (const LayerTensors &layer : spec.layerTensors)
    for (const Slot &slot : slotsOf(layer))
      if (failed(addWeight(*slot.tensor)))
        return failure();
  return success();
}

SmallVector<Slot> ModuleBuilder::slotsOf(const LayerTensors &layer) {
  SmallVector<Slot> all = {{"attn_norm", &layer.attnNorm},
                           {"attn_q", &layer.q},
                           {"attn_k", &layer.k},
                           {"attn_v", &layer.v},
                           {"attn_q_bias", &layer.qBias},
                           {"attn_k_bias", &layer.kBias},
                           {"attn_v_bias", &layer.vBias},
                           {"attn_output", &layer.o},
                           {"attn_output_bias", &layer.oBias},
                           {"ffn_norm", &layer.ffnNorm},
                           {"ffn_gate", &layer.gate},
                           {"ffn_up", &layer.up},
                           {"ffn_gate_bias", &layer.gateBias},
                           {"ffn_up_bias", &layer.upBias},
                           {"ffn_down", &layer.down},
                           {"ffn_down_bias", &layer.downBias},
                           {"rope_factors", &spec.ropeScaling.factors}};
  llvm::erase_if(all, [](const Slot &slot) { return slot.tensor->empty(); });
  return all;
}

RopeAttr ModuleBuilder::rope() {
  const RopeScaling &scaling = spec.ropeScaling;
  RopeScalingMode mode = RopeScalingMode::None;
  double factor = 1.0;
  int64_t originalContext = 0;
  switch (scaling.kind) {
  case RopeScalingKind::None:
  case RopeScalingKind::Factors: // an operand
    break;
  case RopeScalingKind::Linear:
    mode = RopeScalingMode::Linear;
    factor = scaling.factor;
    break;
  case RopeScalingKind::Yarn:
    mode = RopeScalingMode::Yarn;
    factor = scaling.factor;
    originalContext = scaling.originalContext;
    break;
  }
  RopePairingMode pairing =
      spec.ropePairing == RopePairing::Halves ? RopePairingMode::Halves : RopePairingMode::Interleaved;
  return RopeAttr::getChecked([&] { return refuse(); }, builder.getContext(), spec.ropeDims, Float64(spec.ropeBase),
                              pairing, mode, Float64(factor), originalContext);
}

Value ModuleBuilder::linear(Value input, Value weight, Value bias, const char *role) {
  return LinearOp::create(builder, named(role), rowsOf(cast<WeightType>(weight.getType()).getRows()), input, weight,
                          bias, ActivationFormatAttr());
}

func::FuncOp ModuleBuilder::buildBody(StringRef name, ArrayRef<Slot> slots, TypeRange slotTypes, int64_t window) {
  OpBuilder::InsertionGuard guard(builder);
  Type stream = rowsOf(spec.hidden);
  SmallVector<Type> inputs = {stream, builder.getType<RowsType>(), cacheType(), builder.getIndexType()};
  llvm::append_range(inputs, slotTypes);
  auto body = func::FuncOp::create(builder, named(name), name, builder.getFunctionType(inputs, stream));
  body.setPrivate();

  SmallVector<Location> locs = {named("x"), named("rows"), named("kv"), named("layer")};
  for (const Slot &slot : slots)
    locs.push_back(named(slot.role));
  Block *block = builder.createBlock(&body.getBody(), {}, inputs, locs);
  Value x = block->getArgument(0), rows = block->getArgument(1), kv = block->getArgument(2),
        layer = block->getArgument(3);
  auto at = [&](StringRef role) -> Value {
    for (auto [number, slot] : llvm::enumerate(slots))
      if (role == slot.role)
        return block->getArgument(4 + static_cast<unsigned>(number));
    return {};
  };

  FloatAttr eps = f32(spec.normEps);
  Value normed = RmsNormOp::create(builder, named("attn_norm"), x, at("attn_norm"), eps);
  Value q = linear(normed, at("attn_q"), at("attn_q_bias"), "attn_q");
  Value k = linear(normed, at("attn_k"), at("attn_k_bias"), "attn_k");
  Value v = linear(normed, at("attn_v"), at("attn_v_bias"), "attn_v");
  Value factors = at("rope_factors");
  q = RopeOp::create(builder, named("rope_q"), q, rows, factors, spec.heads, spec.headSize, rope());
  k = RopeOp::create(builder, named("rope_k"), k, rows, factors, spec.kvHeads, spec.headSize, rope());
  KVWriteOp::create(builder, named("kv_write"), kv, layer, k, v, rows);
  Value attended = AttentionOp::create(builder, named("attention"), q.getType(), q, kv, layer, rows,
                                       builder.getI64IntegerAttr(spec.heads), f32(spec.attentionScale),
                                       builder.getI64IntegerAttr(window), f32(spec.attentionSoftcap));
  Value o = linear(attended, at("attn_output"), at("attn_output_bias"), "attn_output");
  x = arith::AddFOp::create(builder, named("attn_residual"), x, o);

  normed = RmsNormOp::create(builder, named("ffn_norm"), x, at("ffn_norm"), eps);
  Function function = Function::Silu;
  switch (spec.activation) {
  case Activation::Silu:
    break;
  }
  Value mlp;
  if (at("ffn_gate_bias") || at("ffn_up_bias") || at("ffn_down_bias")) {
    // gated_mlp has no biases; its decomposition has.
    Value gate = linear(normed, at("ffn_gate"), at("ffn_gate_bias"), "ffn_gate");
    Value up = linear(normed, at("ffn_up"), at("ffn_up_bias"), "ffn_up");
    gate = ActivationOp::create(builder, named("ffn_act"), function, gate);
    gate = arith::MulFOp::create(builder, named("ffn_mul"), gate, up);
    mlp = linear(gate, at("ffn_down"), at("ffn_down_bias"), "ffn_down");
  } else {
    mlp = GatedMlpOp::create(builder, named("ffn"), normed, at("ffn_gate"), at("ffn_up"), at("ffn_down"), function);
  }
  x = arith::AddFOp::create(builder, named("ffn_residual"), x, mlp);
  func::ReturnOp::create(builder, named(name), x);
  return body;
}

LogicalResult ModuleBuilder::buildStep() {
  OpBuilder::InsertionGuard guard(builder);
  Type inputs[] = {builder.getType<RowsType>(), cacheType()};
  auto step = func::FuncOp::create(builder, named("step"), "step", builder.getFunctionType(inputs, rowsOf(spec.vocab)));
  Block *block = builder.createBlock(&step.getBody(), {}, inputs, {named("rows"), named("kv")});
  Value rows = block->getArgument(0), kv = block->getArgument(1);
  auto get = [&](const std::string &tensor) -> Value {
    return GetOp::create(builder, named(tensor), *weightType(tensor), tensor);
  };
  RankedTensorType stream = rowsOf(spec.hidden);
  Value table = get(spec.embedding);
  Value x = EmbeddingOp::create(builder, named("embedding"), stream, rows, table, f32(1.0f));
  x = LayersOp::create(builder, named("layers"), stream, x, rows, kv, schedule);
  x = SelectRowsOp::create(builder, named("select_rows"), stream, x, rows);
  x = RmsNormOp::create(builder, named("output_norm"), x, get(spec.outputNorm), f32(spec.normEps));
  Value head = spec.output == spec.embedding ? table : get(spec.output);
  x = LmHeadOp::create(builder, named("output"), rowsOf(spec.vocab), x, head, ActivationFormatAttr());
  func::ReturnOp::create(builder, named("step"), x);
  return success();
}

FailureOr<OwningOpRef<ModuleOp>> ModuleBuilder::build() {
  if (failed(checkSupported()))
    return failure();
  auto config = ConfigAttr::getChecked([&] { return refuse(); }, builder.getContext(), options.maxContext,
                                       options.maxRows, options.maxOutputs, options.maxSequences, options.maxWorkers);
  auto cache = KVCacheType::getChecked([&] { return refuse() << "KV cache: "; }, builder.getContext(), spec.layers,
                                       spec.kvHeads, spec.headSize, options.kvFormat, options.kvGroup);
  if (!config || !cache || !rope())
    return failure();

  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  (*module)->setAttr(kConfigAttrName, config);
  builder.setInsertionPointToEnd(module->getBody());
  if (failed(addWeights()))
    return failure();

  // A body for each signature and window that layers have.
  struct Body {
    SmallVector<Type> types;
    int64_t window;
    func::FuncOp function;
  };
  SmallVector<Body> bodies;
  SmallVector<Attribute> layers;
  for (auto [number, layer] : llvm::enumerate(spec.layerTensors)) {
    int64_t window = spec.windowOf(static_cast<int64_t>(number));
    SmallVector<Slot> slots = slotsOf(layer);
    SmallVector<Type> types;
    SmallVector<FlatSymbolRefAttr> names;
    for (const Slot &slot : slots) {
      types.push_back(*weightType(*slot.tensor));
      names.push_back(FlatSymbolRefAttr::get(builder.getContext(), *slot.tensor));
    }
    auto *body = llvm::find_if(bodies, [&](Body &known) { return known.types == types && known.window == window; });
    if (body == bodies.end()) {
      std::string name = bodies.empty() ? "decoder" : "decoder_" + std::to_string(bodies.size());
      bodies.push_back({types, window, buildBody(name, slots, types, window)});
      body = &bodies.back();
    }
    layers.push_back(
        LayerAttr::get(builder.getContext(), FlatSymbolRefAttr::get(body->function.getSymNameAttr()), names));
  }
  schedule = builder.getArrayAttr(layers);
  if (failed(buildStep()) || failed(verify(*module)))
    return failure();
  return module;
}

FailureOr<OwningOpRef<ModuleOp>> trafo::importModel(MLIRContext &context, const Checkpoint &checkpoint,
                                                    const DecoderSpec &spec, const ImportOptions &options) {
  context.loadDialect<TrafoDialect, arith::ArithDialect, func::FuncDialect>();
  return ModuleBuilder(context, checkpoint, spec, options).build();
}
