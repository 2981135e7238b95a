#include "lib/Target/Nvidia/NvidiaTarget.h"

#include "lib/Target/CodeGen.h"
#include "passes/Nvidia/Passes.h"

using namespace mlir;
using namespace trafo;
using namespace trafo::target;

// The lowest PTX version each chip needs, so that the oldest drivers take it; 8.0 is also the least for sm_90a.
static plan::TargetAttr describe(MLIRContext *context, llvm::StringRef tier, std::string &error) {
  if (tier != "nvidia-sm_80" && tier != "nvidia-sm_90a")
    return {};
  return plan::TargetAttr::get(context, tier, "nvptx64-nvidia-cuda", tier.drop_front(strlen("nvidia-")), "+ptx80",
                               /*cpu_bits=*/0, plan::DotKind::Generic, /*tile_tokens=*/4, /*tile_groups=*/1,
                               /*panel_rows=*/64, /*prefetch_bytes=*/0, plan::LibraryForm::None,
                               plan::LibraryForm::None, /*float_tokens=*/4,
                               /*pair_tokens=*/2);
}

static FailureOr<Bytes> emit(ModuleOp module, plan::TargetAttr target, CodeForm form) {
  if (form == CodeForm::Object) {
    module.emitError("target '") << target.getName() << "' has no objects; expects ptx, cubin or llvm";
    return failure();
  }
  auto assemble = [&](ArrayRef<char> ptx, std::string &error) { return assemblePtx(ptx, target.getCpu(), error); };
  return generateCode(module, target, form, {CodeForm::Assembly, assemble});
}

Target trafo::target::nvidiaTarget() {
  return {
      "Nvidia", "nvptx64-", "nvidia-sm_80, nvidia-sm_90a", describe, [](OpPassManager &pm) { buildNvidiaPipeline(pm); },
      emit};
}
