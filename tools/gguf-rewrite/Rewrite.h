//===- Rewrite.h - a GGUF file in another storage format ------------------===//
#ifndef TRAFO_TOOLS_GGUF_REWRITE_REWRITE_H
#define TRAFO_TOOLS_GGUF_REWRITE_REWRITE_H

#include "lib/Import/Checkpoint.h"

#include <optional>
#include <string>

namespace trafo {

struct RewriteOptions {
  std::optional<Format> format;   ///< of every tensor of two or more dimensions; vectors stay as they are
  std::optional<uint32_t> layers; ///< keep the first so many
};

/// Why a rewrite failed: what to print and the tool's exit code.
struct RewriteFailure {
  std::string message;
  int exitCode;
};

/// Streams `checkpoint` to a file at `out`: tensors dequantised by their rule and stored again in the format asked for
/// (those that have it already are copied), metadata copied but for the layer count and the file type. `out` is either
/// untouched or the complete new file. Nothing on success.
std::optional<RewriteFailure> rewriteGguf(const Checkpoint &checkpoint, const RewriteOptions &options,
                                          const std::string &out);

} // namespace trafo

#endif // TRAFO_TOOLS_GGUF_REWRITE_REWRITE_H
