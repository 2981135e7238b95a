#include "lib/Target/Tiers.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace trafo;
using namespace trafo::target;

static llvm::ArrayRef<Feature> featuresOf(const TierTable &table, const Tier &tier) {
  return table.features.take_front(tier.features);
}

static plan::TargetAttr describe(const TierTable &table, mlir::MLIRContext *context, const Tier &tier) {
  std::string list;
  uint64_t bits = 0;
  for (const Feature &feature : featuresOf(table, tier)) {
    list += (list.empty() ? "+" : ",+") + feature.name.str();
    bits |= feature.bit;
  }
  return plan::TargetAttr::get(context, tier.name, table.triple, tier.cpu, list, bits, tier.dot, tier.tileTokens,
                               tier.tileGroups, tier.panelRows, tier.prefetchBytes, tier.library, tier.int8Library,
                               tier.floatTokens, tier.pairTokens);
}

plan::TargetAttr trafo::target::describeFrom(const TierTable &table, mlir::MLIRContext *context, llvm::StringRef name,
                                             std::string &error) {
  for (const Tier &tier : table.tiers)
    if (tier.name == name)
      return describe(table, context, tier);
  if (name != "native" || llvm::Triple(llvm::sys::getProcessTriple()).getArch() != llvm::Triple(table.triple).getArch())
    return {};
  std::string missing;
  llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  for (const Tier &tier : table.tiers) {
    if (tier.byNameOnly)
      continue;
    missing.clear();
    for (const Feature &feature : featuresOf(table, tier))
      if (!host.lookup(feature.name))
        missing += (missing.empty() ? "" : ", ") + feature.name.str();
    if (missing.empty())
      return describe(table, context, tier);
  }
  error = "target 'native': this machine lacks " + missing + ", the least tier is " + table.tiers.back().name.str() +
          "; name the target to compile for another machine";
  return {};
}
