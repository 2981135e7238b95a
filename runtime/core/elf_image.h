#ifndef TRAFO_RUNTIME_CORE_ELF_IMAGE_H
#define TRAFO_RUNTIME_CORE_ELF_IMAGE_H

#include "trafo/runtime.h"

namespace trafo::runtime {

/// A CODE section made runnable: its PT_LOAD segments mapped from the file. The image must need nothing from a dynamic
/// linker (no relocations, no needed libraries, no initialisers, no thread-local storage), so mapping is all there is.
class ElfImage {
public:
  ElfImage() = default;
  ~ElfImage() { unmap(); }
  ElfImage(const ElfImage &) = delete;
  ElfImage &operator=(const ElfImage &) = delete;

  /// Checks and maps the image of `size` bytes at `offset` of the file. Errors: TRAFO-ART-0010, -0018.
  trafo_status_t map(int fd, const char *name, uint64_t offset, uint64_t size, bool guard, trafo_error_t *error);
  void unmap();
  trafo_query_fn query() const { return entry; }

  /// The checks of `map` alone, for tools that look at code for another machine.
  static trafo_status_t check(int fd, const char *name, uint64_t offset, uint64_t size, trafo_error_t *error);

private:
  void *address = nullptr;
  uint64_t length = 0;
  trafo_query_fn entry = nullptr;
  bool guarded = false;
};

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_CORE_ELF_IMAGE_H
