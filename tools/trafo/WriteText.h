//===- WriteText.h - a text becomes a file, whole or not at all -----------===//
#ifndef TRAFO_TOOLS_TRAFO_WRITETEXT_H
#define TRAFO_TOOLS_TRAFO_WRITETEXT_H

#include <string>

namespace trafo::tool {

/// Writes `text` to the file at `path`; nothing where `path` is empty. Returns an exit code after its line on standard
/// error.
int writeText(const std::string &path, const std::string &text);

} // namespace trafo::tool

#endif // TRAFO_TOOLS_TRAFO_WRITETEXT_H
