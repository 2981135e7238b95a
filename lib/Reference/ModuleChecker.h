//===- ModuleChecker.h - judges a module after every pass -----------------===//
#ifndef TRAFO_REFERENCE_MODULECHECKER_H
#define TRAFO_REFERENCE_MODULECHECKER_H

#include "lib/Reference/StageChecker.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/Pass/PassInstrumentation.h"

namespace trafo {

struct CheckOptions {
  /// Sample tokens; empty: a few made up from the vocabulary's size.
  std::vector<int32_t> tokens;
  unsigned threads = 2;
};

/// What a pass did to what the model computes.
struct PassVerdict {
  std::string pass;     ///< its argument, or its name where it has none
  bool broken = false;  ///< an op left its bound
  int64_t compared = 0; ///< things compared, over all steps and layers
  double worst = 0.0;   ///< greatest relative difference among them
  std::string where;    ///< of the op that broke its bound, or the one with the greatest difference
  double bound = 0.0;   ///< at `where`
};

/// Compares what the model computes on sample tokens before and after every pass.
class ModuleChecker {
public:
  explicit ModuleChecker(CheckOptions options) : options(std::move(options)) {}

  /// Told of every verdict as it is reached.
  void onVerdict(std::function<void(const PassVerdict &)> hook) { told = std::move(hook); }

  /// The first call of either takes the module as it should be.
  mlir::LogicalResult begin(mlir::ModuleOp module);
  /// Judges `module` after `pass`. Fails after a diagnostic if an op left its bound or the module cannot be run.
  mlir::LogicalResult afterPass(llvm::StringRef pass, mlir::ModuleOp module);

  const std::vector<PassVerdict> &verdicts() const { return results; }
  bool hasBegun() const { return begun; }

private:
  PassVerdict compare(llvm::StringRef pass, const Trace &after) const;

  CheckOptions options;
  std::vector<StepRows> steps;
  Trace first;  ///< of the module as it should be: what layers are fed, in every run
  Trace before; ///< of the last pass
  bool begun = false;
  std::optional<mlir::OperationFingerPrint> fingerprint;
  mlir::OwningOpRef<mlir::ModuleOp> model; ///< a copy of the last form at trafo level
  std::unique_ptr<StageChecker> stages;    ///< takes over from Plan on
  std::vector<PassVerdict> results;
  std::function<void(const PassVerdict &)> told;
};

/// True while the model's ops are trafo's: from Import to Quantize.
bool isTrafoLevel(mlir::ModuleOp module);

/// Judges after every pass of a pass manager, plugins' passes included. The context must not use threads.
class CheckInstrumentation : public mlir::PassInstrumentation {
public:
  explicit CheckInstrumentation(ModuleChecker &checker) : checker(checker) {}
  void runBeforePass(mlir::Pass *pass, mlir::Operation *op) override;
  void runAfterPass(mlir::Pass *pass, mlir::Operation *op) override;
  bool failed() const { return broken; }

private:
  ModuleChecker &checker;
  bool broken = false;
  std::string nested; ///< passes on functions since the last judgement, by commas
};

} // namespace trafo

#endif // TRAFO_REFERENCE_MODULECHECKER_H
