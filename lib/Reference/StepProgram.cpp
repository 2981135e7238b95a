//===- StepProgram.cpp - a planned module, made to run here ---------------===//
#include "lib/Reference/StepProgram.h"

#include "dialects/Plan/IR/PlanOps.h"
#include "dialects/Trafo/IR/TrafoOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "passes/Contract/Passes.h"
#include "passes/Lower/Passes.h"
#include "passes/Tile/Passes.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/ThreadSafeModule.h"
#include "llvm/Support/TargetSelect.h"

using namespace mlir;
using namespace trafo;

struct StepProgram::Jit {
  std::unique_ptr<llvm::orc::LLJIT> engine;
};
StepProgram::StepProgram() : jit(std::make_unique<Jit>()) {}
StepProgram::~StepProgram() = default;

namespace {
/// Shows the module to `seen` between the passes that place buffers and the one that forgets their names.
struct SeeArena : PassInstrumentation {
  explicit SeeArena(const std::function<void(ModuleOp)> &seen) : seen(seen) {}
  void runAfterPass(Pass *pass, Operation *op) override {
    if (pass->getArgument() == "trafo-assign-arena")
      seen(cast<ModuleOp>(op));
  }
  const std::function<void(ModuleOp)> &seen;
};
} // namespace

/// Adds the passes of Tile that `module` has not gone through. All but the first find nothing left to do where they have
/// run; weights, once placed, must stay where loops look for them.
static LogicalResult addRestOfTile(PassManager &passes, ModuleOp module) {
  bool placed = llvm::any_of(module.getOps<WeightOp>(), [](WeightOp weight) { return weight.getOffset().has_value(); });
  OpPassManager tile(ModuleOp::getOperationName());
  buildTilePipeline(tile);
  for (Pass &pass : tile.getPasses()) {
    if (placed && pass.getArgument() == "trafo-pack-weights")
      continue;
    std::string text;
    llvm::raw_string_ostream stream(text);
    pass.printAsTextualPipeline(stream);
    if (failed(parsePassPipeline(text, passes)))
      return module.emitError("cannot build the rest of the tile pipeline: ") << text;
  }
  return success();
}

OwningOpRef<ModuleOp> StepProgram::lower(ModuleOp original, const std::function<void(ModuleOp)> &seen) {
  OwningOpRef<ModuleOp> module(original.clone());
  PassManager passes(module->getContext(), ModuleOp::getOperationName(), OpPassManager::Nesting::Implicit);
  if (!module->getOps<plan::StepOp>().empty()) {
    passes.addInstrumentation(std::make_unique<SeeArena>(seen));
    if (failed(addRestOfTile(passes, *module)))
      return nullptr;
  }
  passes.addPass(createLowerBlockContractGenericPass());
  if (!module->lookupSymbol("trafo_model_query")) {
    LowerPipelineOptions options;
    options.canonicalize = false;
    buildLowerPipeline(passes, options);
  }
  if (failed(passes.run(*module)))
    return nullptr;
  // Code for this machine, whatever the plan is for.
  module->walk([](LLVM::LLVMFuncOp function) {
    function.removeTargetCpuAttr();
    function.removeTuneCpuAttr();
    function.removeTargetFeaturesAttr();
    function->removeAttr("prefer_vector_width");
    function->removeAttr("passthrough");
  });
  return module;
}

std::unique_ptr<StepProgram> StepProgram::compile(ModuleOp module) {
  auto arena = module->getAttrOfType<plan::ArenaAttr>(plan::kArenaAttr);
  if (!arena) {
    module.emitError("expects an arena, got no attribute ") << plan::kArenaAttr;
    return nullptr;
  }
  auto refuse = [&](llvm::Error error) {
    module.emitError("the step cannot be compiled to run here: ") << llvm::toString(std::move(error));
    return nullptr;
  };
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  registerBuiltinDialectTranslation(*module.getContext());
  registerLLVMDialectTranslation(*module.getContext());
  auto context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> code = translateModuleToLLVMIR(module, *context);
  if (!code)
    return nullptr;
  auto machine = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!machine)
    return refuse(machine.takeError());
  machine->setCodeGenOptLevel(llvm::CodeGenOptLevel::Less); // it runs a few steps; making it is most of the time
  auto engine = llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(std::move(*machine)).create();
  if (!engine)
    return refuse(engine.takeError());
  code->setDataLayout((*engine)->getDataLayout());
  code->setTargetTriple((*engine)->getTargetTriple());
  if (llvm::Error error = (*engine)->addIRModule(llvm::orc::ThreadSafeModule(std::move(code), std::move(context))))
    return refuse(std::move(error));
  auto query = (*engine)->lookup("trafo_model_query");
  if (!query)
    return refuse(query.takeError());
  trafo_code_t answer{};
  if (query->toPtr<trafo_query_fn>()(TRAFO_ABI_VERSION, &answer) != 0 || !answer.step)
    return refuse(llvm::createStringError("its entry does not know this version of the runtime"));
  std::unique_ptr<StepProgram> program(new StepProgram());
  program->jit->engine = std::move(*engine);
  program->entry = answer.step;
  program->memory = arena;
  return program;
}
