//===- Gguf.h - the GGUF front door ---------------------------------------===//
#ifndef TRAFO_IMPORT_GGUF_H
#define TRAFO_IMPORT_GGUF_H

#include "lib/Import/Checkpoint.h"

#include <string>

namespace trafo {

/// Reads and validates the header of a GGUF file, version 2 or 3, little-endian, in one piece. Tensor data is mapped
/// and not looked at. Everything in the header is checked against the file's size and lib/Import/Limits.h; time and
/// memory are linear in the header's bytes.
/// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
Result<Checkpoint> readGguf(const std::string &path);
/// The same for a file that is in memory.
Result<Checkpoint> readGguf(std::shared_ptr<const MappedFile> file);

} // namespace trafo

#endif // TRAFO_IMPORT_GGUF_H
