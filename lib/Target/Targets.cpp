// The list of targets: one row each.
#include "lib/Target/AArch64/AArch64Target.h"
#include "lib/Target/Nvidia/NvidiaTarget.h"
#include "lib/Target/Target.h"
#include "lib/Target/X86/X86Target.h"

using namespace trafo;
using namespace trafo::target;

llvm::ArrayRef<Target> trafo::target::allTargets() {
  static const Target targets[] = {
      x86Target(),
      aarch64Target(),
      nvidiaTarget(),
  };
  return targets;
}

const Target *trafo::target::targetOf(plan::TargetAttr description) {
  for (const Target &target : allTargets())
    if (description.getTriple().starts_with(target.triplePrefix))
      return &target;
  return nullptr;
}

llvm::StringRef trafo::target::shippedRates(plan::TargetAttr description) {
  const Target *target = targetOf(description);
  return target && target->rates ? target->rates(description.getName()) : llvm::StringRef();
}

std::string trafo::target::tierNames() {
  std::string names = "native";
  for (const Target &target : allTargets())
    names += ", " + target.tiers.str();
  return names;
}

plan::TargetAttr trafo::target::describeTier(mlir::MLIRContext *context, llvm::StringRef tier, std::string &error) {
  for (const Target &target : allTargets()) {
    error.clear();
    if (plan::TargetAttr description = target.describe(context, tier, error))
      return description;
    if (!error.empty())
      return {};
  }
  error = "unknown target '" + tier.str() + "'; expects one of " + tierNames();
  return {};
}
