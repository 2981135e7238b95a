#ifndef TRAFO_RUNTIME_CORE_PAYLOAD_H
#define TRAFO_RUNTIME_CORE_PAYLOAD_H

#include "trafo/runtime.h"

namespace trafo::runtime {

/// The checked header and section table of an artefact (include/trafo/artifact.h has the layout). Everything a caller
/// can read here was checked against the file's size: sections lie inside the payload, in ascending order, without
/// overlap, with only known kinds, reserved fields zero, and CODE and WEIGHTS page-aligned.
struct Payload {
  static constexpr uint32_t kMaxSections = 64;
  static constexpr uint64_t kMaxCodeBytes = 256ull << 20;
  static constexpr uint64_t kMaxTextBytes = 1ull << 30;
  static constexpr uint64_t kMaxInfoBytes = 256ull << 20;

  int fd = -1;           ///< not owned
  uint64_t fileSize = 0; ///< by fstat at the time of the check
  uint64_t base = 0;     ///< offset of the payload in the file
  trafo_artifact_header_t header = {};
  trafo_section_t sections[kMaxSections] = {};

  const trafo_section_t *find(uint32_t kind) const;
  uint64_t fileOffset(const trafo_section_t &section) const { return base + section.offset; }
};

/// Reads and checks trailer, header and table. `name` is for messages. Errors: TRAFO-ART-0001 to -0007, -0015, -0018.
trafo_status_t readPayload(int fd, const char *name, trafo_error_t *error, Payload *out);

/// Reads `size` bytes at `offset` of the file, whatever signals and short reads come. Errors: TRAFO-ART-0018.
trafo_status_t readAt(int fd, const char *name, uint64_t offset, void *out, size_t size, trafo_error_t *error);

/// Compares a section's bytes with its hash, in pieces (memory use does not grow with it). Errors: TRAFO-ART-0008.
trafo_status_t checkSectionHash(const Payload &payload, const trafo_section_t &section, const char *name,
                                trafo_error_t *error);

/// "CODE", "WEIGHTS", ...
const char *sectionName(uint32_t kind);

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_CORE_PAYLOAD_H
