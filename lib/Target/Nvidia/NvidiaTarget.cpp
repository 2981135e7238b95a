#include "lib/Target/Nvidia/NvidiaTarget.h"

#include "lib/Target/CodeGen.h"
#include "passes/Nvidia/Passes.h"

#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace trafo;
using namespace trafo::target;

// The lowest PTX version each chip needs, so that the oldest drivers take it; 8.0 is also the least for sm_90a.
static plan::TargetAttr describe(MLIRContext *context, llvm::StringRef tier, std::string &error) {
  if (tier != "nvidia-sm_80" && tier != "nvidia-sm_90a")
    return {};
  return plan::TargetAttr::get(context, tier, "nvptx64-nvidia-cuda", tier.drop_front(strlen("nvidia-")), "+ptx80",
                               /*cpu_bits=*/0, plan::DotKind::Generic, /*tile_tokens=*/4, /*panel_rows=*/64,
                               /*prefetch_bytes=*/0);
}

static FailureOr<Bytes> emit(ModuleOp module, plan::TargetAttr target, CodeForm form) {
  if (form == CodeForm::Object) {
    module.emitError("target '") << target.getName() << "' has no objects; expects ptx, cubin or llvm";
    return failure();
  }
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(module, target);
  if (!machine)
    return failure();
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = translate(module, context, *machine);
  if (!code)
    return failure();
  optimize(*code, *machine);
  FailureOr<Bytes> bytes = emitCode(module, *code, *machine, form == CodeForm::Image ? CodeForm::Assembly : form);
  if (failed(bytes) || form != CodeForm::Image)
    return bytes;
  std::string error;
  FailureOr<Bytes> cubin = assemblePtx(*bytes, target.getCpu(), error);
  if (failed(cubin))
    module.emitError(error);
  return cubin;
}

Target trafo::target::nvidiaTarget() {
  return {
      "Nvidia", "nvptx64-", "nvidia-sm_80, nvidia-sm_90a", describe, [](OpPassManager &pm) { buildNvidiaPipeline(pm); },
      emit};
}
