//===- PlanOps.cpp - what plan ops must satisfy ---------------------------===//
//
// Each check carries the number it has in the op's description; each has a case in test/dialects/Plan/invalid.mlir.
//
//===----------------------------------------------------------------------===//
#include "dialects/Plan/IR/PlanOps.h"

#include "dialects/Trafo/IR/Layout.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace trafo::plan;

#define GET_OP_CLASSES
#include "dialects/Plan/IR/PlanOps.cpp.inc"

/// Columns of codes up to 127 whose sums stay below 2^24: a library may bring them through f32.
static constexpr int64_t kMostExactCodes = (int64_t(1) << 24) / (127 * 127);

std::string trafo::plan::libraryProblem(LibraryForm form, trafo::ActivationFormat panel, trafo::WeightType weight) {
  LibraryOperands want = libraryOperands(form);
  if (weight.getFormat() != want.weights)
    return std::string("expects a weight in ") + trafo::formatInfo(want.weights).name + ", got " +
           trafo::formatInfo(weight.getFormat()).name;
  if (panel != want.rows)
    return ("expects " + trafo::stringifyActivationFormat(want.rows) + " activations, got " +
            trafo::stringifyActivationFormat(panel))
        .str();
  if (weight.getCols() % want.depthStep != 0)
    return "expects columns in multiples of " + std::to_string(want.depthStep) + ", got " +
           std::to_string(weight.getCols());
  if (want.isExact() && weight.getCols() > kMostExactCodes)
    return "expects at most " + std::to_string(kMostExactCodes) + " columns, whose sums it has exactly, got " +
           std::to_string(weight.getCols());
  if (want.byRows && weight.getRows() % kTileRows != 0)
    return "expects rows in multiples of " + std::to_string(kTileRows) + ", got " + std::to_string(weight.getRows());
  return "";
}

LogicalResult BufferOp::verify() {
  auto type = cast<MemRefType>(getType());
  if (!type.hasStaticShape() || !type.getLayout().isIdentity()) // buffer_c1
    return emitOpError("expects a static shape with identity layout, got ") << type;
  if (getOffset() && *getOffset() % 64 != 0) // buffer_c2
    return emitOpError("expects an offset that is a multiple of 64, got ") << *getOffset();
  bool isRows = type.getRank() == 2 && type.getElementType().isF32();
  int64_t columns = isRows ? type.getDimSize(1) : 0, logits = getLogits().value_or(0);
  if (getLogits() && (logits < 1 || logits > columns)) // buffer_c3
    return emitOpError("expects rows of at least one and all of ") << logits << " logits in f32, got " << type;
  int64_t maxima = getLogitsMaxima().value_or(logits), last = columns - llvm::divideCeil(logits, kTileRows);
  if (getLogitsMaxima() && (!getLogits() || maxima < logits || maxima > last)) // buffer_c4
    return emitOpError("expects maxima from ") << logits << " to " << last << " of a row of logits, got " << maxima;
  std::optional<ArrayRef<int64_t>> layers = getCachedLayers();
  if (layers && (type.getRank() != 5 || type.getDimSize(0) != static_cast<int64_t>(layers->size()))) // buffer_c5
    return emitOpError("expects a pool of ") << layers->size() << " layers, got " << type;
  if (getWindow() && (!layers || static_cast<int64_t>(*getWindow()) <= 0)) // buffer_c6
    return emitOpError("expects a window above 0, of a pool of the KV cache, got ") << *getWindow();
  return success();
}

SmallVector<BufferOp> trafo::plan::cachePools(ModuleOp module) {
  SmallVector<BufferOp> pools;
  for (BufferOp buffer : module.getOps<BufferOp>())
    if (buffer.getCachedLayers())
      pools.push_back(buffer);
  llvm::stable_sort(pools, [](BufferOp a, BufferOp b) { return !a.getWindow() && b.getWindow(); });
  return pools;
}

MemRefType trafo::plan::pageTables(ModuleOp module, ConfigAttr config) {
  auto pools = static_cast<int64_t>(std::max<size_t>(1, cachePools(module).size()));
  return MemRefType::get({pools * config.getMaxSequences(), config.getMaxContext() / kPagePositions},
                         IntegerType::get(module.getContext(), 32));
}

BufferOp trafo::plan::bufferOf(Value memory) {
  auto ref = memory.getDefiningOp<RefOp>();
  return ref ? SymbolTable::lookupNearestSymbolFrom<BufferOp>(ref, ref.getBufferAttr()) : BufferOp();
}

LogicalResult PoolLayerOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto pool = tables.lookupNearestSymbolFrom<BufferOp>(*this, getPoolAttr());
  if (!pool || !pool.getCachedLayers()) // pool_layer_c1
    return emitOpError("expects '") << getPool() << "' to be a pool of the KV cache";
  return success();
}

LogicalResult RefOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto buffer = tables.lookupNearestSymbolFrom<BufferOp>(*this, getBufferAttr());
  if (!buffer || buffer.getType() != getType()) // ref_c1
    return emitOpError("expects '") << getBuffer() << "' to be a plan.buffer of type " << getType();
  return success();
}

LogicalResult trafo::plan::WeightOp::verify() {
  if (getSymbol().has_value() == getSlot().has_value()) // weight_c1
    return emitOpError("expects either a symbol or a slot");
  return success();
}

LogicalResult LoadOp::verify() {
  auto weight = cast<trafo::WeightType>(getWeight().getType());
  if (weight.getFormat() != trafo::Format::F32) // load_c1
    return emitOpError("expects an f32 weight, got ") << weight;
  return success();
}

LogicalResult ArgOp::verify() {
  if (!llvm::is_contained({"tokens", "positions", "sequences", "outputs", "pages"}, getName())) // arg_c1
    return emitOpError("expects tokens, positions, sequences, outputs or pages, got '") << getName() << "'";
  return success();
}

LogicalResult PrepareOp::verify() {
  auto panel = cast<PanelType>(getPanel().getType());
  int64_t cols = panel.getCols();
  bool normalised = getNorm() != NormKind::None;
  if (normalised != bool(getWeight()) || (normalised && cast<trafo::WeightType>(getWeight().getType()).getShape() !=
                                                            ArrayRef<int64_t>{cols})) // prepare_c1
    return emitOpError("expects a weight of shape [") << cols << "] exactly when it normalises";
  bool byGroups = trafo::int8Terms(panel.getFormat()) > 0 || panel.getFormat() == trafo::ActivationFormat::BF16G32;
  if (byGroups && cols % 32 != 0) // prepare_c2
    return emitOpError("expects a multiple of 32 columns for ")
           << trafo::stringifyActivationFormat(panel.getFormat()) << ", got " << cols;
  int64_t sourceCols = cast<MemRefType>(getSource().getType()).getDimSize(1);
  if (cols > sourceCols) // prepare_c3
    return emitOpError("expects a panel of at most ") << sourceCols << " columns, got " << panel;
  return success();
}

LogicalResult ContractOp::verify() {
  auto panel = cast<PanelType>(getPanel().getType());
  auto weight = cast<trafo::WeightType>(getWeight().getType());
  if (panel.getCols() != weight.getCols()) // contract_c1
    return emitOpError("expects a panel of ") << weight.getCols() << " columns, got " << panel;
  Block &body = getBody().front();
  auto sums = VectorType::get({kTileRows}, Float32Type::get(getContext()));
  bool fits = body.getNumArguments() == 2 + getGroups();
  for (auto [i, type] : llvm::enumerate(body.getArgumentTypes()))
    fits &= i < 2 ? type.isIndex() : type == sums;
  if (!fits) // contract_c2
    return emitOpError("expects a body of two indices and ") << getGroups() << " vector<16xf32>";
  LibraryForm form = getLibrary().value_or(LibraryForm::None);
  if (std::string problem = form == LibraryForm::None ? "" : libraryProblem(form, panel.getFormat(), weight);
      !problem.empty()) // contract_c4
    return emitOpError("cannot take the library road ") << stringifyLibraryForm(form) << ": " << problem;
  return success();
}

std::optional<CacheLayout> trafo::plan::cacheLayout(Type pool, int64_t kvHeads, int64_t headSize) {
  auto type = dyn_cast<MemRefType>(pool);
  if (!type || type.getRank() != 5 || type.getDimSize(2) != kvHeads || type.getDimSize(3) != 2 || headSize <= 0)
    return std::nullopt;
  CacheLayout layout{headSize, 0};
  Type element = type.getElementType();
  if (element.isInteger(8)) {
    layout.groups = (type.getDimSize(4) / kPagePositions - headSize) / 4;
    if (layout.groups <= 0 || headSize % layout.groups != 0 || layout.groupSize() % kTileRows != 0)
      return std::nullopt;
  } else if (!element.isF32() && !element.isF16() && !element.isBF16()) {
    return std::nullopt;
  }
  if (type.getDimSize(4) != layout.size())
    return std::nullopt;
  return layout;
}

static int64_t headsOf(Value cache) {
  auto type = cast<MemRefType>(cache.getType());
  return type.getRank() == 5 ? type.getDimSize(2) : 0;
}

LogicalResult KVStoreOp::verify() {
  auto layout = cacheLayout(getCache().getType(), headsOf(getCache()), getHeadSize());
  if (!layout || layout->groups != 0) // kv_store_c1
    return emitOpError("expects a pool of floats in heads of ") << getHeadSize() << ", got " << getCache().getType();
  return success();
}

LogicalResult KVQuantizeOp::verify() {
  int64_t heads = headsOf(getCache()), columns = heads * getHeadSize();
  auto layout = cacheLayout(getCache().getType(), heads, getHeadSize());
  if (!layout || layout->groups == 0) // kv_quantize_c1
    return emitOpError("expects a pool of codes and scales in heads of ")
           << getHeadSize() << ", got " << getCache().getType();
  auto source = cast<MemRefType>(getSource().getType());
  if (source.getRank() != 2 || !source.getElementType().isF32() || source.getDimSize(1) != columns) // kv_quantize_c2
    return emitOpError("expects rows of ") << columns << " f32, got " << source;
  return success();
}

LogicalResult trafo::plan::AttentionOp::verify() {
  if (!cacheLayout(getCache().getType(), getKvHeads(), getHeadSize())) // attention_c2
    return emitOpError("expects a pool of ")
           << getKvHeads() << " KV heads of " << getHeadSize() << ", got " << getCache().getType();
  return success();
}

LogicalResult StageOp::verify() {
  Block &body = getBody().front();
  if (body.getNumArguments() != 1 || !body.getArgument(0).getType().isIndex()) // stage_c1
    return emitOpError("expects a body with one index argument, the layer");
  return success();
}

LogicalResult StepOp::verify() {
  int64_t layers = 0;
  for (Operation &op : getBody().front().without_terminator()) {
    if (!isa<RunOp, BarrierOp, LayersOp>(op)) // step_c1
      return emitOpError("expects plan.run, plan.barrier and plan.layers only, got '") << op.getName() << "'";
    layers += isa<LayersOp>(op);
  }
  if (layers > 1) // step_c1
    return emitOpError("expects at most one plan.layers");
  return success();
}

LogicalResult RunOp::verifySymbolUses(SymbolTableCollection &tables) {
  if (!tables.lookupNearestSymbolFrom<StageOp>(*this, getStageAttr())) // run_c1
    return emitOpError("expects '") << getStage() << "' to be a plan.stage";
  return success();
}

LogicalResult BarrierOp::verify() {
  if (getCall().size() != 0 && getCall().size() != 2) // barrier_c1
    return emitOpError("expects no operands, or a function and its state, got ") << getCall().size();
  return success();
}

LogicalResult trafo::plan::LayersOp::verify() {
  if (getBodies().size() != getRegions().size()) // layers_c1
    return emitOpError("expects a region for each of ") << getBodies().size() << " bodies, got " << getRegions().size();
  for (Region &region : getRegions())
    if (region.getNumArguments() != 1 || !region.getArgument(0).getType().isIndex()) // layers_c1
      return emitOpError("expects each region to have one index argument, the layer");
  for (Attribute entry : getSchedule()) {
    auto layer = dyn_cast<trafo::LayerAttr>(entry);
    if (!layer || !llvm::is_contained(getBodies(), layer.getBody())) // layers_c2
      return emitOpError("expects layers with one of the bodies, got ") << entry;
  }
  return success();
}

LogicalResult BlockContractOp::verify() {
  size_t sums = getGroups() * getTokens();
  if (getSums().size() != sums || getResults().size() != sums) // block_contract_c1
    return emitOpError("expects ") << sums << " sums and results, got " << getSums().size() << " and "
                                   << getResults().size();
  int64_t digits = trafo::int8Terms(getActivation());
  size_t acts = digits == 0 ? 1 : digits == 1 ? 4 : 6;
  if (getActs().size() != acts) // block_contract_c2
    return emitOpError("expects ") << acts << " activation buffers, got " << getActs().size();
  const trafo::FormatInfo *info = trafo::findFormat(std::string_view(getFormat()));
  if (!info) // block_contract_c3
    return emitOpError("expects a storage format, got '") << getFormat() << "'";
  trafo::PackedLayout layout = trafo::packedLayout(info->format, kTileRows, getColumns(), getLayout());
  std::string problem = trafo::layoutProblem(layout);
  if (problem.empty() && (layout.raw || layout.tileRows != kTileRows || (info->grouped && layout.lane != 4)))
    problem = "expects tiles of 16 rows and lanes of 4 columns";
  if (problem.empty() && info->grouped && !layout.isPlanar() && layout.bias != 128)
    problem = "expects planes, or bytes with a bias of 128";
  if (problem.empty() && info->grouped && layout.blocksPerTile() != 1)
    problem = "expects one block of " + std::to_string(info->blockElements) + " columns, got " +
              std::to_string(layout.columns);
  if (!problem.empty()) // block_contract_c3
    return emitOpError("has a layout that ") << getFormat() << " does not fit: " << problem;
  auto codes = cast<MemRefType>(getActs()[0].getType());
  if (digits > 0 && (codes.getRank() != 4 ||
                     codes.getDimSize(2) % (static_cast<int64_t>(getTokens()) * digits) != 0)) // block_contract_c4
    return emitOpError("expects tokens that divide the rows of codes [tiles, groups, rows, 32], got ")
           << getTokens() << " and " << codes;
  if (!trafo::canMultiply(getActivation(), *info)) // block_contract_c5
    return emitOpError("expects weights that ") << trafo::stringifyActivationFormat(getActivation())
                                                << " activations can be multiplied with, got " << getFormat();
  if (getActivation() == trafo::ActivationFormat::BF16G32 &&
      (layout.lane != 2 || getColumns() % trafo::kPairGroup != 0)) // block_contract_c6
    return emitOpError("expects lanes of 2 and a multiple of ")
           << trafo::kPairGroup << " columns for bf16_g32, got " << layout.lane << " and " << getColumns();
  return success();
}

LogicalResult LibraryMatmulOp::verify() {
  LibraryForm form = getForm();
  if (form == LibraryForm::None) // library_matmul_c3
    return emitOpError("expects a form other than none");
  auto x = cast<MemRefType>(getX().getType()), out = cast<MemRefType>(getOut().getType());
  LibraryOperands operands = libraryOperands(form);
  Builder b(getContext());
  Type sums = operands.isExact() ? Type(b.getI32Type()) : b.getF32Type();
  Type numbers = operands.isExact()                               ? Type(b.getI8Type())
                 : operands.rows == trafo::ActivationFormat::BF16 ? Type(b.getBF16Type())
                                                                  : b.getF32Type();
  if (x.getRank() != 2 || out.getRank() != 2 || x.getDimSize(0) != out.getDimSize(0) || x.getElementType() != numbers ||
      out.getElementType() != sums) // library_matmul_c1
    return emitOpError("expects rows of ") << numbers << " and as many of " << sums << ", got " << x << " and " << out;
  if (x.getDimSize(1) % operands.depthStep != 0 || out.getDimSize(1) % kTileRows != 0) // library_matmul_c2
    return emitOpError("expects multiples of ") << operands.depthStep << " and " << kTileRows << " columns, got "
                                                << x.getDimSize(1) << " and " << out.getDimSize(1);
  if (bool(getTable()) != bool(getWorker())) // library_matmul_c4
    return emitOpError("expects the library's table and the worker, or neither");
  return success();
}
