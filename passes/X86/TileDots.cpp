//===- TileDots.cpp - exact dots of groups by AMX tiles -------------------===//
//
// A tile register holds 16 rows of 64 bytes. One of activations is a token a row, as the panel lies; one of weights is four
// columns of the 16 weight rows a row, as they are packed, so codes that are bytes are read where they lie and others are
// put together in a buffer on the stack. Their product has a token's 16 sums in each row, which go through the stack to
// the vectors of the float part.
//
// What goes through the stack comes back only after it has reached the cache, some hundred cycles later. So a loop over
// groups is pipelined: while the float part takes a group's sums, the next group is multiplied and the codes of the one
// after it are put together. Groups in flight have slots of their own.
//
//===----------------------------------------------------------------------===//
#include "passes/Contract/PlanarCodes.h"
#include "passes/X86/DotProducts.h"

#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/SCF/Transforms/Transforms.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace trafo;
using plan::kTileRows;

namespace {
constexpr int64_t kSlots = 4; // more than are in flight, and a power of two

class TileDots final : public GroupDots {
public:
  explicit TileDots(BlockContract &c) : GroupDots(c) {
    if (!c.isBiased())
      codes = onStack(c, {kSlots * c.groups, 8, kStepBytes}, b.getI8Type());
    sums = onStack(c, {kSlots * c.groups * halves(), c.tokens, kTileRows}, b.getI32Type());
  }

  int64_t rowsAtOnce() const override { return kTileRows; }

  SmallVector<Value> dots(TileRows rows, Value group) override {
    Value slot = b.addi(b.muli(b.remu(b.addi(b.divu(c.op.getColumn(), 32), group), kSlots), c.groups), rows.tile);
    if (codes)
      gatherCodes(rows, group, slot);
    SmallVector<Value> results(c.tokens);
    for (int64_t half = 0; half < halves(); ++half) {
      int64_t steps = stepsPerHalf();
      auto sumType = amx::TileType::get({c.tokens, kTileRows}, b.getI32Type());
      Value acts = amx::TileLoadOp::create(b, amx::TileType::get({c.tokens, steps * 4}, b.getI8Type()),
                                           c.op.getActs()[0], c.placeOf(0, group, half * steps * 4));
      Value weights = loadWeights(rows, half, group, slot, amx::TileType::get({steps, kStepBytes}, b.getI8Type()));
      Value product = amx::TileMulIOp::create(b, sumType, acts, weights, amx::TileZeroOp::create(b, sumType),
                                              /*isZextLhs=*/false, /*isZextRhs=*/true);
      Value itsSums = b.addi(b.muli(slot, halves()), half);
      amx::TileStoreOp::create(b, sums, ValueRange{itsSums, b.index(0), b.index(0)}, product);
      Value scales;
      if (c.info().isSuper())
        scales = arith::ExtSIOp::create(b, b.vec(b.getI32Type()), groupScales(c, rows, group, half));
      for (int64_t token = 0; token < c.tokens; ++token) {
        Value sum = b.loadVec(sums, {itsSums, b.index(token), b.index(0)});
        if (int64_t excess = fieldExcess(c))
          sum = b.subi(sum, b.broadcast(b.muli(sumOfGroup(token, half, group), excess)));
        sum = scales ? b.muli(scales, sum) : sum;
        results[token] = results[token] ? b.addi(results[token], sum) : sum;
      }
    }
    return results;
  }

private:
  static constexpr int64_t kStepBytes = 4 * kTileRows;

  /// The group's fields as unsigned bytes, a step of four columns a row.
  void gatherCodes(TileRows rows, Value group, Value slot) {
    PlanarCodes planes(c, rows, group);
    for (int64_t step = 0; step < 8; ++step)
      b.storeVec(unsignedFields(c, planes.step(step)), codes, {slot, b.index(step), b.index(0)});
  }

  Value loadWeights(TileRows rows, int64_t half, Value group, Value slot, amx::TileType type) {
    int64_t first = half * stepsPerHalf();
    if (codes)
      return amx::TileLoadOp::create(b, type, codes, ValueRange{slot, b.index(first), b.index(0)});
    Value offset = c.codesAt(rows.tile, first * kStepBytes, group);
    return amx::TileLoadOp::create(b, type, c.op.getWeights(), ValueRange{offset}, b.index(kStepBytes));
  }

  Value sumOfGroup(int64_t token, int64_t half, Value group) {
    return halves() == 1 ? c.sumOfActivations(token, group) : c.sumOf16(token, half, group);
  }

  Value codes; ///< [slot, tile][steps][64] bytes; null where the packed bytes are read
  Value sums;  ///< [slot, tile, half][tokens][16] i32
};

/// When an operation of a loop over groups happens: a group's codes are put together, multiplied, and its sums taken, each
/// an iteration after the other.
enum Step : unsigned { Gather, Multiply, Take };

/// An operation that others need happens with the first of them.
DenseMap<Operation *, unsigned> stepsOf(Block &body) {
  DenseMap<Operation *, unsigned> steps;
  for (Operation &op : llvm::reverse(body.without_terminator())) {
    unsigned step = op.use_empty() ? Gather : Take;
    if (isa<amx::AMXDialect>(op.getDialect()))
      step = Multiply;
    for (Operation *user : op.getUsers())
      if (auto found = steps.find(body.findAncestorOpInBlock(*user)); found != steps.end())
        step = std::min(step, found->second);
    steps[&op] = step;
  }
  return steps;
}
} // namespace

void trafo::pipelineTileLoops(ModuleOp module) {
  SetVector<scf::ForOp> loops;
  module.walk([&](amx::TileStoreOp store) {
    if (!store.getTileType().getElementType().isInteger())
      return; // of bf16: each product needs the sums of the one before
    if (auto loop = dyn_cast<scf::ForOp>(store->getParentOp()))
      loops.insert(loop);
  });
  scf::PipeliningOption options;
  options.getScheduleFn = [](scf::ForOp loop, std::vector<std::pair<Operation *, unsigned>> &schedule) {
    DenseMap<Operation *, unsigned> steps = stepsOf(*loop.getBody());
    for (unsigned step : {Multiply, Gather, Take})
      for (Operation &op : loop.getBody()->without_terminator())
        if (steps[&op] == step)
          schedule.push_back({&op, step});
  };
  IRRewriter rewriter(module.getContext());
  for (scf::ForOp loop : loops) {
    rewriter.setInsertionPoint(loop);
    // A loop of fewer groups than there are steps stays as it is.
    (void)scf::pipelineForLoop(rewriter, loop, options);
  }
}

std::unique_ptr<GroupDots> trafo::tileDots(BlockContract &c) { return std::make_unique<TileDots>(c); }
