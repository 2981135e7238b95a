//===- Trace.cpp - what every op of a run computed ------------------------===//
#include "lib/Reference/Trace.h"

#include "dialects/Trafo/IR/TrafoDialect.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/STLExtras.h"

#include <set>

using namespace mlir;
using namespace trafo;

std::string TraceEntry::describe() const {
  std::string text = layer < 0 ? "outside layers" : "layer " + std::to_string(layer);
  if (told == Told::Layer)
    return text + ", its output";
  text += ", " + op;
  for (size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? " (" : ", ") + names[i].substr(names[i].rfind('/') + 1); // files without their folders
  text += names.empty() ? "" : ")";
  return told == Told::Cached ? text + ", its keys and values" : text;
}

static void collectNames(Location location, std::set<std::string> &names) {
  if (auto name = dyn_cast<NameLoc>(location)) {
    std::set<std::string> wholes;
    collectNames(name.getChildLoc(), wholes);
    for (const std::string &whole : wholes)
      names.insert(whole + "." + name.getName().str());
    if (wholes.empty())
      names.insert(name.getName().str());
  } else if (auto file = dyn_cast<FileLineColRange>(location))
    names.insert(file.getFilename().str() + ":" + std::to_string(file.getStartLine()) + ":" +
                 std::to_string(file.getStartColumn()));
  else if (auto fused = dyn_cast<FusedLoc>(location))
    for (Location part : fused.getLocations())
      collectNames(part, names);
  else if (auto call = dyn_cast<CallSiteLoc>(location))
    collectNames(call.getCallee(), names);
}

std::vector<std::string> trafo::locationNames(Location location) {
  std::set<std::string> names;
  collectNames(location, names);
  return {names.begin(), names.end()};
}

FailureOr<Trace> trafo::traceModule(ModuleOp module, const std::vector<StepRows> &steps, unsigned threads,
                                    const Trace *earlier, bool asCompiled) {
  Trace trace;
  // What each layer gave in the earlier run, by step and layer.
  std::map<std::pair<int64_t, int64_t>, const Rows *> outputs;
  if (earlier)
    for (const TraceEntry &entry : *earlier)
      if (entry.told == Told::Layer)
        outputs[{entry.step, entry.layer}] = &entry.rows;

  InterpreterOptions options;
  options.threads = threads;
  options.asCompiled = asCompiled;
  Interpreter interpreter(module, options);
  int64_t number = 0;
  interpreter.onResult([&](int64_t layer, Operation *op, Told told, Rows &rows) {
    if (layer < 0 && op->getName().getStringRef() == "trafo.layers")
      return; // its layers have been told of
    auto activation = op->getAttrOfType<ActivationFormatAttr>("activation");
    bool int8 = activation && int8Terms(activation.getValue()) > 0;
    trace.push_back({number, layer, told, op->getName().getStringRef().str(), int8, locationNames(op->getLoc()), rows});
    if (auto known = outputs.find({number, layer}); told == Told::Layer && known != outputs.end())
      rows = *known->second;
  });
  for (const StepRows &step : steps) {
    if (failed(interpreter.step(step)))
      return failure();
    ++number;
  }
  return trace;
}

static bool share(const std::vector<std::string> &a, const std::vector<std::string> &b) {
  return llvm::any_of(a, [&](const std::string &name) { return std::binary_search(b.begin(), b.end(), name); });
}

std::vector<int64_t> trafo::partners(const Trace &before, const Trace &after) {
  std::map<std::tuple<int64_t, int64_t, Told>, std::vector<int64_t>> groups;
  for (auto [i, entry] : llvm::enumerate(before))
    groups[{entry.step, entry.layer, entry.told}].push_back(static_cast<int64_t>(i));

  std::vector<int64_t> result(after.size(), -1);
  std::map<int64_t, size_t> taken; // entries of `before` and who has them
  for (auto [i, entry] : llvm::enumerate(after)) {
    for (int64_t candidate : groups[{entry.step, entry.layer, entry.told}]) {
      const TraceEntry &old = before[static_cast<size_t>(candidate)];
      bool shape = old.rows.count == entry.rows.count && old.rows.columns == entry.rows.columns;
      if (shape && (entry.told == Told::Layer || share(entry.names, old.names)))
        result[i] = candidate; // candidates come in order, the last one stays
    }
    if (result[i] < 0)
      continue;
    auto [place, fresh] = taken.try_emplace(result[i], i);
    if (!fresh) {
      result[place->second] = -1;
      place->second = i;
    }
  }
  return result;
}
