#include "runtime/core/memory.h"

#include <cstdlib>

namespace trafo::runtime {

static void *allocateByMalloc(void *, size_t size, size_t alignment) {
  if (alignment <= alignof(std::max_align_t))
    return malloc(size);
  return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void releaseByFree(void *, void *memory, size_t) { free(memory); }

Allocator::Allocator(const trafo_allocator_t *allocator)
    : table(allocator ? *allocator : trafo_allocator_t{nullptr, allocateByMalloc, releaseByFree}) {}

} // namespace trafo::runtime
