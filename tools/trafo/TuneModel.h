//===- TuneModel.h - a model whose contractions are timed -----------------===//
#ifndef TRAFO_TOOLS_TRAFO_TUNEMODEL_H
#define TRAFO_TOOLS_TRAFO_TUNEMODEL_H

#include "trafo/Formats.h"

#include <cstdint>
#include <string>

namespace trafo::tool {

/// The most rows of a step of the model.
inline constexpr int64_t kTunedRows = 512;

/// A decoder of random weights in `format` as the importer would give it: layers of four contractions that differ in size,
/// so many of them that reading their weights is reading memory, not a cache.
std::string tuneModel(const FormatInfo &format);

} // namespace trafo::tool

#endif // TRAFO_TOOLS_TRAFO_TUNEMODEL_H
