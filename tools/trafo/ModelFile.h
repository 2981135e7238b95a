//===- ModelFile.h - what kind of file a command was given ----------------===//
#ifndef TRAFO_TOOLS_TRAFO_MODELFILE_H
#define TRAFO_TOOLS_TRAFO_MODELFILE_H

#include "trafo/runtime.h"

#include <string>

namespace trafo::tool {

enum class FileKind {
  Artifact, ///< ends like a compiled model, or is a program that should
  Numpy,    ///< logits as an earlier `trafo eval` wrote them
  Model     ///< anything else: a model file, or what its reader will refuse
};
FileKind kindOf(const std::string &path);

/// Prints "trafo: error: CODE: message" and returns `status`.
int report(trafo_status_t status, const trafo_error_t &error);

/// A compiled model and a session on it. A model file is compiled to a temporary program first.
class LoadedModel {
public:
  LoadedModel() = default;
  ~LoadedModel();
  LoadedModel(const LoadedModel &) = delete;
  LoadedModel &operator=(const LoadedModel &) = delete;

  struct Options {
    int32_t threads = 0;
    std::string weights;    ///< a separate weights file, "" if none
    int32_t maxContext = 0; ///< for compiling, 0: the compiler's default
  };
  /// Returns an exit code after its line on standard error.
  int open(const std::string &path, const Options &options);
  /// Opens the compiled program (and weights) at `path`, without a line: the error is the caller's to tell.
  trafo_status_t openProgram(const std::string &path, const Options &options, trafo_error_t *error);
  void close();

  trafo_model_t *model = nullptr;
  trafo_session_t *session = nullptr;
  const trafo_manifest_t *manifest = nullptr;
};

} // namespace trafo::tool

#endif // TRAFO_TOOLS_TRAFO_MODELFILE_H
