//===- PanelBuffers.h - where a panel lies --------------------------------===//
#ifndef TRAFO_PASSES_TILE_PANELBUFFERS_H
#define TRAFO_PASSES_TILE_PANELBUFFERS_H

#include "passes/Tile/VectorMath.h"

namespace trafo {

/// The private buffers of a panel, named after its type: panels of one type share them, since a stage prepares a panel
/// right before it is contracted. Rows that a micro-kernel takes together lie together block by block, so that each
/// buffer is read from front to back.
struct PanelBuffers {
  mlir::Value values;             ///< f32 or bf16 [rows, columns padded to 16]
  mlir::Value codes;              ///< int8: i8 [tiles, cols / 32, tileRows, 32] of rows x terms
  mlir::Value scales, scaledSums; ///< int8: f32 [tiles, cols / 32, tileRows]; of i8_row [tiles, 1, tileRows], sums i32
  mlir::Value sums;               ///< int8: i16 [tiles, cols / 32, tileRows, 2], of 16 codes each
  mlir::Value words,
      wordSums;     ///< two digits: i16 [tiles, cols / 32, tileRows / 2, 32], i32 [tiles, cols / 32, tileRows / 2]
  int64_t terms;    ///< panel rows that are one row of results
  int64_t tileRows; ///< rows that lie together, whole terms

  PanelBuffers(VectorMath &b, plan::PanelType panel, plan::TargetAttr target)
      : terms(std::max<int64_t>(1, int8Terms(panel.getFormat()))),
        tileRows(std::max(terms, target.getTileTokens() / terms * terms)) {
    if (multipliesWords(target.getDot()))
      tileRows = target.getTileTokens() * terms;
    int64_t rows = panel.getRows() * terms, cols = panel.getCols();
    std::string name = ("panel_" + llvm::Twine(rows) + "x" + llvm::Twine(cols)).str();
    if (int8Terms(panel.getFormat()) == 0) {
      int64_t padded = llvm::alignTo(cols, plan::kTileRows);
      mlir::Type element = panel.getFormat() == ActivationFormat::F32 ? mlir::Type(b.getF32Type()) : b.getBF16Type();
      values = b.scratch((name + "_" + stringifyActivationFormat(panel.getFormat())).str(),
                         b.memref({rows, padded}, element));
      return;
    }
    int64_t tiles = llvm::divideCeil(rows, tileRows), blocks = cols / 32;
    codes = b.scratch(name + "_codes", b.memref({tiles, blocks, tileRows, 32}, b.getI8Type()));
    if (panel.getFormat() == ActivationFormat::I8Row) {
      scales = b.scratch(name + "_row_scales", b.memref({tiles, 1, tileRows}, b.getF32Type()));
      scaledSums = b.scratch(name + "_row_sums", b.memref({tiles, 1, tileRows}, b.getI32Type()));
    } else {
      scales = b.scratch(name + "_scales", b.memref({tiles, blocks, tileRows}, b.getF32Type()));
      scaledSums = b.scratch(name + "_scaled_sums", b.memref({tiles, blocks, tileRows}, b.getF32Type()));
    }
    sums = b.scratch(name + "_sums", b.memref({tiles, blocks, tileRows, 2}, b.getI16Type()));
    if (terms == 1)
      return;
    words = b.scratch(name + "_words", b.memref({tiles, blocks, tileRows / 2, 32}, b.getI16Type()));
    wordSums = b.scratch(name + "_word_sums", b.memref({tiles, blocks, tileRows / 2}, b.getI32Type()));
  }

  /// What plan.block_contract takes.
  llvm::SmallVector<mlir::Value> acts() const {
    if (values)
      return {values};
    llvm::SmallVector<mlir::Value> all{codes, scales, scaledSums, sums};
    if (words)
      all.append({words, wordSums});
    return all;
  }

  /// Whether codes of two digits are multiplied whole with weights that are bytes: as fast as one of their digits.
  static bool multipliesWords(plan::DotKind dot) { return dot == plan::DotKind::Maddubs; }
};

} // namespace trafo

#endif
