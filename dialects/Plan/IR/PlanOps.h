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

#include <algorithm>

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
/// Pages of a sequence that `rows` rows which follow each other see at most, each the last `window` positions (0: all) of at
/// most `context`. The runtime holds no more of a sequence (trafo_manifest_t::window).
inline constexpr int64_t pagesSeen(int64_t window, int64_t rows, int64_t context) {
  int64_t all = context / kPagePositions, positions = std::min(window, context) + rows;
  return window == 0 ? all : std::min(all, (positions + kPagePositions - 1) / kPagePositions + 1);
}
/// The pools of a module's KV cache in the order of the step's page tables.
llvm::SmallVector<BufferOp> cachePools(mlir::ModuleOp module);
/// The step's page tables of a module: pages of each pool in turn, [pools x sequences, pages of a context].
mlir::MemRefType pageTables(mlir::ModuleOp module, ConfigAttr config);
/// The buffer that a plan.ref gives; null for other memory.
BufferOp bufferOf(mlir::Value memory);
/// The part of a page of the KV pool that holds k or v of one head: elements, of codes followed by their scales.
struct CacheLayout {
  int64_t headSize;
  int64_t groups; ///< of a head's elements, that share a scale each; 0: floats
  int64_t codes() const { return kPagePositions * headSize; }
  /// Elements of the pool: floats, or bytes.
  int64_t size() const { return codes() + groups * kPagePositions * 4; }
  int64_t groupSize() const { return groups == 0 ? headSize : headSize / groups; }
};
/// The layout of `pool`, a memref<layers x pages x kvHeads x 2 x size x element>; none where it is no pool of such heads.
std::optional<CacheLayout> cacheLayout(mlir::Type pool, int64_t kvHeads, int64_t headSize);
/// What a library takes in a form.
struct LibraryOperands {
  Format weights;        ///< the storage format
  ActivationFormat rows; ///< of the panel
  int64_t depthStep;     ///< divides the contracted dimension, so that the library's blocks of weights are ours
  bool byRows;           ///< weight rows lie as they are stored, one after the other, and come in multiples of 16
  int64_t parts = 1;     ///< rows of x that make a row of the panel: the second is taken off the first

  /// Sums of integers are exact, those of floats in the library's own order.
  constexpr bool isExact() const { return rows == ActivationFormat::I8Row; }
};
/// The operands of `form`, which is not none.
inline constexpr LibraryOperands libraryOperands(LibraryForm form) {
  switch (form) {
  case LibraryForm::BF16Tiles:
    return {Format::BF16, ActivationFormat::BF16, 32, false};
  case LibraryForm::I8Rows:
    return {Format::I8_ROW, ActivationFormat::I8Row, 32, true};
  case LibraryForm::U7Rows:
    return {Format::I8_ROW, ActivationFormat::I8Row, 32, true, 2};
  default:
    return {Format::F32, ActivationFormat::F32, 16, form == LibraryForm::F32Rows};
  }
}
/// The form in which the library of `target` takes panels in `rows`.
inline LibraryForm libraryForm(TargetAttr target, ActivationFormat rows) {
  return rows == ActivationFormat::I8Row ? target.getInt8Library() : target.getLibrary();
}
/// Why a contraction of a panel in `panel` with `weight` cannot take the library road `form`, or an empty string.
std::string libraryProblem(LibraryForm form, ActivationFormat panel, WeightType weight);
/// Module attributes.
inline constexpr llvm::StringLiteral kTargetAttr = "plan.target";
inline constexpr llvm::StringLiteral kArenaAttr = "plan.arena";
/// What the machine that the module of `op` is made for offers; an error at `op` where it does not say.
inline mlir::FailureOr<TargetAttr> targetOf(mlir::Operation *op) { return moduleAttr<TargetAttr>(op, kTargetAttr); }
/// An array of plan.cost, one a stage; and plan.profile, where the step is instrumented.
inline constexpr llvm::StringLiteral kCostsAttr = "plan.costs";
inline constexpr llvm::StringLiteral kProfileAttr = "plan.profile";
/// An array of plan.rate: what was measured for the target, where somebody did; an array of plan.road, one a contraction.
inline constexpr llvm::StringLiteral kRatesAttr = "plan.rates";
inline constexpr llvm::StringLiteral kRoadsAttr = "plan.roads";
} // namespace trafo::plan

#endif
