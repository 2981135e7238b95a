#ifndef TRAFO_RUNTIME_CORE_HASH_H
#define TRAFO_RUNTIME_CORE_HASH_H

#include <cstddef>
#include <cstdint>

namespace trafo::runtime {

/// XXH3-64, all at once or in pieces. The state lives in the object (nothing is allocated).
class Hasher {
public:
  Hasher();
  void update(const void *bytes, size_t size);
  uint64_t digest() const;
  static uint64_t of(const void *bytes, size_t size);

private:
  alignas(64) unsigned char state[576]; // sizeof(XXH3_state_t), asserted in the .cpp
};

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_CORE_HASH_H
