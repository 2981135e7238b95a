//===- RateModel.h - how long a contraction takes, by measured rates ------===//
#ifndef TRAFO_PASSES_PLAN_RATEMODEL_H
#define TRAFO_PASSES_PLAN_RATEMODEL_H

#include "dialects/Plan/IR/PlanOps.h"

namespace trafo {

/// The roofline of docs/decisions/0010 over a module's plan.rates.
class RateModel {
public:
  /// `rates`: plan.rate attributes; null where nobody measured.
  explicit RateModel(mlir::ArrayAttr rates);

  /// Nanoseconds in which all workers contract `rows` rows with `weight`; a row of two int8 digits counts as two. 0 if
  /// nobody measured its format on that road.
  int64_t nanoseconds(WeightType weight, bool library, int64_t rows) const;

private:
  llvm::SmallVector<plan::RateAttr> rates; ///< by rising rows
};

} // namespace trafo

#endif // TRAFO_PASSES_PLAN_RATEMODEL_H
