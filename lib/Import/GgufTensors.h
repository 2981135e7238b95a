//===- GgufTensors.h - the tensor table of a GGUF file --------------------===//
#ifndef TRAFO_IMPORT_GGUFTENSORS_H
#define TRAFO_IMPORT_GGUFTENSORS_H

#include "lib/Import/Checkpoint.h"

namespace trafo {

/// Reads `count` tensor infos at the reader's place into `checkpoint.tensors` and checks where their data lies:
/// aligned, inside the file, without overlap, without bytes that belong to nobody. Part of readGguf.
Result<void> readTensors(Checkpoint &checkpoint, ByteReader &reader, uint64_t count);

} // namespace trafo

#endif // TRAFO_IMPORT_GGUFTENSORS_H
