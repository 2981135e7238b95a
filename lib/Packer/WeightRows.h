//===- WeightRows.h - the rows of a trafo.weight --------------------------===//
#ifndef TRAFO_PACKER_WEIGHTROWS_H
#define TRAFO_PACKER_WEIGHTROWS_H

#include "lib/Packer/RowReader.h"
#include "mlir/IR/BuiltinOps.h"

namespace trafo {

class RopeAttr;
class WeightOp;

/// Builds the reader of the weight called `name`, running its recipe and those it refers to lazily. Null after a
/// diagnostic: no such weight, a file that does not hold it, a recipe that refers to itself, an op without a reader.
RowReaderPtr openWeight(mlir::ModuleOp module, llvm::StringRef name);

/// The angles that a rope attribute asks for; `factors` has dims / 2 values or is empty.
RopeAngles ropeAngles(RopeAttr rope, const std::vector<double> &factors);

} // namespace trafo

#endif // TRAFO_PACKER_WEIGHTROWS_H
