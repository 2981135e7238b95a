//===- PadHeads.cpp - heads fill whole vectors, by padding weights --------===//
//
// Kernels take a head's elements 16 at a time. Where the head size is no multiple of that, each head's rows of the q, k
// and v projections (and of their biases) get zero rows behind them by recipe, the cache holds the padded heads, and
// attention gives only the columns there were. Products with zeros add nothing to a score, so the results are the same
// bits. The cache is shared by all layers: legal where every attention and every store of the module reads projections
// that nothing else reads; otherwise nothing is changed.
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/LayerSlots.h"
#include "mlir/IR/Remarks.h"
#include "passes/Normalize/Passes.h"
#include "llvm/Support/MathExtras.h"

namespace trafo {
#define GEN_PASS_DEF_PADHEADSPASS
#include "passes/Normalize/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

static constexpr auto kPadHeads = remark::RemarkOpts::name("pad-heads").category("trafo-normalize");

namespace {
/// Rows of `heads` heads as attention or the cache reads them: a projection, rotated or not.
struct HeadRows {
  OpOperand *read;
  int64_t heads;
  RopeOp rope;
  LinearOp linear;

  HeadRows(OpOperand &read, int64_t heads) : read(&read), heads(heads) {
    rope = read.get().getDefiningOp<RopeOp>();
    linear = (rope ? rope.getInput() : read.get()).getDefiningOp<LinearOp>();
  }
  /// Why the rows can not be padded, or nothing.
  std::optional<StringRef> obstacle(LayerSlots &slots) {
    if (!linear)
      return "rows of heads are no projection";
    if (rope && static_cast<int64_t>(rope.getHeads()) != heads)
      return "rope rotates other heads than attention reads";
    if (!linear->hasOneUse() || !read->get().hasOneUse())
      return "rows of heads are read by more than attention";
    if (!slots.canDerive(linear, {linear.getWeight(), linear.getBias()}))
      return "weight is neither a slot of a layer's body nor a symbol";
    return std::nullopt;
  }
};

struct PadHeadsPass : trafo::impl::PadHeadsPassBase<PadHeadsPass> {
  using PadHeadsPassBase::PadHeadsPassBase;

  void runOnOperation() override {
    SmallVector<KVCacheType> caches;
    getOperation().walk([&](AttentionOp attention) {
      auto cache = cast<KVCacheType>(attention.getCache().getType());
      if (cache.getHeadSize() % multiple != 0 && !llvm::is_contained(caches, cache))
        caches.push_back(cache);
    });
    LayerSlots slots(getOperation());
    for (KVCacheType cache : caches)
      pad(cache, slots);
    slots.commit();
  }

  void pad(KVCacheType cache, LayerSlots &slots);
  void pad(HeadRows rows, int64_t size, LayerSlots &slots);
  void retype(KVCacheType from, KVCacheType to);
};
} // namespace

void PadHeadsPass::pad(KVCacheType cache, LayerSlots &slots) {
  SmallVector<HeadRows> all;
  SmallVector<AttentionOp> attentions;
  getOperation().walk([&](Operation *op) {
    if (auto attention = dyn_cast<AttentionOp>(op); attention && attention.getCache().getType() == cache) {
      attentions.push_back(attention);
      all.emplace_back(attention.getQueryMutable(), attention.getHeads());
    } else if (auto write = dyn_cast<KVWriteOp>(op); write && write.getCache().getType() == cache) {
      all.emplace_back(write.getKeyMutable(), cache.getHeads());
      all.emplace_back(write.getValueMutable(), cache.getHeads());
    }
  });
  for (HeadRows &rows : all)
    if (std::optional<StringRef> reason = rows.obstacle(slots)) {
      remark::missed(rows.read->getOwner()->getLoc(), kPadHeads) << remark::reason("{0}", *reason);
      return;
    }
  int64_t headSize = cache.getHeadSize(), padded = llvm::alignTo(headSize, multiple);
  for (AttentionOp attention : attentions)
    remark::passed(attention.getLoc(), kPadHeads)
        << remark::add("heads of {0} padded to {1}", std::to_string(headSize), std::to_string(padded));
  for (HeadRows &rows : all)
    pad(rows, padded, slots);
  retype(cache, KVCacheType::get(&getContext(), cache.getLayers(), cache.getHeads(), padded, cache.getFormat(),
                                 cache.getGroup()));
}

void PadHeadsPass::pad(HeadRows rows, int64_t size, LayerSlots &slots) {
  auto derive = [&](Value weight) {
    auto type = cast<WeightType>(weight.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape.front() = rows.heads * size;
    auto padded = WeightType::get(&getContext(), shape, type.getFormat());
    auto padRows = [&](OpBuilder &builder, Location loc, ValueRange inputs) -> Value {
      return PadRowsOp::create(builder, loc, padded, inputs[0], rows.heads);
    };
    return slots.derive(rows.linear, weight, "padded", padded, padRows,
                        Builder(&getContext()).getIndexAttr(rows.heads));
  };
  LinearOp linear = rows.linear;
  linear.getWeightMutable().assign(derive(linear.getWeight()));
  if (Value bias = linear.getBias())
    linear.getBiasMutable().assign(derive(bias));
  RankedTensorType old = linear.getType();
  linear.getResult().setType(old.clone({old.getDimSize(0), rows.heads * size}));
  if (RopeOp rope = rows.rope) {
    rope.setHeadSize(size);
    rope.getResult().setType(linear.getType());
  }
}

/// Gives every value of type `from` the type `to`.
void PadHeadsPass::retype(KVCacheType from, KVCacheType to) {
  auto retypeAll = [&](ValueRange values) {
    for (Value value : values)
      if (value.getType() == from)
        value.setType(to);
  };
  getOperation().walk([&](Operation *op) {
    retypeAll(op->getResults());
    for (Region &region : op->getRegions())
      for (Block &block : region)
        retypeAll(block.getArguments());
    if (auto function = dyn_cast<func::FuncOp>(op); function && !function.isExternal())
      function.setType(FunctionType::get(&getContext(), function.front().getArgumentTypes(),
                                         function.getFunctionType().getResults()));
  });
}
