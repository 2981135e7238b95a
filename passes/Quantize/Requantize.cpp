//===- Requantize.cpp - float weights in another format -------------------===//
//
// Gives linear-like ops weights that are recipes of trafo.quantize over the float weights they had. Legal everywhere;
// changes values by the rounding of the format, which `trafo eval --against` measures. Leaves quantised weights alone,
// and those whose rows are not whole blocks of the format.
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/LayerSlots.h"
#include "mlir/IR/Remarks.h"
#include "passes/Quantize/Passes.h"

namespace trafo {
#define GEN_PASS_DEF_REQUANTIZEPASS
#include "passes/Quantize/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

static constexpr auto kRequantize = remark::RemarkOpts::name("requantize").category("trafo-quantize");

namespace {
struct RequantizePass : trafo::impl::RequantizePassBase<RequantizePass> {
  using RequantizePassBase::RequantizePassBase;

  void runOnOperation() override {
    if (weights.empty() && headWeights.empty())
      return;
    FailureOr<const FormatInfo *> body = formatOf("weights", weights), head = formatOf("head-weights", headWeights);
    if (failed(body) || failed(head))
      return signalPassFailure();
    if (!*head && *body)
      head = (*body)->bitsPerWeight() < 8 ? &formatInfo(Format::Q8_0) : *body;

    LayerSlots slots(getOperation());
    llvm::SmallPtrSet<Attribute, 2> headTables;
    getOperation()->walk([&](LinearLike op) {
      const FormatInfo *format = isa<LmHeadOp>(op) ? *head : *body;
      if (!format)
        return;
      format = &besideOthers(op, *format);
      for (OpOperand &weight : op.getLinearWeights()) {
        SmallVector<FlatSymbolRefAttr> before = slots.symbolsOf(weight.get());
        if (requantize(op, weight, *format, slots) && isa<LmHeadOp>(op))
          headTables.insert_range(before);
      }
    });
    // One table for a head and the embedding tied to it.
    getOperation()->walk([&](EmbeddingOp op) {
      if (llvm::any_of(slots.symbolsOf(op.getTable()), [&](Attribute symbol) { return headTables.contains(symbol); }))
        requantize(op, op.getTableMutable(), **head, slots);
    });
    // Values that were read by name and are no longer.
    getOperation()->walk([&](GetOp get) {
      if (get->use_empty())
        get->erase();
    });
    slots.commit();
  }

  /// The format called `name`, null for no name; an error for one that trafo.quantize does not write.
  FailureOr<const FormatInfo *> formatOf(StringRef option, StringRef name) {
    if (name.empty())
      return static_cast<const FormatInfo *>(nullptr);
    for (Format format :
         {Format::F32, Format::F16, Format::BF16, Format::Q4_0, Format::Q4_1, Format::Q8_0, Format::I8_ROW})
      if (name == formatInfo(format).name)
        return &formatInfo(format);
    return getOperation().emitError("trafo-requantize expects ")
           << option << " to be f32, f16, bf16, q4_0, q4_1, q8_0 or i8_row, got '" << name << "'";
  }

  /// `format`, or q8_0 where that is one whose block is the row and a weight of the op can not become it: the op's rows
  /// have one numeric class for all.
  const FormatInfo &besideOthers(LinearLike op, const FormatInfo &format) {
    auto fits = [&](OpOperand &weight) {
      auto type = cast<WeightType>(weight.get().getType());
      return !formatInfo(type.getFormat()).grouped && type.getCols() <= kMostRowCodes;
    };
    if (!format.isPerRow() || llvm::all_of(op.getLinearWeights(), fits))
      return format;
    remark::missed(op.getLoc(), kRequantize) << remark::reason(
        "not {0}: a weight of the op is quantised already, or has more than {1} columns", format.name, kMostRowCodes);
    return formatInfo(Format::Q8_0);
  }

  /// Whether `weight` was replaced.
  bool requantize(Operation *op, OpOperand &weight, const FormatInfo &format, LayerSlots &slots) {
    auto type = cast<WeightType>(weight.get().getType());
    if (formatInfo(type.getFormat()).grouped || type.getFormat() == format.format)
      return false;
    if (type.getCols() % format.blockElements != 0) {
      remark::missed(op->getLoc(), kRequantize)
          << remark::reason("{0} columns are no whole blocks of {1}", type.getCols(), format.name);
      return false;
    }
    if (!slots.canDerive(op, weight.get())) {
      remark::missed(op->getLoc(), kRequantize)
          << remark::reason("weight is neither a slot of a layer's body nor a symbol");
      return false;
    }
    auto result = WeightType::get(op->getContext(), type.getShape(), format.format);
    auto recipe = [&](OpBuilder &builder, Location loc, ValueRange inputs) -> Value {
      return QuantizeOp::create(builder, loc, result, inputs[0]);
    };
    weight.set(slots.derive(op, weight.get(), format.name, result, recipe));
    remark::passed(op->getLoc(), kRequantize)
        << remark::add("{0} to {1}", formatInfo(type.getFormat()).name, format.name);
    return true;
  }
};
} // namespace
