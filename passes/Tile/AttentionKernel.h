//===- AttentionKernel.h - one page's part in the attention of a few rows -===//
#ifndef TRAFO_PASSES_TILE_ATTENTIONKERNEL_H
#define TRAFO_PASSES_TILE_ATTENTIONKERNEL_H

#include "passes/Tile/VectorMath.h"

namespace trafo {

/// Neighbouring rows of a step that belong to one sequence. All are indices that are known when the step runs.
struct RowRun {
  mlir::Value first, count;  ///< rows
  mlir::Value sequence;      ///< that they belong to
  mlir::Value least, last;   ///< positions of theirs
  mlir::Value page, pageEnd; ///< blocks of 64 positions that one of them sees
};

/// Emits the arithmetic of a run's rows and the query heads of one KV head. Each pair of a row and a head, a line, has a
/// state: maximum, sum and weighted values of the pages merged so far. States lie together, those of a run and head in a
/// slot. What a line's state becomes depends on the page and the line alone, never on the lines beside it: a position
/// that a row does not see adds exact zeros, since the cache holds finite values only (plan.kv_store).
class AttentionKernel {
public:
  AttentionKernel(VectorMath &b, plan::AttentionOp op, plan::TargetAttr target, mlir::Value positions);

  /// Rows of the longest run, whole micro-kernels: a page is read once for all of them.
  int64_t mostRows() const { return std::max<int64_t>(1, kLines / group / rowsAtOnce) * rowsAtOnce; }
  /// f32 [owners][slots][states of the longest run's lines], set before anything is emitted.
  mlir::MemRefType statesType(int64_t owners, int64_t slots);
  std::string statesName(int64_t slots) const;
  void setStates(mlir::Value memory) { states = memory; }

  /// Where the states of a run and head are.
  struct Slot {
    mlir::Value owner, number;
  };
  /// The states of the run's lines before any page.
  void reset(const RowRun &run, Slot slot);
  /// A block of 64 positions of a KV head: its number, the page of the pool it lies in and the page to read after it.
  struct Block {
    mlir::Value kvHead, number, page, nextPage;
  };
  void mergeBlock(const RowRun &run, Slot slot, const Block &block);
  /// Merges the states of later pages, in slot `from`.
  void mergeSlot(const RowRun &run, Slot slot, Slot from);
  /// Values divided by sums, into the op's destination.
  void finish(const RowRun &run, Slot slot, mlir::Value kvHead);

private:
  using Value = mlir::Value;
  static constexpr int64_t kLines = 24; // whose states stay in the first cache with a page
  // What a page's lines are merged with: their maxima and sums in it, then the factors of old and new values.
  enum Merge : int64_t { kNewMaxima, kNewSums, kOldFactors, kNewFactors, kMerges };

  /// Lines that a micro-kernel takes: those of `rows` rows from `row` of the run by `heads` heads from `head` on. They
  /// are neighbours among the run's lines.
  struct Tile {
    Value row;
    int64_t rows, head, heads;
    int64_t lines() const { return rows * heads; }
  };
  /// for each tile of the run.
  void forTiles(const RowRun &run, llvm::function_ref<void(const Tile &tile)> body);
  /// `sums`, lines by vectors, plus each line's factor times each of the vectors.
  llvm::SmallVector<Value> addProducts(mlir::ValueRange sums, llvm::ArrayRef<Value> vectors,
                                       llvm::function_ref<Value(int64_t line)> factorOf);
  /// Positions of the block that one of the tile's rows sees: [0, seen).
  Value seenBy(const RowRun &run, const Tile &tile, const Block &block);
  /// Products of queries and keys of the positions that the tile's rows see and perhaps some more.
  void emitScores(const RowRun &run, const Tile &tile, const Block &block);
  /// A line's scores become weights relative to their maximum. Masked: zeros where the line's row does not see.
  void emitWeights(const RowRun &run, Value line, const Block &block, bool masked);
  /// Which of the 16 positions from `offset` on `position` sees.
  Value visible(Value position, const Block &block, int64_t offset);
  void emitValues(const RowRun &run, Slot slot, const Tile &tile, const Block &block);
  /// The same for columns [begin, end) of the head, with the weights of the lines from `firstPart` on.
  void emitValueColumns(const RowRun &run, Slot slot, const Tile &tile, const Block &block, Value begin, Value end,
                        Value firstPart);
  /// Products of queries and keys [begin, end) of the head, at `vectors` x 16 positions from `offset` on.
  llvm::SmallVector<Value> multiplyKeys(const RowRun &run, const Tile &tile, const Block &block, Value offset,
                                        int64_t vectors, Value begin, Value end);

  /// The states of the run's lines meet other maxima and sums, 16 lines at a time: stores what both have together and the
  /// factors of old and new values.
  void mergeSums(const RowRun &run, Slot slot, llvm::function_ref<std::pair<Value, Value>(Value line)> maximaAndSums);
  void mergeValues(Slot slot, Value line, Value d, Value values);

  void forLines(const RowRun &run, llvm::function_ref<void(Value line)> body) {
    b.loop(b.index(0), linesOf(run), 1, body);
  }
  Value linesOf(const RowRun &run) { return b.muli(run.count, group); }
  Value firstLine(const Tile &tile) { return b.addi(b.muli(tile.row, group), tile.head); }
  Value loadState(Slot slot, Value at) { return b.loadVec(states, {slot.owner, slot.number, at}); }
  void storeState(Value value, Slot slot, Value at) { b.storeVec(value, states, {slot.owner, slot.number, at}); }
  // A slot: the lines' maxima, the lines' sums, then each line's values.
  Value sumAt(Value line) { return b.addi(line, paddedLines()); }
  Value valueAt(Value line, Value d) { return b.addi(b.addi(b.muli(line, headSize), d), 2 * paddedLines()); }
  /// Where a row meets pages alone, memory is what it waits for: has `vectors` x 16 keys or values from `at` on fetched.
  void prefetch(const Tile &tile, Value page, Value kvHead, int64_t part, Value at, int64_t vectors);
  /// 16 neighbouring keys (part 0) or values (part 1) of a page. Codes are still to be multiplied by their scales.
  Value keyOrValue(const Block &block, int64_t part, Value at);
  /// The scales of what keyOrValue gives for a group's codes, at 16 positions from `offset` on.
  Value scales(const Block &block, int64_t part, Value group, Value offset);
  /// Lines that memory is laid out for: of any machine's runs and micro-kernels, so that tiers of a program share an arena.
  int64_t mostLines() const { return std::max<int64_t>(1, kLines / group) * group; }
  int64_t paddedLines() const { return llvm::alignTo(mostLines(), plan::kTileRows); }
  int64_t slotSize() const { return 2 * paddedLines() + mostLines() * headSize; }

  VectorMath &b;
  plan::AttentionOp op;
  Value positions;
  int64_t headSize, group; // query heads of a KV head
  plan::CacheLayout layout;
  int64_t queries; // lines whose sums fit the registers
  bool prefetches;
  int64_t headsAtOnce, rowsAtOnce; // of a micro-kernel
  Value states;
  Value parts;  // raw scores of the lines at a page's positions, then weights; of codes, a group's weights times scales
  Value merges; // what the lines' states are merged with, by kind
};

} // namespace trafo

#endif
