//===- PackWeights.h - the bytes of a model's packed weights --------------===//
#ifndef TRAFO_PACKER_PACKWEIGHTS_H
#define TRAFO_PACKER_PACKWEIGHTS_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace trafo {

/// Takes the next bytes; false ends the packing (the taker has said why).
using PackSink = llvm::function_ref<bool(const uint8_t *bytes, size_t size)>;
/// Told now and then how many of how many bytes are done.
using PackProgress = llvm::function_ref<void(int64_t done, int64_t total)>;

/// Bytes that `packWeights` will write: the end of the last weight that has an offset.
int64_t packedWeightsBytes(mlir::ModuleOp module);

/// Writes every trafo.weight that has `offset` and `layout`, in the order of their offsets, with zeros between them.
/// Memory stays at about two megabytes plus a tile of rows, whatever the weights. Fails after a diagnostic.
mlir::LogicalResult packWeights(mlir::ModuleOp module, PackSink sink, PackProgress progress = nullptr);

} // namespace trafo

#endif // TRAFO_PACKER_PACKWEIGHTS_H
