//===- PanelBuffers.h - where a panel lies --------------------------------===//
#ifndef TRAFO_PASSES_TILE_PANELBUFFERS_H
#define TRAFO_PASSES_TILE_PANELBUFFERS_H

#include "passes/Tile/VectorMath.h"

namespace trafo {

/// The private buffers of a panel, named after its type: panels of one type share them, since a stage prepares a panel
/// right before it is contracted.
struct PanelBuffers {
  mlir::Value values;                          ///< f32 or bf16 [rows, columns padded to 16]
  mlir::Value codes, scales, scaledSums, sums; ///< int8, rows x terms each: i8 [cols], f32 [cols / 32] twice,
                                               ///< i16 [cols / 16]

  PanelBuffers(VectorMath &b, plan::PanelType panel) {
    int64_t rows = panel.getRows(), cols = panel.getCols();
    rows *= std::max<int64_t>(1, int8Terms(panel.getFormat()));
    std::string name = ("panel_" + llvm::Twine(rows) + "x" + llvm::Twine(cols)).str();
    if (int8Terms(panel.getFormat()) == 0) {
      int64_t padded = llvm::alignTo(cols, plan::kTileRows);
      mlir::Type element = panel.getFormat() == ActivationFormat::F32 ? mlir::Type(b.getF32Type()) : b.getBF16Type();
      values = b.scratch((name + "_" + stringifyActivationFormat(panel.getFormat())).str(),
                         b.memref({rows, padded}, element));
      return;
    }
    codes = b.scratch(name + "_codes", b.memref({rows, cols}, b.getI8Type()));
    scales = b.scratch(name + "_scales", b.memref({rows, cols / 32}, b.getF32Type()));
    scaledSums = b.scratch(name + "_scaled_sums", b.memref({rows, cols / 32}, b.getF32Type()));
    sums = b.scratch(name + "_sums", b.memref({rows, cols / 16}, b.getI16Type()));
  }

  /// What plan.block_contract takes.
  llvm::SmallVector<mlir::Value> acts() const {
    if (values)
      return {values};
    return {codes, scales, scaledSums, sums};
  }
};

} // namespace trafo

#endif
