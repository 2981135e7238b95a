#include "lib/Compiler/ModelSummary.h"

#include "dialects/Plan/IR/PlanOps.h"
#include "dialects/Trafo/IR/TrafoOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace trafo;

/// The weight types that an op of the decoder reads.
static SmallVector<WeightType> weightsOf(Operation *op) {
  SmallVector<WeightType> weights;
  for (Value operand : op->getOperands())
    if (auto type = dyn_cast<WeightType>(operand.getType()))
      weights.push_back(type);
  return weights;
}

static std::string numbersOf(Operation *op, ArrayRef<WeightType> weights) {
  std::string numbers = "f32";
  if (auto activation = op->getAttrOfType<ActivationFormatAttr>("activation"))
    numbers = stringifyActivationFormat(activation.getValue()).str();
  std::string formats;
  for (WeightType weight : weights) {
    std::string name(formatInfo(weight.getFormat()).name);
    if (weight.getShape().size() == 2 && formats.find(name) == std::string::npos)
      formats += (formats.empty() ? " x " : ", ") + name;
  }
  return numbers + formats;
}

static void summarizeBody(func::FuncOp body, int64_t times, ModelSummary &summary) {
  for (Operation &op : body.getBody().getOps()) {
    StringRef dialect = op.getName().getDialectNamespace();
    if ((dialect != "trafo" && dialect != "arith") || isa<GetOp>(op) || op.getNumOperands() == 0)
      continue;
    if (auto layers = dyn_cast<LayersOp>(op)) {
      summary.kvFormat = cast<KVCacheType>(layers.getCache().getType()).getFormatName();
      // Bodies in the order of their first layer.
      SmallVector<std::pair<FlatSymbolRefAttr, int64_t>> counts;
      for (auto layer : layers.getSchedule().getAsRange<LayerAttr>()) {
        auto *found = llvm::find_if(counts, [&](auto &entry) { return entry.first == layer.getBody(); });
        if (found == counts.end())
          counts.push_back({layer.getBody(), 1});
        else
          ++found->second;
      }
      for (auto [name, count] : counts)
        if (auto inner = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(body, name))
          summarizeBody(inner, count, summary);
      continue;
    }
    SmallVector<WeightType> weights = weightsOf(&op);
    OpSummary entry;
    entry.op = op.getName().getStringRef().str();
    entry.body = body.getSymName().str();
    entry.numbers = numbersOf(&op, weights);
    entry.times = times;
    summary.ops.push_back(std::move(entry));
  }
}

void trafo::summarizeOps(ModuleOp module, ModelSummary &summary) {
  for (auto weight : module.getOps<WeightOp>()) {
    if (!weight.getSourceAttr())
      continue;
    WeightType type = weight.getWeightType();
    auto &[count, bytes] = summary.formats[std::string(formatInfo(type.getFormat()).name)];
    ++count;
    bytes += type.getBytes();
    summary.parameters += type.getRows() * type.getCols();
  }
  if (auto step = module.lookupSymbol<func::FuncOp>("step"))
    summarizeBody(step, 1, summary);
}

/// What a sequence keeps of its keys and values, and what the cache takes less for it.
static std::string describeCache(ModuleOp module) {
  auto arena = module->getAttrOfType<plan::ArenaAttr>(plan::kArenaAttr);
  auto config = module->getAttrOfType<ConfigAttr>(kConfigAttrName);
  if (!arena || !config || arena.getPools().empty())
    return "nothing";
  std::string kept;
  llvm::raw_string_ostream text(kept);
  double all = double(config.getMaxSequences()) * double(config.getMaxContext() / plan::kPagePositions), saved = 0;
  for (auto pool : arena.getPools().getAsRange<plan::PoolAttr>()) {
    saved += double(pool.getSize()) * (all / double(std::max<int64_t>(1, pool.getPages())) - 1);
    text << (kept.empty() ? "" : ", ");
    if (pool.getWindow() == 0)
      text << "all positions";
    else
      text << "what a step sees of the last " << pool.getWindow() << " positions";
    if (arena.getPools().size() > 1)
      text << " of " << pool.getLayers().size() << (pool.getLayers().size() == 1 ? " layer" : " layers");
  }
  if (saved > 0)
    text << llvm::format("; %.1f MB less than all positions of all layers", saved / 1e6);
  return kept;
}

void trafo::summarizeStages(ModuleOp module, ModelSummary &summary) {
  if (auto costs = module->getAttrOfType<ArrayAttr>(plan::kCostsAttr))
    summary.stages.assign(costs.getAsRange<plan::CostAttr>().begin(), costs.getAsRange<plan::CostAttr>().end());
  summary.cache = describeCache(module);
  if (auto roads = module->getAttrOfType<ArrayAttr>(plan::kRoadsAttr))
    summary.roads.assign(roads.getAsRange<plan::RoadAttr>().begin(), roads.getAsRange<plan::RoadAttr>().end());
  summary.profile = module->getAttrOfType<plan::ProfileAttr>(plan::kProfileAttr);
}

bool trafo::callsLibrary(const ModelSummary &summary) {
  return llvm::any_of(summary.stages, [](plan::CostAttr cost) { return cost.getLibrary(); });
}

bool trafo::multiplies(const ModelSummary &summary, ActivationFormat activation) {
  std::string rows = (stringifyActivationFormat(activation) + " x").str();
  return llvm::any_of(summary.stages, [&](plan::CostAttr cost) { return cost.getNumbers().starts_with(rows); });
}

/// The stage an op was made into, <body>.<op> (_<number> for the next of a kind, which are alike); null if it has none.
static plan::CostAttr stageOf(const OpSummary &op, const ModelSummary &summary) {
  std::string name = op.body + "." + op.op.substr(op.op.find('.') + 1);
  for (plan::CostAttr cost : summary.stages)
    if (cost.getStage() == name)
      return cost;
  return {};
}

static llvm::StringRef roadName(bool library) { return library ? "oneDNN" : "generated"; }

/// Class and road of an op, for INFO. A library sums floats in an order of its own, integers as all do.
static void addNumbers(llvm::json::Object &entry, StringRef numbers, plan::CostAttr stage) {
  bool library = stage && stage.getLibrary();
  bool integers = numbers.starts_with(stringifyActivationFormat(ActivationFormat::I8Row));
  entry["class"] = library && !integers ? numbers.str() + " summed by oneDNN" : numbers.str();
  if (stage && stage.getRowMultiplies() > 0)
    entry["road"] = roadName(library);
}

static llvm::json::Array stagesJson(const ModelSummary &summary) {
  llvm::json::Array stages;
  for (plan::CostAttr cost : summary.stages) {
    llvm::json::Object entry{{"stage", cost.getStage()},
                             {"runs", cost.getRuns()},
                             {"weight_bytes", cost.getWeightBytes()},
                             {"row_bytes", cost.getRowBytes()},
                             {"row_multiplies", cost.getRowMultiplies()},
                             {"position_bytes", cost.getPositionBytes()},
                             {"position_multiplies", cost.getPositionMultiplies()},
                             {"window", cost.getWindow()},
                             {"of_outputs", cost.getOfOutputs()}};
    addNumbers(entry, cost.getNumbers(), cost);
    stages.push_back(std::move(entry));
  }
  return stages;
}

static llvm::json::Array roadsJson(const ModelSummary &summary) {
  llvm::json::Array roads;
  for (plan::RoadAttr road : summary.roads) {
    llvm::json::Object entry{{"stage", road.getStage()},
                             {"rows", road.getWeight().getRows()},
                             {"columns", road.getWeight().getCols()},
                             {"weights", formatInfo(road.getWeight().getFormat()).name},
                             {"road", roadName(road.getLibrary())},
                             {"reason", road.getReason()}};
    if (road.getGeneratedRowNs())
      entry["generated_ns"] = llvm::json::Array{road.getGeneratedRowNs(), road.getGeneratedPromptNs()};
    if (road.getLibraryRowNs())
      entry["onednn_ns"] = llvm::json::Array{road.getLibraryRowNs(), road.getLibraryPromptNs()};
    roads.push_back(std::move(entry));
  }
  return roads;
}

std::string trafo::infoJson(const Input &input, const ModelSummary &summary) {
  using llvm::json::Array;
  using llvm::json::Object;
  Object root{{"compiler", "trafo 0.1.0"}};
  if (input.spec) {
    const DecoderSpec &spec = *input.spec;
    root["architecture"] = spec.architecture;
    root["name"] = spec.name;
    root["hidden"] = spec.hidden;
    root["layers"] = spec.layers;
    root["heads"] = spec.heads;
    root["kv_heads"] = spec.kvHeads;
    root["head_size"] = spec.headSize;
    root["ffn"] = spec.ffn;
    root["vocabulary"] = spec.vocab;
    root["trained_context"] = spec.contextLength;
  }
  root["parameters"] = summary.parameters;
  if (!summary.kvFormat.empty())
    root["kv_format"] = summary.kvFormat;
  Array formats;
  for (const auto &[name, count] : summary.formats)
    formats.push_back(Object{{"format", name}, {"tensors", count.first}, {"bytes", count.second}});
  root["tensors"] = std::move(formats);
  Array classes;
  for (const OpSummary &op : summary.ops) {
    Object entry{{"op", op.op}, {"body", op.body}, {"times", op.times}};
    addNumbers(entry, op.numbers, stageOf(op, summary));
    classes.push_back(std::move(entry));
  }
  root["numeric_classes"] = std::move(classes);
  root["stages"] = stagesJson(summary);
  root["kv_cache"] = summary.cache;
  root["roads"] = roadsJson(summary);
  if (!summary.roads.empty())
    root["predicted_rows"] = llvm::json::Array{1, summary.roads.front().getPromptRows()};
  if (plan::ProfileAttr profile = summary.profile)
    root["profile"] = Object{{"offset", profile.getOffset()},
                             {"stride", profile.getStride()},
                             {"stages", Array(profile.getStages().asArrayRef())},
                             {"layers", Array(profile.getLayers().asArrayRef())}};
  Array targets;
  for (const auto &[name, features] : summary.targets)
    targets.push_back(Object{{"target", name}, {"cpu_features", Array(features)}});
  root["targets"] = std::move(targets);
  Array libraries;
  if (callsLibrary(summary))
    libraries.push_back("libdnnl.so.3 (oneDNN 3.2 or newer)");
  root["needs"] = std::move(libraries);
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(std::move(root));
  return text;
}
