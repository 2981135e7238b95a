#include "runtime/core/hash.h"

// The state's layout is needed to keep it on the stack; the functions come from the static library.
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

namespace trafo::runtime {

static XXH3_state_t *as(void *state) { return static_cast<XXH3_state_t *>(state); }

Hasher::Hasher() {
  static_assert(sizeof(XXH3_state_t) <= sizeof(state) && alignof(XXH3_state_t) <= 64, "state of XXH3");
  XXH3_INITSTATE(as(state));
  XXH3_64bits_reset(as(state));
}
void Hasher::update(const void *bytes, size_t size) { XXH3_64bits_update(as(state), bytes, size); }
uint64_t Hasher::digest() const { return XXH3_64bits_digest(as(const_cast<unsigned char *>(state))); }
uint64_t Hasher::of(const void *bytes, size_t size) { return XXH3_64bits(bytes, size); }

} // namespace trafo::runtime
