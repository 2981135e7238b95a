//===- ModuleChecker.cpp - judges a module after every pass ---------------===//
#include "lib/Reference/ModuleChecker.h"

#include "dialects/Trafo/IR/TrafoOps.h"
#include "lib/Reference/Bounds.h"
#include "mlir/Pass/Pass.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace trafo;

/// Two steps over two sequences: rows of both side by side, and a second step that reads what the first cached.
static std::vector<StepRows> sampleSteps(const std::vector<int32_t> &tokens) {
  std::vector<StepRows> steps(2);
  int32_t positions[2] = {0, 0};
  for (size_t i = 0; i < tokens.size(); ++i) {
    StepRows &step = steps[i < tokens.size() * 3 / 4 ? 0 : 1];
    int32_t sequence = i % 3 == 2;
    step.outputs.push_back(static_cast<int32_t>(step.tokens.size()));
    step.tokens.push_back(tokens[i]);
    step.sequences.push_back(sequence);
    step.positions.push_back(positions[sequence]++);
  }
  return steps;
}

/// Tokens spread over the vocabulary, the same every time.
static std::vector<int32_t> sampleTokens(ModuleOp module) {
  int64_t vocabulary = 0;
  module.walk([&](EmbeddingOp op) { vocabulary = cast<WeightType>(op.getTable().getType()).getRows(); });
  std::vector<int32_t> tokens;
  for (int64_t i = 0; vocabulary > 0 && i < 12; ++i)
    tokens.push_back(static_cast<int32_t>((i * 7919 + 17) % vocabulary));
  return tokens;
}

bool trafo::isTrafoLevel(ModuleOp module) {
  auto step = module.lookupSymbol<func::FuncOp>("step");
  if (!step || step.getBody().empty())
    return false;
  return llvm::any_of(step.getBody().front(), [](Operation &op) { return isa<EmbeddingOp, LayersOp, LmHeadOp>(op); });
}

LogicalResult ModuleChecker::begin(ModuleOp module) {
  begun = true;
  if (!isTrafoLevel(module))
    return module.emitError("expects a module at trafo level, with a function @step, to check");
  steps = sampleSteps(options.tokens.empty() ? sampleTokens(module) : options.tokens);
  FailureOr<Trace> trace = traceModule(module, steps, options.threads);
  if (failed(trace))
    return failure();
  first = *trace;
  before = std::move(*trace);
  fingerprint.emplace(module);
  model = module.clone();
  return success();
}

PassVerdict ModuleChecker::compare(llvm::StringRef pass, const Trace &after) const {
  PassVerdict verdict;
  verdict.pass = pass.str();
  std::vector<int64_t> partner = partners(before, after);
  for (auto [i, entry] : llvm::enumerate(after)) {
    if (partner[i] < 0)
      continue;
    ++verdict.compared;
    const TraceEntry &old = before[static_cast<size_t>(partner[i])];
    Bound bound = boundOf(pass, entry.told == Told::Layer ? "layer" : entry.op);
    double difference = relativeDifference(old.rows, entry.rows, bound.anyOrder);
    if (difference > bound.relative || difference > verdict.worst || verdict.where.empty()) {
      verdict.worst = std::max(verdict.worst, difference);
      verdict.where = entry.describe();
      verdict.bound = bound.relative;
    }
    if (difference > bound.relative) { // the first one; what follows it only inherits
      verdict.broken = true;
      break;
    }
  }
  return verdict;
}

LogicalResult ModuleChecker::afterPass(llvm::StringRef pass, ModuleOp module) {
  if (!isTrafoLevel(module)) {
    if (fingerprint && *fingerprint == OperationFingerPrint(module))
      return success();
    if (!stages)
      stages = std::make_unique<StageChecker>(std::move(model), steps, options.threads);
    FailureOr<PassVerdict> verdict = stages->check(pass, module);
    if (failed(verdict))
      return module.emitError("the stages cannot be run after pass '") << pass << "'";
    results.push_back(*verdict);
    fingerprint.emplace(module);
  } else {
    OperationFingerPrint now(module);
    if (fingerprint && now == *fingerprint)
      return success(); // nothing has changed
    FailureOr<Trace> after = traceModule(module, steps, options.threads, &first);
    if (failed(after))
      return module.emitError("the model cannot be run after pass '") << pass << "'";
    results.push_back(compare(pass, *after));
    // Later passes are held to what they were given: bounds do not add up over passes.
    before = std::move(*after);
    fingerprint = now;
    model = module.clone();
  }
  const PassVerdict &verdict = results.back();
  if (told)
    told(verdict);
  if (verdict.compared == 0)
    return module.emitError("after pass '") << pass << "' no op could be compared with those before it";
  if (!verdict.broken)
    return success();
  std::string numbers;
  llvm::raw_string_ostream(numbers) << llvm::format("%.3g over a bound of %.3g", verdict.worst, verdict.bound);
  return module.emitError("pass '") << pass << "' breaks its bound: " << verdict.where << ": relative difference "
                                    << numbers;
}

static StringRef nameOf(Pass *pass) { return pass->getArgument().empty() ? pass->getName() : pass->getArgument(); }

static ModuleOp moduleOf(Operation *op) {
  auto module = dyn_cast<ModuleOp>(op);
  while (Operation *parent = op->getParentOp()) {
    op = parent;
    if (auto outer = dyn_cast<ModuleOp>(op))
      module = outer;
  }
  return module;
}

void CheckInstrumentation::runBeforePass(Pass *, Operation *op) {
  if (!checker.hasBegun() && mlir::failed(checker.begin(moduleOf(op))))
    broken = true;
}

void CheckInstrumentation::runAfterPass(Pass *pass, Operation *op) {
  if (broken)
    return;
  std::string name = nameOf(pass).str();
  // Passes on functions are judged together, when the pass that ran them ends: in between, some functions have changed and
  // others have not.
  if (op->getParentOp()) {
    if (("," + nested + ",").find("," + name + ",") == std::string::npos)
      nested += (nested.empty() ? "" : ",") + name;
    return;
  }
  if (!nested.empty())
    name = std::exchange(nested, "");
  if (mlir::failed(checker.afterPass(name, moduleOf(op))))
    broken = true;
}
