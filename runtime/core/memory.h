#ifndef TRAFO_RUNTIME_CORE_MEMORY_H
#define TRAFO_RUNTIME_CORE_MEMORY_H

#include "trafo/runtime.h"

#include <cstddef>

#include <new>
#include <type_traits>
#include <utility>

namespace trafo::runtime {

/// The caller's allocator, or one over malloc when there is none.
class Allocator {
public:
  explicit Allocator(const trafo_allocator_t *allocator = nullptr);
  void *allocate(size_t size, size_t alignment) const { return table.allocate(table.state, size, alignment); }
  void release(void *memory, size_t size) const {
    if (memory)
      table.release(table.state, memory, size);
  }

  /// A new T, or NULL when out of memory.
  template <typename T, typename... Arguments> T *create(Arguments &&...arguments) const {
    void *memory = allocate(sizeof(T), alignof(T));
    return memory ? new (memory) T(std::forward<Arguments>(arguments)...) : nullptr;
  }
  template <typename T> void destroy(T *object) const {
    if (!object)
      return;
    object->~T();
    release(object, sizeof(T));
  }

private:
  trafo_allocator_t table;
};

/// A fixed-size array of plain values from an Allocator.
template <typename T> class Array {
public:
  static_assert(std::is_trivial_v<T>, "plain values only");
  Array() = default;
  ~Array() { allocator.release(values, count * sizeof(T)); }
  Array(const Array &) = delete;
  Array &operator=(const Array &) = delete;

  /// Zero-filled, unless `clear` is false: memory that may be large and is written before it is read. False when out of
  /// memory. Call once.
  [[nodiscard]] bool allocate(const Allocator &from, size_t size, bool clear = true) {
    if (size > SIZE_MAX / sizeof(T))
      return false;
    allocator = from;
    values = static_cast<T *>(allocator.allocate((size ? size : 1) * sizeof(T), alignof(T)));
    if (!values)
      return false;
    count = size ? size : 1;
    for (size_t i = 0; clear && i < count; ++i)
      values[i] = T();
    return true;
  }
  T *data() { return values; }
  const T *data() const { return values; }
  size_t size() const { return count; }
  T &operator[](size_t i) { return values[i]; }
  const T &operator[](size_t i) const { return values[i]; }

private:
  Allocator allocator;
  T *values = nullptr;
  size_t count = 0;
};

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_CORE_MEMORY_H
