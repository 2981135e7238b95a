//===- BlockContract.h - what every lowering of plan.block_contract shares ===//
#ifndef TRAFO_PASSES_CONTRACT_BLOCKCONTRACT_H
#define TRAFO_PASSES_CONTRACT_BLOCKCONTRACT_H

#include "dialects/Trafo/IR/Layout.h"
#include "passes/Tile/VectorMath.h"

namespace trafo {

/// Reads a block's parts and does the op's float arithmetic; a lowering supplies the integer dot products between.
/// `group` counts a long block's groups of 32 columns, as an index; without one the block has no other.
class BlockContract {
public:
  explicit BlockContract(plan::BlockContractOp op);

  bool isInt8() { return int8Terms(op.getActivation()) > 0; }
  /// Codes are nibbles and nothing else.
  bool isSplit() const { return layout.planes[0] == 4 && layout.planeCount() == 1; }
  /// Codes are bytes, stored XOR 128.
  bool isBiased() const { return layout.bias == 128; }
  const FormatInfo &info() const { return layout.info(); }

  /// `bytes` bytes of the block of tile `tile`, from byte `at` + `more` on.
  mlir::Value bytesAt(int64_t tile, int64_t at, int64_t bytes, mlir::Value more = {});
  /// Where byte `at` of the codes of tile `tile` lies in the weights.
  mlir::Value codesAt(int64_t tile, int64_t at, mlir::Value group = {});
  /// `bytes` bytes of the codes of tile `tile` that are bytes, from byte `at` of the codes of the group.
  mlir::Value codes(int64_t tile, int64_t at, int64_t bytes, mlir::Value group = {}) {
    return b.loadVec(op.getWeights(), codesAt(tile, at, group), b.vec(b.getI8Type(), bytes));
  }
  /// Tile, group of 32 columns and row within the tile of row + token (and `last`): how the activations' buffers are
  /// indexed.
  llvm::SmallVector<mlir::Value> placeOf(int64_t token, mlir::Value group, std::optional<int64_t> last = {});
  /// The activation code (i8) of row + token at column `column` of the group.
  mlir::Value activation(int64_t token, int64_t column, mlir::Value group = {});
  /// `count` of them from column `column` on.
  mlir::Value activations(int64_t token, int64_t column, int64_t count, mlir::Value group = {});
  /// Four of them, as an i32.
  mlir::Value fourActivations(int64_t token, int64_t column, mlir::Value group = {});
  /// i32: the sums (i16) of the first and the last 16 of the group's activation codes of a token, side by side.
  mlir::Value pairOfSums(int64_t token, mlir::Value group = {});
  /// i32: one of the two.
  mlir::Value sumOf16(int64_t token, int64_t half, mlir::Value group = {});
  /// i32: sum of the group's activation codes of a token.
  mlir::Value sumOfActivations(int64_t token, mlir::Value group = {}) {
    return b.addi(sumOf16(token, 0, group), sumOf16(token, 1, group));
  }
  /// Of codes of two digits: those of columns 0 and 2 (`odd` 0), or 1 and 3, of step `step` of four, as an i32; and the
  /// sum of all (i32). `row` counts the rows of digits and is a token's first.
  mlir::Value pairOfWords(int64_t row, int64_t step, int64_t odd);
  mlir::Value sumOfWords(int64_t row);
  /// i32: sum of the block's activation codes of a token.
  mlir::Value sumOfBlock(int64_t token) {
    return info().isPerRow() ? groupValue(2, token, {}) : sumOfActivations(token);
  }
  /// f32: d_a and s_a of the op's description.
  mlir::Value activationScale(int64_t token, mlir::Value group = {}) { return groupValue(1, token, group); }
  mlir::Value scaledSum(int64_t token, mlir::Value group = {}) { return groupValue(2, token, group); }
  /// f32 vector: d_w, m_w of `lanes` rows from row `first` of the tile.
  mlir::Value scales(int64_t tile, int64_t first, int64_t lanes) {
    return loadAs(info().isPerRow() ? b.getF32Type() : b.getF16Type(), tile, layout.scaleAt(first), lanes);
  }
  mlir::Value minima(int64_t tile, int64_t first, int64_t lanes) {
    return loadAs(b.getF16Type(), tile, layout.minAt(first), lanes);
  }

  /// Prefetches as the op asks: all of the tiles' next blocks; or one group's share of tile `tile`'s, lines after each
  /// other, so that the requests of a long block do not come all at once.
  void prefetchBlocks();
  void prefetchShare(int64_t tile, mlir::Value group);

  /// `add` for each group of 32 columns of the block that is the row, on values carried from `begin`; for a block that is
  /// one group, which needs no loop, once without a group.
  llvm::SmallVector<mlir::Value>
  overGroups(llvm::ArrayRef<mlir::Value> begin,
             llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value group, mlir::ValueRange carried)> add);

  /// float(I) of the op's description: of the exact sums of a token's digits, or of its codes (one value).
  mlir::Value asFloat(llvm::ArrayRef<mlir::Value> exact, mlir::VectorType type);
  /// The float part of int8: `dots[tile * tokens + token]` is vector<16xi32>, exact sums of the format's true codes.
  void finishInt8(llvm::ArrayRef<mlir::Value> dots);
  /// The same for `lanes` rows from row `first` of tile `tile` and the digits (or codes) of a token that begin at row `token`
  /// of the step: sums, exact dots -> new sums, vectors of `lanes`.
  mlir::Value finishRows(mlir::Value sum, llvm::ArrayRef<mlir::Value> dots, int64_t tile, int64_t token, int64_t first,
                         int64_t lanes);
  /// All of f32 and bf16.
  void lowerFloat();
  /// All of bf16_g32 (PairSums.cpp).
  void lowerPairs();

  /// Of bf16_g32: where the group of 32 columns begins in the weights of tile `tile`, 64 bytes a pair of columns.
  mlir::Value pairsAt(int64_t tile, mlir::Value group) {
    return b.addi(placeInTile(op.getOffset(), tile, 0), b.muli(group, kPairGroup * plan::kTileRows * 2));
  }

  VectorMath b;
  plan::BlockContractOp op;
  Format format;
  PackedLayout layout; ///< of one block
  int64_t groups;
  int64_t terms;  ///< rows of the panel that a token has: its digits
  int64_t tokens; ///< rows of the panel: `results` times `terms`
  int64_t results;

private:
  /// Byte `at` of tile `tile`'s block, where the first tile's is at `from`.
  mlir::Value placeInTile(mlir::Value from, int64_t tile, int64_t at) {
    return b.addi(from, tile * static_cast<int64_t>(op.getGroupStride()) + at);
  }
  void prefetchLines(int64_t tile, int64_t lines, mlir::Value from);
  mlir::Value groupValue(int64_t buffer, int64_t token, mlir::Value group);
  /// `lanes` values of `type` at byte `at` of a tile's block, as f32.
  mlir::Value loadAs(mlir::Type type, int64_t tile, int64_t at, int64_t lanes = plan::kTileRows);
};

/// Lowers the module's block contractions: those of f32 and bf16, which are alike everywhere, by `lowerInt8` those of int8
/// and by `lowerPairs` those of bf16_g32, which may leave one for a later lowering.
void lowerBlockContracts(
    mlir::ModuleOp module, llvm::function_ref<void(BlockContract &)> lowerInt8,
    llvm::function_ref<void(BlockContract &)> lowerPairs = [](BlockContract &) {});

} // namespace trafo

#endif
