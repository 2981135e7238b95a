#include "lib/Target/CodeGen.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"

using namespace mlir;
using namespace trafo;
using namespace trafo::target;

static void initializeOnce() {
  static bool done = [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    llvm::InitializeAllAsmParsers();
    return true;
  }();
  (void)done;
}

/// LLVM makes do without a CPU or feature that it does not know, and says so once per function; here it is an error.
static bool isKnownMachine(ModuleOp module, plan::TargetAttr target, const llvm::Target &found) {
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(
      found.createMCSubtargetInfo(llvm::Triple(target.getTriple()), /*CPU=*/"", /*Features=*/""));
  if (!target.getCpu().empty() && !subtarget->isCPUStringValid(target.getCpu())) {
    module.emitError("plan.target has cpu '")
        << target.getCpu() << "', which LLVM does not know for " << target.getTriple();
    return false;
  }
  SmallVector<StringRef> features;
  target.getFeatures().split(features, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef feature : features) {
    auto isIt = [&](const llvm::SubtargetFeatureKV &known) { return feature.drop_front() == known.Key; };
    if (!(feature.starts_with("+") || feature.starts_with("-")) ||
        llvm::none_of(subtarget->getAllProcessorFeatures(), isIt)) {
      module.emitError("plan.target has feature '")
          << feature << "', expects a feature that LLVM knows for " << target.getTriple() << " after + or -";
      return false;
    }
  }
  return true;
}

/// A machine for code generation: position independent, -O3. Null, with a diagnostic on `module`, if LLVM lacks it.
static std::unique_ptr<llvm::TargetMachine> createMachine(ModuleOp module, plan::TargetAttr target) {
  initializeOnce();
  llvm::Triple triple(target.getTriple());
  std::string error;
  const llvm::Target *found = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!found) {
    module.emitError("this LLVM has no code generator for ") << target.getTriple();
    return nullptr;
  }
  if (!isKnownMachine(module, target, *found))
    return nullptr;
  llvm::TargetOptions options;
  // a * b + c is one rounding only where the IR says math.fma: the numeric classes depend on it.
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  std::unique_ptr<llvm::TargetMachine> machine(
      found->createTargetMachine(triple, target.getCpu(), target.getFeatures(), options, llvm::Reloc::PIC_,
                                 /*CM=*/std::nullopt, llvm::CodeGenOptLevel::Aggressive));
  if (!machine)
    module.emitError("LLVM knows no machine '") << target.getCpu() << "' for " << target.getTriple();
  return machine;
}

/// Translates and verifies. Null with a diagnostic on failure.
static std::unique_ptr<llvm::Module> translate(ModuleOp module, llvm::LLVMContext &context,
                                               llvm::TargetMachine &machine) {
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
  module->getContext()->appendDialectRegistry(registry);
  std::unique_ptr<llvm::Module> result = translateModuleToLLVMIR(module, context, "trafo");
  if (!result) {
    module.emitError("cannot be translated to LLVM IR");
    return nullptr;
  }
  result->setTargetTriple(machine.getTargetTriple());
  result->setDataLayout(machine.createDataLayout());
  // The file symbol of the object: the same whatever the model's file is called.
  result->setSourceFileName("trafo");
  std::string message;
  llvm::raw_string_ostream stream(message);
  if (llvm::verifyModule(*result, &stream)) {
    module.emitError("makes LLVM IR that LLVM rejects: ") << StringRef(message).split('\n').first;
    return nullptr;
  }
  return result;
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  // The image has no libc: nothing may be recognised as, or turned into, a library function.
  llvm::TargetLibraryInfoImpl none(machine.getTargetTriple());
  none.disableAllFunctions();
  functions.registerPass([&] { return llvm::TargetLibraryAnalysis(none); });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(module, modules);
}

/// The module as text (LLVM), assembly or an object.
static FailureOr<Bytes> write(ModuleOp origin, llvm::Module &module, llvm::TargetMachine &machine, CodeForm form) {
  Bytes bytes;
  llvm::raw_svector_ostream stream(bytes);
  if (form == CodeForm::LLVM) {
    module.print(stream, nullptr);
    return bytes;
  }
  llvm::legacy::PassManager passes;
  llvm::TargetLibraryInfoImpl none(machine.getTargetTriple());
  none.disableAllFunctions();
  passes.add(new llvm::TargetLibraryInfoWrapperPass(none));
  llvm::CodeGenFileType type =
      form == CodeForm::Assembly ? llvm::CodeGenFileType::AssemblyFile : llvm::CodeGenFileType::ObjectFile;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type)) {
    origin.emitError("this LLVM cannot emit ")
        << (form == CodeForm::Assembly ? "assembly" : "objects") << " for " << machine.getTargetTriple().str();
    return failure();
  }
  // What LLVM cannot make code of it reports to the context, whose own handler would end the process.
  std::string failed;
  module.getContext().setDiagnosticHandlerCallBack(
      [](const llvm::DiagnosticInfo *info, void *first) {
        auto &message = *static_cast<std::string *>(first);
        if (info->getSeverity() != llvm::DS_Error || !message.empty())
          return;
        llvm::raw_string_ostream text(message);
        llvm::DiagnosticPrinterRawOStream printer(text);
        info->print(printer);
      },
      &failed);
  passes.run(module);
  module.getContext().setDiagnosticHandlerCallBack(nullptr);
  if (!failed.empty()) {
    origin.emitError("LLVM cannot make code of this for ") << machine.getTargetCPU() << ": " << failed;
    return failure();
  }
  return bytes;
}

FailureOr<Bytes> trafo::target::generateCode(ModuleOp module, plan::TargetAttr target, CodeForm form,
                                             ImageMaker image) {
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(module, target);
  if (!machine)
    return failure();
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = translate(module, context, *machine);
  if (!code)
    return failure();
  optimize(*code, *machine);
  FailureOr<Bytes> bytes = write(module, *code, *machine, form == CodeForm::Image ? image.from : form);
  if (failed(bytes) || form != CodeForm::Image)
    return bytes;
  std::string error;
  FailureOr<Bytes> made = image.make(*bytes, error);
  if (failed(made))
    module.emitError(error);
  return made;
}
