// What the compiler asks of a target: a description in numbers, the passes from the tiled step to the llvm dialect, and
// bytes in the forms it can emit. One row a target in Targets.cpp.
#ifndef TRAFO_LIB_TARGET_TARGET_H
#define TRAFO_LIB_TARGET_TARGET_H

#include "dialects/Plan/IR/PlanOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/LogicalResult.h"

#include <string>

namespace mlir {
class OpPassManager;
}

namespace trafo::target {

/// The forms of code. `Image` is what a CODE section holds: for CPUs an ELF shared object without imports, for nvidia
/// a cubin.
enum class CodeForm { LLVM, Assembly, Object, Image };

using Bytes = llvm::SmallVector<char, 0>;

/// A target: a kind of machine with its tiers.
struct Target {
  llvm::StringRef name; ///< of its folders: "X86"
  /// What the triples of its descriptions begin with: "x86_64-".
  llvm::StringRef triplePrefix;
  /// The tiers a user can name, separated by ", ".
  llvm::StringRef tiers;
  /// Describes `tier`. Returns null and leaves `error` empty if the tier is not of this target; returns null and sets
  /// `error` if it is, but cannot be had here ("native" on a CPU that is too old).
  plan::TargetAttr (*describe)(mlir::MLIRContext *context, llvm::StringRef tier, std::string &error);
  /// Adds the target's own passes to the llvm dialect: from what verify-tile states to what verify-lower states.
  void (*buildLowering)(mlir::OpPassManager &pm);
  /// Makes code of a module of the llvm dialect. Errors are diagnostics on the module.
  llvm::FailureOr<Bytes> (*emit)(mlir::ModuleOp module, plan::TargetAttr target, CodeForm form);
  /// The table of rates compiled in for a tier, empty if there is none; null: there is none for any.
  llvm::StringRef (*rates)(llvm::StringRef tier) = nullptr;
};

/// The rates of contractions that were measured on a machine of this tier, as `trafo tune` writes them; empty if nobody did.
llvm::StringRef shippedRates(plan::TargetAttr description);

/// All targets that were built in.
llvm::ArrayRef<Target> allTargets();

/// What can be named: "native" and the tiers of all targets, separated by ", ".
std::string tierNames();

/// The target that a description is of (by its triple); never null for descriptions made by `describeTier`.
const Target *targetOf(plan::TargetAttr description);

/// Describes the tier of that name, whichever target it is of. Returns null and sets `error` to one line if there is
/// none: it names what was asked for and lists what there is.
plan::TargetAttr describeTier(mlir::MLIRContext *context, llvm::StringRef tier, std::string &error);

} // namespace trafo::target

#endif
