//===- AssignArena.cpp - every buffer's place in the arena ----------------===//
//
// The last word of the compiler on memory: everything a step touches besides weights has an offset here, and the size
// is what the runtime allocates.
//
//===----------------------------------------------------------------------===//
#include "dialects/Plan/IR/PlanOps.h"
#include "passes/Tile/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"

namespace trafo {
#define GEN_PASS_DEF_ASSIGNARENAPASS
#include "passes/Tile/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using namespace trafo;

namespace {

int64_t bytesOf(MemRefType type) { return type.getNumElements() * type.getElementTypeBitWidth() / 8; }

struct AssignArenaPass : trafo::impl::AssignArenaPassBase<AssignArenaPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto config = module->getAttrOfType<ConfigAttr>(kConfigAttrName);
    auto weightsSize = module->getAttrOfType<IntegerAttr>("plan.weights_size");
    auto costs = module->getAttrOfType<ArrayAttr>(plan::kCostsAttr);
    if (!config || !weightsSize || !costs) {
      module.emitError("expects trafo.config, and trafo-pack-weights and trafo-count-costs to have run");
      return signalPassFailure();
    }
    Builder builder(module.getContext());
    int64_t end = 0, logitsOffset = -1, logitsStride = 0, logitsMaxima = 0, vocabulary = 0, layers = 0, barriers = 0,
            decodeBytes = 0;
    auto place = [&](plan::BufferOp buffer, int64_t bytes, int64_t alignment) {
      end = llvm::alignTo(end, alignment);
      buffer.setOffsetAttr(builder.getI64IntegerAttr(end));
      end += bytes;
    };
    for (auto buffer : module.getOps<plan::BufferOp>()) {
      auto type = cast<MemRefType>(buffer.getType());
      if (buffer.getIsPrivate() || buffer.getCachedLayers())
        continue;
      place(buffer, bytesOf(type), 64);
      if (buffer.getLogits()) {
        logitsOffset = *buffer.getOffset();
        logitsStride = type.getDimSize(1);
        logitsMaxima = buffer.getLogitsMaxima().value_or(0);
        vocabulary = *buffer.getLogits();
      }
    }
    int64_t kvOffset = end = llvm::alignTo(end, 4096);
    SmallVector<Attribute> pools;
    for (plan::BufferOp pool : plan::cachePools(module)) {
      auto type = cast<MemRefType>(pool.getType());
      place(pool, bytesOf(type), 4096);
      pools.push_back(plan::PoolAttr::get(&getContext(), *pool.getOffset(), bytesOf(type), type.getDimSize(1),
                                          pool.getCachedLayersAttr(), pool.getWindow().value_or(0)));
    }
    int64_t kvSize = end - kvOffset;
    // Private buffers side by side, one such block per worker.
    int64_t first = llvm::alignTo(end, 4096), stride = 0;
    SmallVector<plan::BufferOp> privates;
    for (auto buffer : module.getOps<plan::BufferOp>())
      if (buffer.getIsPrivate()) {
        buffer.setOffsetAttr(builder.getI64IntegerAttr(first + stride));
        stride += llvm::alignTo(bytesOf(cast<MemRefType>(buffer.getType())), 64);
        privates.push_back(buffer);
      }
    stride = llvm::alignTo(stride, 4096); // workers do not share a page, let alone a line
    for (plan::BufferOp buffer : privates) {
      buffer.setStrideAttr(builder.getI64IntegerAttr(stride));
      auto stages = buffer->getAttrOfType<DenseI64ArrayAttr>("stages"); // the log of trafo-instrument-stages
      if (stages)
        module->setAttr(plan::kProfileAttr, plan::ProfileAttr::get(&getContext(), *buffer.getOffset(), stride, stages,
                                                                   buffer->getAttrOfType<DenseI64ArrayAttr>("layers")));
    }
    int64_t size = first + stride * config.getMaxWorkers();

    for (auto cost : costs.getAsRange<plan::CostAttr>())
      decodeBytes += cost.getRuns() * cost.getWeightBytes();
    for (auto step : module.getOps<plan::StepOp>())
      for (Operation &op : step.getBody().front()) {
        barriers += isa<plan::BarrierOp>(op);
        auto loop = dyn_cast<plan::LayersOp>(op);
        if (!loop)
          continue;
        layers = loop.getSchedule().size();
        for (auto layer : loop.getSchedule().getAsRange<LayerAttr>()) {
          auto body = llvm::find(loop.getBodies(), Attribute(layer.getBody())) - loop.getBodies().begin();
          barriers += llvm::range_size(loop.getRegions()[body].getOps<plan::BarrierOp>());
        }
      }
    module->setAttr(plan::kArenaAttr,
                    plan::ArenaAttr::get(module.getContext(), size, weightsSize.getInt(), logitsOffset, logitsStride,
                                         kvOffset, kvSize, builder.getArrayAttr(pools), barriers, vocabulary, layers,
                                         decodeBytes, logitsMaxima));
  }
};
} // namespace
