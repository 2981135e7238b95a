//===- NeonDots.h - exact dots of groups by Arm's dot products ------------===//
#ifndef TRAFO_PASSES_AARCH64_NEONDOTS_H
#define TRAFO_PASSES_AARCH64_NEONDOTS_H

#include "passes/Contract/GroupDots.h"
#include "passes/Contract/PlanarCodes.h"

namespace trafo {

/// Of every format, by sdot; with i8mm (`hasMatrix`) by smmla where tokens go in pairs.
class NeonDots final : public GroupDots {
public:
  NeonDots(BlockContract &c, bool hasMatrix);

  int64_t rowsAtOnce() const override { return 8; }
  mlir::SmallVector<mlir::Value> dots(TileRows rows, mlir::Value group) override;
  void settle(llvm::MutableArrayRef<mlir::Value> sums) override;

private:
  using Value = mlir::Value;
  /// 8 columns of 4 rows: two registers of 4 columns each.
  struct Codes {
    Value first, second;
  };

  /// Codes are taken as unsigned bytes: with 128 too much, as they are stored.
  bool isUnsigned() const { return c.isBiased() && hasMatrix; }
  /// What a code as it is multiplied has more than the true one.
  int64_t excess() const;
  /// Four columns of the rows in the group, register by register.
  mlir::SmallVector<Value> columns(PlanarCodes &planes, TileRows rows, int64_t step, Value group);
  Value lookedUp(Value indices);
  Value dot(llvm::StringRef name, Value sum, Value codes, Value activations);
  /// Adds 8 columns to the sums of a token.
  void addToken(Value &sum, Codes codes, int64_t token, int64_t column, Value group);
  /// Adds 8 columns to the sums of tokens 2 * pair and 2 * pair + 1: `sums[0]` is rows 0 and 1 by both tokens.
  void addPair(llvm::MutableArrayRef<Value> sums, Codes codes, int64_t pair, int64_t column, Value group);
  /// 8 columns of 2 rows, next to each other: words of `codes` in the order given.
  Value zip(Codes codes, llvm::ArrayRef<int64_t> words);
  /// A token's rows, in order and of true codes, from the sums of one scale group.
  Value exactRows(llvm::ArrayRef<Value> sums, int64_t token, int64_t half, Value group);

  bool hasMatrix;
  int64_t pairs; ///< of tokens that smmla takes
  mlir::VectorType bytes, ints;
};

} // namespace trafo

#endif
