#include "lib/Target/X86/X86Target.h"

#include "lib/Target/CodeGen.h"
#include "passes/Lower/Passes.h"
#include "passes/X86/Passes.h"

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
  return generateCode(module, target, form, {CodeForm::Object, linkImage});
}

Target trafo::target::x86Target() {
  return {"X86",       "x86_64-",     "native, x86-64-v3, x86-64-v4, x86-64-v4+vnni, x86-64-v4+bf16",
          describeX86, buildLowering, emit};
}
