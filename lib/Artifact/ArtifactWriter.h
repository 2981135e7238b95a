//===- ArtifactWriter.h - writes compiled models --------------------------===//
//
// The writing half of include/trafo/artifact.h (runtime/core/payload.h reads). Free of LLVM.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_ARTIFACT_ARTIFACTWRITER_H
#define TRAFO_ARTIFACT_ARTIFACTWRITER_H

#include "trafo/runtime.h"

#include <memory>
#include <string>

namespace trafo {

struct ArtifactOptions {
  std::string output;     ///< the path the finished file takes
  std::string launcher;   ///< program or shared library to put first; empty: the file begins with the payload
  uint64_t modelHash = 0; ///< XXH3-64 of the source model's header
  bool executable = true; ///< file mode 0755 instead of 0644, less what the umask takes away
};

/// Writes one artefact beside its final name and renames it when it is complete, so that at every moment the name holds
/// the old file or the new one. Weights stream through in pieces of any size and are hashed on the way; memory use does
/// not grow with them. Sections lie in the file in the order they were added; the bytes of the file depend on nothing
/// but the arguments. For a library whose weights lie beside it, write two artefacts: one with weights and a NULL
/// manifest, then one without, whose manifest holds the first one's weightsSize() and weightsHash().
///
/// All functions return TRAFO_OK or fill `error` with one line. After a failure, or if the writer goes away without
/// finish(), nothing is left behind; what a killed process left is removed by the next writer of the same output.
/// Errors: TRAFO-ART-0030 (launcher), -0031 (create), -0032 (write), -0033 (rename), -0034 (our bug).
class ArtifactWriter {
public:
  ArtifactWriter();
  ~ArtifactWriter();
  ArtifactWriter(const ArtifactWriter &) = delete;
  ArtifactWriter &operator=(const ArtifactWriter &) = delete;

  trafo_status_t open(const ArtifactOptions &options, trafo_error_t *error);

  /// A CODE image (best tier first; `features` are TRAFO_CPU_* bits), the TEXT section, the INFO section.
  trafo_status_t addCode(const void *image, size_t size, uint64_t features, trafo_error_t *error);
  trafo_status_t addText(const void *bytes, size_t size, trafo_error_t *error);
  trafo_status_t addInfo(const void *json, size_t size, trafo_error_t *error);

  /// The WEIGHTS section: begin, any number of writes, end. No other section may be added in between.
  trafo_status_t beginWeights(trafo_error_t *error);
  trafo_status_t writeWeights(const void *bytes, size_t size, trafo_error_t *error);
  trafo_status_t padWeights(uint64_t alignment, trafo_error_t *error); ///< zeros up to a multiple of `alignment`
  trafo_status_t endWeights(trafo_error_t *error);
  uint64_t weightsSize() const; ///< bytes so far: the offset of the next write in the section
  uint64_t weightsHash() const; ///< after endWeights

  /// Writes the manifest (NULL: a file that only carries weights), table, header and trailer, syncs and renames.
  /// struct_size, weights_size and weights_hash are filled in here; the latter two only if this file has weights.
  trafo_status_t finish(const trafo_manifest_t *manifest, trafo_error_t *error);
  /// finish() in two steps, for files that belong together: none takes its name before all are on the disk.
  trafo_status_t seal(const trafo_manifest_t *manifest, trafo_error_t *error);
  trafo_status_t publish(trafo_error_t *error);

  /// Gives up: removes the temporary. Nothing else may be called afterwards.
  void abandon();

private:
  struct State;
  std::unique_ptr<State> state;
};

/// Removes temporaries beside `output` that no living writer holds, as a compiler that was killed leaves them.
void removeStaleTemporaries(const std::string &output);

} // namespace trafo

#endif // TRAFO_ARTIFACT_ARTIFACTWRITER_H
