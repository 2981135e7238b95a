//===- ByteReader.h - the one way readers look at bytes -------------------===//
#ifndef TRAFO_IMPORT_BYTEREADER_H
#define TRAFO_IMPORT_BYTEREADER_H

#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace trafo {

/// Bytes that somebody else owns, with their number.
struct Span {
  const uint8_t *data = nullptr;
  uint64_t size = 0;
};

/// A little-endian number at `bytes`, unaligned. The caller has checked that sizeof(T) bytes are there.
template <class T> T loadLittleEndian(const uint8_t *bytes) {
  using Bits = std::conditional_t<
      sizeof(T) == 1, uint8_t,
      std::conditional_t<sizeof(T) == 2, uint16_t, std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>>;
  static_assert(sizeof(T) == sizeof(Bits));
  Bits bits = 0;
  for (unsigned i = 0; i < sizeof(T); ++i)
    bits = static_cast<Bits>(bits | (static_cast<Bits>(bytes[i]) << (8 * i)));
  T value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

/// Walks a span from front to back. A read past the end fails and moves nothing.
class ByteReader {
public:
  explicit ByteReader(Span span) : span(span) {}

  uint64_t position() const { return at; }
  uint64_t remaining() const { return span.size - at; }
  const uint8_t *here() const { return span.data + at; }

  template <class T> [[nodiscard]] bool read(T &out) {
    if (remaining() < sizeof(T))
      return false;
    out = loadLittleEndian<T>(here());
    at += sizeof(T);
    return true;
  }
  [[nodiscard]] bool skip(uint64_t bytes) {
    if (remaining() < bytes)
      return false;
    at += bytes;
    return true;
  }
  [[nodiscard]] bool read(std::string_view &out, uint64_t bytes) {
    if (remaining() < bytes)
      return false;
    out = std::string_view(reinterpret_cast<const char *>(here()), bytes);
    at += bytes;
    return true;
  }

private:
  Span span;
  uint64_t at = 0;
};

} // namespace trafo

#endif // TRAFO_IMPORT_BYTEREADER_H
