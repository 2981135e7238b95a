//===- BlockContract.h - what every lowering of plan.block_contract shares ===//
#ifndef TRAFO_PASSES_CONTRACT_BLOCKCONTRACT_H
#define TRAFO_PASSES_CONTRACT_BLOCKCONTRACT_H

#include "passes/Tile/VectorMath.h"
#include "trafo/Formats.h"

namespace trafo {

/// Reads a block's parts and does the op's float arithmetic; a lowering supplies the integer dot products between.
class BlockContract {
public:
  explicit BlockContract(plan::BlockContractOp op);

  /// True for i8_g32.
  bool isInt8() { return op.getActivation() == ActivationFormat::I8G32; }
  bool isSplit() const { return split; }
  /// Codes are stored XOR 128.
  bool isBiased() const { return !split; }

  /// `bytes` bytes of the codes of tile `group`, from byte `at` of the tile's codes.
  mlir::Value codes(int64_t group, int64_t at, int64_t bytes);
  /// Four activation codes of row + token, from column `column` of the block, as an i32.
  mlir::Value fourActivations(int64_t token, int64_t column);
  /// i32: sum of the block's activation codes of a token.
  mlir::Value sumOfActivations(int64_t token) { return groupValue(3, token); }

  /// The float part of i8_g32: `dots[group * tokens + token]` is vector<16xi32>, exact sums of the format's true codes.
  void finishInt8(llvm::ArrayRef<mlir::Value> dots);
  /// The same for `lanes` rows from row `first` of tile `group`: sums, exact dots -> new sums, vectors of `lanes`.
  mlir::Value finishRows(mlir::Value sum, mlir::Value dots, int64_t group, int64_t token, int64_t first, int64_t lanes);
  /// All of f32.
  void lowerFloat();

  VectorMath b;
  plan::BlockContractOp op;
  Format format;
  int64_t groups, tokens;

private:
  mlir::Value groupValue(int64_t buffer, int64_t token);
  mlir::Value tileOffset(int64_t group) {
    return b.addi(op.getOffset(), group * static_cast<int64_t>(op.getGroupStride()));
  }
  /// `lanes` values of `type` at byte `at` of a tile's block, as f32.
  mlir::Value loadAs(mlir::Type type, int64_t group, int64_t at, int64_t lanes = plan::kTileRows);

  bool split, hasMin;
};

} // namespace trafo

#endif
