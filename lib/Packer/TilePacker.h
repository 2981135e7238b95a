//===- TilePacker.h - rows of a storage format into a packed tile ---------===//
#ifndef TRAFO_PACKER_TILEPACKER_H
#define TRAFO_PACKER_TILEPACKER_H

#include "dialects/Trafo/IR/PackedLayout.h"

namespace trafo {

/// Packs one tile. `rows` holds the tile's rows one after the other in the storage format, `count` of them, at most
/// layout.tileRows (the last tile may have fewer); `out` takes blocksPerTile() * blockBytes() bytes, all of which are
/// written. The layout is one without a `layoutProblem`.
void packTile(const PackedLayout &layout, const uint8_t *rows, int64_t count, uint8_t *out);

} // namespace trafo

#endif // TRAFO_PACKER_TILEPACKER_H
