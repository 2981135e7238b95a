#include "lib/Compiler/Judge.h"

#include "dialects/Plan/IR/PlanOps.h"
#include "lib/Compiler/Input.h"
#include "lib/Compiler/Progress.h"
#include "lib/Compiler/RateTable.h"
#include "lib/Compiler/Session.h"
#include "lib/Compiler/StageOptionsOf.h"
#include "lib/Reference/Reference.h"
#include "trafo/runtime.h"

using namespace mlir;
using namespace trafo;

/// True if code for `target` runs on this machine.
static bool runsHere(plan::TargetAttr target) {
  std::string why;
  plan::TargetAttr native = target::describeTier(target.getContext(), "native", why);
  return native && native.getTriple() == target.getTriple() && (target.getCpuBits() & ~native.getCpuBits()) == 0;
}

/// The first of the targets asked for.
static int findTarget(const CompileOptions &options, Session &session, plan::TargetAttr &target) {
  std::string why, tier = options.targets.empty() ? "native" : options.targets.front();
  target = target::describeTier(&session.context, tier, why);
  if (target)
    return 0;
  session.diagnostics.error(why);
  return TRAFO_USAGE;
}

int trafo::check(const CompileOptions &options, const JudgeOptions &judge, llvm::raw_ostream &out,
                 llvm::raw_ostream &errors) {
  Session session(errors);
  if (int status = session.open(options))
    return status;
  plan::TargetAttr target;
  if (int status = findTarget(options, session, target))
    return status;
  StageOptions stageOptions;
  if (int status = stageOptionsOf(options, target, session.diagnostics, stageOptions))
    return status;
  Input input;
  if (int status = readInput(session.context, options, session.diagnostics, input))
    return status;
  SmallVector<RateTable> tables;
  if (int status = findRates(options, target, session.diagnostics, tables))
    return status;
  ModuleOp module = *input.module;
  module->setAttr(plan::kTargetAttr, target);
  if (tables.front().rates)
    module->setAttr(plan::kRatesAttr, tables.front().rates);
  PassManager pm(&session.context);
  for (Stage stage : kStages) {
    // What Lower leaves is run as it is, so it must be code for this machine.
    if (stage == Stage::Lower && !runsHere(target))
      break;
    if (stage > input.stage)
      buildStage(pm, stage, stageOptions, target::targetOf(target));
    if (stage < input.stage)
      continue;
    for (const UserPipeline &user : options.pipelines)
      if (user.after == stage && failed(addUserPipeline(pm, user, session.diagnostics)))
        return TRAFO_USAGE;
  }
  CheckOptions checkOptions;
  checkOptions.tokens = judge.tokens;
  checkOptions.threads = judge.threads;
  return failed(checkModule(module, pm, checkOptions, out)) ? TRAFO_INTERNAL : TRAFO_OK;
}

int trafo::evaluate(const CompileOptions &options, const JudgeOptions &judge, llvm::raw_ostream &errors) {
  Session session(errors);
  if (int status = session.open(options))
    return status;
  Input input;
  if (int status = readInput(session.context, options, session.diagnostics, input))
    return status;
  if (input.stage > Stage::Quantize) {
    session.diagnostics.error("'" + options.input + "' stands after stage " + stageName(input.stage) +
                              "; the reference runs IR up to stage quantize");
    return TRAFO_USAGE;
  }
  for (int32_t token : judge.tokens)
    if (token < 0 || (input.spec && token >= input.spec->vocab)) {
      session.diagnostics.error("--ids has token " + llvm::Twine(token) + ", the vocabulary has " +
                                llvm::Twine(input.spec ? input.spec->vocab : 0));
      return TRAFO_BAD_DATA;
    }
  // Numeric classes are on the ops, and weights in the formats asked for, once Quantize has run.
  plan::TargetAttr target; // what runs the compiled program matters only to its matmul library
  StageOptions stageOptions;
  if (options.gemm == "onednn")
    if (int status = findTarget(options, session, target))
      return status;
  if (int status = stageOptionsOf(options, target, session.diagnostics, stageOptions))
    return status;
  PassManager pm(&session.context);
  for (Stage stage : {Stage::Normalize, Stage::Fuse, Stage::Quantize})
    if (stage > input.stage && (judge.asCompiled || !stageOptions.quantize.empty()))
      buildStage(pm, stage, stageOptions, nullptr);
  if (failed(pm.run(*input.module)))
    return TRAFO_UNSUPPORTED;
  InterpreterOptions interpreter;
  interpreter.asCompiled = judge.asCompiled;
  interpreter.threads = judge.threads;
  Progress progress(options.progressFd, 1);
  progress.step("reference");
  if (failed(evalReference(*input.module, judge.tokens, judge.logits, interpreter,
                           [&](int64_t done, int64_t total) { progress.bytes(done, total); })))
    return TRAFO_BAD_DATA;
  return 0;
}
