//===- WeightLayouts.h - what the packing plan says of a weight -----------===//
#ifndef TRAFO_PASSES_TILE_WEIGHTLAYOUTS_H
#define TRAFO_PASSES_TILE_WEIGHTLAYOUTS_H

#include "dialects/Plan/IR/PlanOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace trafo {

/// The layout trafo-pack-weights chose for a plan.weight; for a slot the one that all layers of the stage's body share.
/// Emits an error when there is none.
mlir::FailureOr<LayoutAttr> layoutOf(mlir::Value weight, mlir::ModuleOp module);

/// The layout that a matmul library reads in this form.
LayoutAttr libraryLayout(mlir::MLIRContext *context, plan::LibraryForm form);

/// The symbol of each layer that fills `slot` of the body whose stages include `stage`, by layer number; layers of other
/// bodies leave null.
llvm::SmallVector<mlir::FlatSymbolRefAttr> slotSymbols(plan::StageOp stage, int64_t slot, mlir::ModuleOp module);

/// memref<Nxi8> of all packed weights, with slack for prefetches that run past the end.
mlir::MemRefType packedType(mlir::ModuleOp module);

} // namespace trafo

#endif
