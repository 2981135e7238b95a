#include "lib/Target/X86/X86Target.h"

#include "lib/Target/CodeGen.h"
#include "passes/Lower/Passes.h"
#include "passes/X86/Passes.h"

#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace trafo;
using namespace trafo::target;

static void buildLowering(OpPassManager &pm) {
  buildX86Pipeline(pm);
  buildLowerPipeline(pm);
}

static FailureOr<Bytes> emit(ModuleOp module, plan::TargetAttr target, CodeForm form) {
  if (failed(checkFeatures(module, target)))
    return failure();
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(module, target);
  if (!machine)
    return failure();
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = translate(module, context, *machine);
  if (!code)
    return failure();
  optimize(*code, *machine);
  FailureOr<Bytes> bytes = emitCode(module, *code, *machine, form == CodeForm::Image ? CodeForm::Object : form);
  if (failed(bytes) || form != CodeForm::Image)
    return bytes;
  std::string error;
  FailureOr<Bytes> image = linkImage(*bytes, error);
  if (failed(image))
    module.emitError(error);
  return image;
}

Target trafo::target::x86Target() {
  return {"X86", "x86_64-", "native, x86-64-v3, x86-64-v4, x86-64-v4+vnni", describeX86, buildLowering, emit};
}
