//===- FuseQkv.cpp - q, k and v projections, rope, KV store ---------------===//
//
// Starts at a trafo.kv_write and looks back: keys and values must be linears of one input, keys rotated or not, and
// the layer's attention must read queries that are a linear of the same input, rotated alike. Legal where nothing else
// reads what lies between, and the queries are read after the store. The weights become one by concatenation where
// their formats (and those of their biases) agree, three operands otherwise. Cosines and sines come from a table over
// all positions, made once by recipe. Rope: Su et al. 2021, https://arxiv.org/abs/2104.09864
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/LayerSlots.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "passes/Fuse/Passes.h"

namespace trafo {
#define GEN_PASS_DEF_FUSEQKVPASS
#include "passes/Fuse/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

static constexpr auto kQkv = remark::RemarkOpts::name("fuse-qkv").category("trafo-fuse");

namespace {
/// A projection and the rope behind it, if any.
struct Projection {
  LinearOp linear;
  RopeOp rope;
  static Projection of(Value rows) {
    Projection p;
    p.rope = rows.getDefiningOp<RopeOp>();
    p.linear = (p.rope ? p.rope.getInput() : rows).getDefiningOp<LinearOp>();
    return p;
  }
};

/// What one trafo.kv_write and its attention are fused from.
struct Match {
  KVWriteOp write;
  AttentionOp attention;
  Projection q, k, v;

  std::array<LinearOp, 3> linears() const { return {q.linear, k.linear, v.linear}; }
  SmallVector<Value> weights() const {
    return {LinearOp(q.linear).getWeight(), LinearOp(k.linear).getWeight(), LinearOp(v.linear).getWeight()};
  }
  SmallVector<Value> biases() const {
    if (!LinearOp(q.linear).getBias())
      return {};
    return {LinearOp(q.linear).getBias(), LinearOp(k.linear).getBias(), LinearOp(v.linear).getBias()};
  }
};

struct FuseQkvPass : trafo::impl::FuseQkvPassBase<FuseQkvPass> {
  void runOnOperation() override {
    LayerSlots slots(getOperation());
    SmallVector<KVWriteOp> writes;
    getOperation()->walk([&](KVWriteOp write) { writes.push_back(write); });
    for (KVWriteOp write : writes) {
      Match match;
      match.write = write;
      if (std::optional<StringRef> reason = find(match, slots))
        remark::missed(write.getLoc(), kQkv) << remark::reason("{0}", *reason);
      else
        fuse(match, slots);
    }
    slots.commit();
  }

  std::optional<StringRef> find(Match &match, LayerSlots &slots);
  std::optional<StringRef> findRope(Match &match, LayerSlots &slots);
  void fuse(Match &match, LayerSlots &slots);
  Value ropeTable(Match &match, LayerSlots &slots);
};
} // namespace

/// Fills in `match` from its write; why it can not be fused, or nothing.
std::optional<StringRef> FuseQkvPass::find(Match &match, LayerSlots &slots) {
  KVWriteOp write = match.write;
  for (Operation *user : write.getCache().getUsers())
    if (auto attention = dyn_cast<AttentionOp>(user))
      if (attention.getLayer() == write.getLayer() && attention.getRows() == write.getRows() &&
          attention->getBlock() == write->getBlock() && write->isBeforeInBlock(attention)) {
        match.attention = attention;
        break;
      }
  if (!match.attention)
    return "no attention reads the layer's cache after the store";
  match.q = Projection::of(match.attention.getQuery());
  match.k = Projection::of(write.getKey());
  match.v = Projection::of(write.getValue());
  if (!match.q.linear || !match.k.linear || !match.v.linear || match.v.rope)
    return "q, k or v is not a linear";
  Value input = match.q.linear.getInput();
  for (LinearOp linear : match.linears()) {
    if (linear.getInput() != input)
      return "q, k and v have different inputs";
    if (!linear->hasOneUse() && !(linear == match.q.linear && !match.q.rope))
      return "a projection is read elsewhere";
    if (!linear.getBias() != !match.q.linear.getBias())
      return "some of q, k and v have a bias and some have none";
    if (linear.getActivationAttr() != match.q.linear.getActivationAttr())
      return "q, k and v have different numeric classes";
  }
  if (match.k.rope && !match.k.rope->hasOneUse())
    return "keys are read elsewhere";
  for (Operation *user : match.attention.getQuery().getUsers())
    if (user->getBlock() != write->getBlock() || user->isBeforeInBlock(write))
      return "queries are read before the store";
  return findRope(match, slots);
}

std::optional<StringRef> FuseQkvPass::findRope(Match &match, LayerSlots &slots) {
  RopeOp q = match.q.rope, k = match.k.rope;
  if (!q && !k)
    return std::nullopt;
  if (!q || !k || q.getRope() != k.getRope() || q.getFactors() != k.getFactors() ||
      q.getHeadSize() != k.getHeadSize() || q.getRows() != match.write.getRows() ||
      k.getRows() != match.write.getRows())
    return "q and k are rotated differently";
  if (q.getRope().getPairing() != RopePairingMode::Interleaved)
    return "rope does not rotate neighbours";
  if (!getOperation()->getAttrOfType<ConfigAttr>(kConfigAttrName))
    return "no trafo.config says how many positions the rope table has";
  if (q.getFactors() && !slots.canDerive(q, q.getFactors()))
    return "frequency factors are neither a slot of a layer's body nor a symbol";
  return std::nullopt;
}

Value FuseQkvPass::ropeTable(Match &match, LayerSlots &slots) {
  RopeOp rope = match.q.rope;
  if (!rope)
    return {};
  auto config = getOperation()->getAttrOfType<ConfigAttr>(kConfigAttrName);
  int64_t columns = 2 * static_cast<int64_t>(rope.getHeadSize());
  auto type = WeightType::get(&getContext(), {config.getMaxContext(), columns}, Format::F32);
  auto recipe = [&](OpBuilder &builder, Location loc, ValueRange inputs) -> Value {
    return RopeTableOp::create(builder, loc, type, rope.getRope(), inputs.empty() ? Value() : inputs[0]);
  };
  SmallVector<Value> inputs;
  if (Value factors = rope.getFactors())
    inputs.push_back(factors);
  return slots.derive(match.write, inputs, "rope_table", type, recipe, rope.getRope());
}

/// One weight that holds `parts`, which agree in format.
static Value concatenated(Operation *user, ArrayRef<Value> parts, LayerSlots &slots) {
  auto first = cast<WeightType>(parts[0].getType());
  int64_t rows = 0;
  for (Value part : parts)
    rows += cast<WeightType>(part.getType()).getShape().front();
  SmallVector<int64_t> shape(first.getShape());
  shape.front() = rows;
  auto type = WeightType::get(first.getContext(), shape, first.getFormat());
  auto recipe = [&](OpBuilder &builder, Location loc, ValueRange inputs) -> Value {
    return ConcatOp::create(builder, loc, type, inputs);
  };
  return slots.derive(user, parts, "qkv", type, recipe);
}

static bool sameFormats(ArrayRef<Value> weights) {
  return llvm::all_of(weights, [&](Value weight) {
    return cast<WeightType>(weight.getType()).getFormat() == cast<WeightType>(weights[0].getType()).getFormat();
  });
}

void FuseQkvPass::fuse(Match &match, LayerSlots &slots) {
  KVWriteOp write = match.write;
  SmallVector<Value> weights = match.weights(), biases = match.biases();
  if (!sameFormats(weights) || (!biases.empty() && !sameFormats(biases))) {
    remark::passed(write.getLoc(), kQkv) << remark::add("q, k and v in three weights: formats differ");
  } else if (!slots.canDerive(write, weights) || !slots.canDerive(write, biases)) {
    remark::passed(write.getLoc(), kQkv) << remark::add(
        "q, k and v in three weights: they are neither slots of a layer's body nor symbols");
  } else {
    weights = {concatenated(write, weights, slots)};
    if (!biases.empty())
      biases = {concatenated(write, biases, slots)};
    remark::passed(write.getLoc(), kQkv) << remark::add("q, k and v concatenated in one weight");
  }
  Value query = match.attention.getQuery();
  int64_t heads = match.attention.getHeads();
  IRRewriter rewriter(write);
  SmallVector<Location> locs;
  for (LinearOp linear : match.linears())
    locs.push_back(linear.getLoc());
  for (RopeOp rope : {match.q.rope, match.k.rope}) // the result is the rotated q: `trafo check` looks for its name
    if (rope)
      locs.push_back(rope.getLoc());
  locs.push_back(write.getLoc());
  auto fused =
      QkvRopeOp::create(rewriter, rewriter.getFusedLoc(locs), query.getType(), match.q.linear.getInput(), weights,
                        biases, ropeTable(match, slots), write.getCache(), write.getLayer(), write.getRows(),
                        rewriter.getI64IntegerAttr(heads), match.q.linear.getActivationAttr());
  rewriter.replaceAllUsesWith(query, fused.getQuery());
  rewriter.eraseOp(write);
  for (RopeOp rope : {match.q.rope, match.k.rope})
    if (rope)
      rewriter.eraseOp(rope);
  for (LinearOp linear : match.linears())
    rewriter.eraseOp(linear);
}
