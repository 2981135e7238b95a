//===- PlanOps.h - the plan dialect ---------------------------------------===//
#ifndef PLAN_OPS_H
#define PLAN_OPS_H

#include "dialects/Trafo/IR/TrafoOps.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Plan/IR/PlanDialect.h.inc"
#include "dialects/Plan/IR/PlanEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Plan/IR/PlanAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/Plan/IR/PlanTypes.h.inc"
#define GET_OP_CLASSES
#include "dialects/Plan/IR/PlanOps.h.inc"

namespace trafo::plan {
/// Rows of a weight tile: one vector of results.
inline constexpr int64_t kTileRows = 16;
/// Positions of a KV page, and of a block of attention.
inline constexpr int64_t kPagePositions = 64;
/// Module attributes.
inline constexpr llvm::StringLiteral kTargetAttr = "plan.target";
inline constexpr llvm::StringLiteral kArenaAttr = "plan.arena";
/// An array of plan.cost, one a stage; and plan.profile, where the step is instrumented.
inline constexpr llvm::StringLiteral kCostsAttr = "plan.costs";
inline constexpr llvm::StringLiteral kProfileAttr = "plan.profile";
} // namespace trafo::plan

#endif
