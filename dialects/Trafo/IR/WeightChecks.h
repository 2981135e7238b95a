//===- WeightChecks.h - what verifiers check of weights -------------------===//
#ifndef TRAFO_DIALECTS_TRAFO_IR_WEIGHTCHECKS_H
#define TRAFO_DIALECTS_TRAFO_IR_WEIGHTCHECKS_H

#include "dialects/Trafo/IR/TrafoDialect.h"

namespace trafo {

inline WeightType weightType(mlir::Value weight) { return llvm::cast<WeightType>(weight.getType()); }

/// `vector`, where there is one, has `elements` elements; else an error at `op` that says `what` it expects so.
mlir::LogicalResult verifyVector(mlir::Operation *op, llvm::StringRef what, mlir::Value vector, int64_t elements);

} // namespace trafo

#endif // TRAFO_DIALECTS_TRAFO_IR_WEIGHTCHECKS_H
