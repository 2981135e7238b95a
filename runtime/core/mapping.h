#ifndef TRAFO_RUNTIME_CORE_MAPPING_H
#define TRAFO_RUNTIME_CORE_MAPPING_H

#include "trafo/runtime.h"

namespace trafo::runtime {

/// A read-only, shared mapping of a stretch of a file.
class Mapping {
public:
  Mapping() = default;
  ~Mapping() { unmap(); }
  Mapping(const Mapping &) = delete;
  Mapping &operator=(const Mapping &) = delete;

  /// `offset` need not be page-aligned. The file's size is asked for again just before, so that a file that shrank since
  /// its header was read is an error and not a signal. With `guard`, a later fault in the mapping prints a line with
  /// `name` and exits 74. Errors: TRAFO-ART-0016, -0018.
  trafo_status_t map(int fd, const char *name, uint64_t offset, uint64_t size, bool guard, trafo_error_t *error);
  void unmap();
  const uint8_t *data() const { return bytes; }
  uint64_t size() const { return length; }

private:
  void *address = nullptr;
  uint64_t mappedLength = 0;
  const uint8_t *bytes = nullptr;
  uint64_t length = 0;
  bool guarded = false;
};

/// Watches [address, address + size) for SIGBUS; a fault there prints TRAFO-ART-0016 with `name` and exits 74. Other
/// faults go to whoever handled SIGBUS before. At most 64 ranges are watched at a time; more are simply not.
void guardRange(const void *address, uint64_t size, const char *name);
void unguardRange(const void *address);

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_CORE_MAPPING_H
