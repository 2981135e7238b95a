#include "lib/Compiler/Session.h"

#include "dialects/Plan/IR/PlanOps.h"
#include "lib/Compiler/Register.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "trafo/runtime.h"
#include "llvm/Support/Regex.h"

using namespace mlir;
using namespace trafo;

static DialectRegistry allDialects() {
  DialectRegistry registry;
  registerAllDialects(registry);
  return registry;
}

Session::Session(llvm::raw_ostream &errors)
    : context(allDialects(), MLIRContext::Threading::DISABLED), diagnostics(&context, errors) {
  // Errors are one line each; the op they are about may be the whole module.
  context.printOpOnDiagnostic(false);
  context.getOrLoadDialect<TrafoDialect>();
  context.getOrLoadDialect<plan::PlanDialect>();
}

int Session::open(const CompileOptions &options) {
  registerAllPasses();
  for (const std::string &name : options.plugins) {
    llvm::Expected<PassPlugin> plugin = PassPlugin::load(name);
    if (!plugin) {
      std::string why = llvm::toString(plugin.takeError());
      diagnostics.error("--load-pass-plugin=" + name + ": " + StringRef(why).split('\n').first);
      return TRAFO_NO_INPUT;
    }
    plugin->registerPassRegistryCallbacks();
  }
  for (const UserPipeline &pipeline : options.pipelines) {
    PassManager trial(&context);
    if (failed(addUserPipeline(trial, pipeline, diagnostics)))
      return TRAFO_USAGE;
  }
  if (!options.remarks)
    return 0;
  std::string why;
  if (!llvm::Regex(*options.remarks).isValid(why)) {
    diagnostics.error("--remarks-filter=" + *options.remarks + ": expects a regular expression, " + why);
    return TRAFO_USAGE;
  }
  remark::RemarkCategories categories;
  categories.passed = categories.missed = categories.analysis = categories.failed = *options.remarks;
  (void)remark::enableOptimizationRemarks(context, nullptr, std::make_unique<remark::RemarkEmittingPolicyAll>(),
                                          categories, /*printAsEmitRemarks=*/true);
  return 0;
}

LogicalResult trafo::addUserPipeline(OpPassManager &pm, const UserPipeline &pipeline, DiagnosticPrinter &diagnostics) {
  StringRef text = StringRef(pipeline.text).trim();
  std::string why;
  llvm::raw_string_ostream stream(why);
  if (!text.consume_front("builtin.module(") || !text.consume_back(")"))
    why = "expects builtin.module(...)";
  else if (succeeded(parsePassPipeline(text, pm, stream)))
    return success();
  // The parser points at the place with lines of its own; the reason comes first.
  diagnostics.error("--pass-pipeline=" + pipeline.text + ": " + StringRef(why).trim().split('\n').first);
  return failure();
}
