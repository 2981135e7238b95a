// The tiers of AArch64 CPUs: Armv8.0-A, whose vectors are part of the baseline, and its int8 dot products.
#include "lib/Target/Tiers.h"
#include "lib/Target/AArch64/AArch64Target.h"
#include "trafo/artifact.h"

using namespace trafo;
using namespace trafo::target;
using plan::LibraryForm;

static constexpr Feature kFeatures[] = {
    {"dotprod", TRAFO_CPU_ARM_DOTPROD}, // Armv8.2-A; every core since Cortex-A55 and A75 (2018)
    {"i8mm", TRAFO_CPU_ARM_I8MM},       // Armv8.6-A; Neoverse V1 and N2, Apple M2
};

// 32 registers of 16 bytes: half a tile's sums of 4 tokens are 8 of int32, a tile's sums in f32 are 16. Not measured: the
// machine at hand emulates them.
static constexpr Tier kTiers[] = {
    {"aarch64+i8mm", "generic", 2, plan::DotKind::Smmla, 4, 1, 64, 4096, LibraryForm::None, LibraryForm::None, 4, 2},
    {"aarch64+dotprod", "generic", 1, plan::DotKind::Sdot, 4, 1, 64, 4096, LibraryForm::None, LibraryForm::None, 4, 2},
    {"aarch64", "generic", 0, plan::DotKind::Generic, 4, 1, 64, 4096, LibraryForm::None, LibraryForm::None, 4, 2},
};

plan::TargetAttr trafo::target::describeAArch64(mlir::MLIRContext *context, llvm::StringRef name, std::string &error) {
  return describeFrom({"aarch64-unknown-linux-gnu", kFeatures, kTiers}, context, name, error);
}
