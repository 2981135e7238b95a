//===- TileContract.cpp - units x rows x blocks around plan.block_contract ===//
//
// A few units of weight rows at a time, `tile_groups` tiles together; their packed bytes are some KB and stay in the first
// cache while the rows of the panel pass by, `tile_tokens` at once and the rest one by one. The first rows to pass fetch
// the next units' bytes. A result's arithmetic is the same in every tile, so its bits do not depend on which tile a row
// falls into. The loop over blocks is the only one that carries values.
//
// Codes that meet f32 rows are unpacked, once per unit and panel, to a private f32 tile by code made from their format's
// entry in include/trafo/Formats.h and contracted as f32.
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/Layout.h"
#include "passes/Tile/PanelBuffers.h"
#include "passes/Tile/Passes.h"
#include "passes/Tile/UnpackRule.h"
#include "passes/Tile/WeightLayouts.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/IRMapping.h"

namespace trafo {
#define GEN_PASS_DEF_TILECONTRACTPASS
#include "passes/Tile/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;
using plan::kTileRows;

namespace {

constexpr int64_t kMostSums = 24; // vectors of sums beside which what they are made from finds room in 32 registers

class ContractLowering {
public:
  ContractLowering(plan::ContractOp op, ModuleOp module, LayoutAttr layout, plan::TargetAttr target)
      : op(op), module(module), layout(layout), target(target), b(op.getLoc(), OpBuilder(op)),
        panel(cast<plan::PanelType>(op.getPanel().getType())), type(cast<WeightType>(op.getWeight().getType())),
        packed(packedLayout(type, layout)), groups(op.getGroups()), int8(int8Terms(panel.getFormat()) > 0),
        pairs(panel.getFormat() == ActivationFormat::BF16G32), activation(panel.getFormat()), buffers(b, panel, target),
        terms(buffers.terms) {}

  void run();

private:
  void unpackUnit(Value unit);
  /// All rows of the panel by `units` units from `unit` on.
  void contractUnits(Value unit, int64_t units);
  void emitTile(Value unit, int64_t units, Value row, int64_t rows);
  /// Sums [tile][token] of the `together` tiles that begin at byte `start`, of `tiles` that pass by with these rows.
  SmallVector<Value> contractTiles(Value start, int64_t tiles, int64_t together, Value row, int64_t rows);
  Value offsetOf(Value unit) { return layout.getRaw() ? b.index(0) : b.addi(base, b.muli(unit, groups * tileBytes)); }
  void prefetch(Value offset, int64_t tiles);
  /// What a tile's rows leave is taken by halves of it; by quarters of few rows of integers, whose tiles are longer to emit,
  /// and of pairs, since a machine's tile registers have few shapes at once.
  int64_t nextTile(int64_t tile) const { return tile / (pairs || (int8 && tile <= 4) ? 4 : 2); }

  plan::ContractOp op;
  ModuleOp module;
  LayoutAttr layout;
  plan::TargetAttr target;
  VectorMath b;
  plan::PanelType panel;
  WeightType type;
  PackedLayout packed;
  int64_t groups;
  bool int8, pairs; // int8, bf16_g32
  ActivationFormat activation;
  PanelBuffers buffers;
  int64_t terms;           // panel rows that make one row of results
  Value weights;           // the bytes block_contract reads
  Value base;              // where the packed weight begins
  int64_t columns, blocks; // columns of a block, blocks of a tile
  int64_t blockBytes, tileBytes;
  StringRef format;
  LayoutAttr blockLayout; // of what block_contract reads
};

void ContractLowering::run() {
  weights = plan::PackedOp::create(b, packedType(module));
  base = plan::AddressOp::create(b, b.getIndexType(), op.getWeight());
  format = formatInfo(type.getFormat()).name;
  bool unpack = layout.getRaw();
  blockLayout = layout;
  if (unpack) {
    format = "f32";
    blockLayout = LayoutAttr::get(b.getContext(), kTileRows, /*lane=*/1, /*planes=*/{}, /*bias=*/0, /*raw=*/false);
    weights = b.scratch(("unpacked_" + Twine(groups) + "x" + Twine(type.getCols())).str(),
                        b.memref({groups * type.getCols() * kTileRows * 4}, b.getI8Type()));
    columns = 1;
    blockBytes = kTileRows * 4;
  } else {
    columns = packed.blockColumns();
    blockBytes = packed.blockBytes();
  }
  tileBytes = type.getCols() / columns * blockBytes;
  if (pairs) { // sums of a whole row stay where the machine makes them
    columns = type.getCols();
    blockBytes = tileBytes;
  }
  if (columns == 1) // float blocks are one column: take several at once
    for (int64_t many : {8, 4, 2})
      if (type.getCols() % many == 0) {
        columns = many;
        blockBytes *= many;
        break;
      }
  blocks = type.getCols() / columns;

  int64_t together = unpack ? 1 : std::max<int64_t>(1, target.getTileGroups() / groups);
  Value begin = op.getBegin(), end = op.getEnd();
  if (together > 1) {
    Value whole = b.subi(end, b.remu(b.subi(end, begin), together));
    b.loop(begin, whole, together, [&](Value unit) { contractUnits(unit, together); });
    begin = whole;
  }
  b.loop(begin, end, 1, [&](Value unit) { contractUnits(unit, 1); });
  op.erase();
}

void ContractLowering::contractUnits(Value unit, int64_t units) {
  if (layout.getRaw())
    unpackUnit(unit);
  // Rows of an int8 panel lie in the panel once per term, in tiles. What is left after the largest is taken by smaller ones.
  Value count = b.muli(op.getCount(), terms), rest = b.index(0);
  int64_t tile = buffers.tileRows;
  if (terms > 1 && packed.bias != 128) // digit by digit, as many at once as of one digit
    tile = std::min(tile, std::max(terms, target.getTileTokens()));
  if (!int8)
    tile = pairs ? target.getPairTokens() : target.getFloatTokens();
  for (; tile > terms; tile = nextTile(tile)) {
    Value inTiles = b.addi(rest, b.muli(b.divu(b.subi(count, rest), tile), tile));
    b.loop(rest, inTiles, tile, [&](Value row) { emitTile(unit, units, row, tile); });
    rest = inTiles;
  }
  b.loop(unit, b.addi(unit, units), 1,
         [&](Value one) { b.loop(rest, count, terms, [&](Value row) { emitTile(one, 1, row, terms); }); });
}

/// f32 [groups][columns][16] of the unit's rows; rows past the last are zero.
void ContractLowering::unpackUnit(Value unit) {
  Value bytes = plan::PackedOp::create(b, packedType(module));
  int64_t cols = type.getCols();
  Value dest = b.view(weights, b.index(0), b.memref({groups * cols * kTileRows}, b.getF32Type()));
  Value last = b.index(type.getRows() - 1);
  b.loop(b.index(0), b.index(groups * kTileRows), 1, [&](Value lane) {
    Value row = b.addi(b.muli(unit, groups * kTileRows), lane);
    Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ule, row, last);
    Value safe = b.minu(row, last);
    Value start = b.addi(b.muli(b.divu(lane, kTileRows), cols * kTileRows), b.remu(lane, kTileRows));
    b.loop(b.index(0), b.index(cols), 1, [&](Value column) {
      Value x = unpackElementAt(b, bytes, base, type, layout, safe, column);
      x = arith::SelectOp::create(b, inside, x, b.scalar(0.0));
      b.store(x, dest, b.addi(start, b.muli(column, kTileRows)));
    });
  });
}

/// The block at `offset` in each of the tiles: a loop where it is a row's.
void ContractLowering::prefetch(Value offset, int64_t tiles) {
  auto fetch = [&](Value at) {
    memref::PrefetchOp::create(b, weights, at, /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
  };
  for (int64_t tile = 0; tile < tiles; ++tile)
    if (blocks == 1)
      b.loop(b.index(0), b.index(blockBytes), 64,
             [&](Value line) { fetch(b.addi(b.addi(offset, tile * tileBytes), line)); });
    else
      for (int64_t line = 0; line < blockBytes; line += 64)
        fetch(b.addi(offset, tile * tileBytes + line));
}

SmallVector<Value> ContractLowering::contractTiles(Value start, int64_t tiles, int64_t together, Value row,
                                                   int64_t rows) {
  int64_t tokens = rows / terms;
  SmallVector<Value> zeros(together * tokens, b.splat(0.0));
  bool single = tokens == 1;
  int64_t ahead = layout.getRaw() ? 0 : target.getPrefetchBytes();
  return b.loop(b.index(0), b.index(blocks), 1, zeros, [&](Value block, ValueRange carried) {
    Value offset = b.addi(start, b.muli(block, blockBytes));
    if (ahead > 0 && !single) {
      auto first = scf::IfOp::create(b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, row, b.index(0)), false);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(first.thenBlock());
      prefetch(b.addi(offset, tiles * tileBytes), together);
    }
    auto contract = plan::BlockContractOp::create(b, TypeRange(carried), carried, weights, offset, buffers.acts(), row,
                                                  b.muli(block, columns), format, blockLayout, activation, together,
                                                  tokens, columns, tileBytes, single ? ahead : 0);
    return llvm::to_vector(ValueRange(contract.getResults()));
  });
}

void ContractLowering::emitTile(Value unit, int64_t units, Value row, int64_t rows) {
  int64_t tiles = units * groups;
  // Sums of integers take all tiles along while registers last; rows of floats fill them with one.
  int64_t together = int8 && tiles * rows <= kMostSums ? tiles : 1;
  Value start = offsetOf(unit);
  SmallVector<Value> sums;
  for (int64_t tile = 0; tile < tiles; tile += together)
    sums.append(contractTiles(b.addi(start, tile * tileBytes), tiles, together, row, rows));
  Block &body = op.getBody().front();
  Value first = b.divu(row, terms);
  int64_t tokens = rows / terms;
  for (int64_t number = 0; number < units; ++number)
    for (int64_t token = 0; token < tokens; ++token) {
      IRMapping mapping;
      mapping.map(body.getArgument(0), b.addi(first, token));
      mapping.map(body.getArgument(1), b.addi(unit, number));
      for (int64_t group = 0; group < groups; ++group)
        mapping.map(body.getArgument(2 + group), sums[(number * groups + group) * tokens + token]);
      for (Operation &inner : body.without_terminator())
        b.clone(inner, mapping);
    }
}

struct TileContractPass : trafo::impl::TileContractPassBase<TileContractPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<plan::ContractOp> ops;
    module.walk([&](plan::ContractOp op) { ops.push_back(op); });
    if (ops.empty())
      return;
    FailureOr<plan::TargetAttr> target = plan::targetOf(ops.front());
    if (failed(target))
      return signalPassFailure();
    for (plan::ContractOp op : ops) {
      FailureOr<LayoutAttr> layout = layoutOf(op.getWeight(), module);
      if (failed(layout))
        return signalPassFailure();
      ActivationFormat rows = cast<plan::PanelType>(op.getPanel().getType()).getFormat();
      bool int8 = int8Terms(rows) > 0;
      const FormatInfo &format = formatInfo(cast<WeightType>(op.getWeight().getType()).getFormat());
      bool pairs = rows == ActivationFormat::BF16G32;
      if (((int8 || pairs) && (layout->getRaw() || !canMultiply(rows, format))) ||
          (!int8 && !layout->getRaw() && (format.grouped || layout->getLane() != (pairs ? 2 : 1)))) { // contract_c3
        op.emitOpError("has no lowering for ")
            << op.getWeight().getType() << " as " << *layout << " with " << op.getPanel().getType();
        return signalPassFailure();
      }
      ContractLowering(op, module, *layout, *target).run();
    }
  }
};
} // namespace
