#ifndef TRAFO_RUNTIME_CORE_MODEL_H
#define TRAFO_RUNTIME_CORE_MODEL_H

#include "runtime/core/elf_image.h"
#include "runtime/core/mapping.h"
#include "runtime/core/memory.h"
#include "runtime/core/payload.h"
#include "runtime/text/tokenizer.h"

#include <atomic>
#include <memory>

/// A loaded artefact. Immutable after loading, so that sessions on several threads may share it.
struct trafo_model_t {
  trafo_model_t() = default;
  ~trafo_model_t();

  std::atomic<int32_t> references{1};
  trafo::runtime::Allocator allocator;
  int fd = -1; ///< owned
  char name[512] = {};
  bool guard = false;
  trafo::runtime::Payload payload;
  trafo_manifest_t manifest = {};
  trafo::runtime::Mapping text, info, weights;
  trafo::runtime::ElfImage image;
  int32_t codeSection = -1;
  trafo_code_t code = {};
  std::unique_ptr<trafo::text::Tokenizer> tokenizer; ///< NULL: the artefact has no TEXT section
};

namespace trafo::runtime {

/// Checks every number of the memory plan against every other. Errors: TRAFO-ART-0009.
trafo_status_t checkManifest(const trafo_manifest_t &manifest, const char *name, trafo_error_t *error);

/// Maps the first CODE section this CPU can run and asks it for its step. Errors: TRAFO-ART-0005, -0010, -0011.
trafo_status_t loadCode(trafo_model_t *model, trafo_error_t *error);

/// Maps the weights: the artefact's own, or those of the file the options name, after checking that they are the ones
/// the code was made for. Errors: TRAFO-ART-0008, -0012 to -0018.
trafo_status_t loadWeights(trafo_model_t *model, const trafo_load_options_t &options, trafo_error_t *error);

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_CORE_MODEL_H
