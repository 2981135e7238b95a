//===- Metadata.h - typed values of a checkpoint's header -----------------===//
//
// Values are views into the mapped file: a vocabulary of 49,152 strings costs one entry here. The reader has walked
// every value before one of these exists, so the accessors need no bounds.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_IMPORT_METADATA_H
#define TRAFO_IMPORT_METADATA_H

#include "lib/Import/ByteReader.h"

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace trafo {

/// GGUF's value types, by their ids in the file.
enum class ValueType : uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 };
inline constexpr uint32_t kValueTypeCount = 13;

/// "u32", "string", "array".
const char *valueTypeName(ValueType type);
/// Bytes of a value of fixed size; 0 for strings and arrays.
uint32_t valueTypeBytes(ValueType type);

/// An array of strings, each a 64-bit length and its bytes, one behind the other. Forward iteration only.
class StringArray {
public:
  StringArray() = default;
  StringArray(const uint8_t *first, uint64_t count) : first(first), count(count) {}
  uint64_t size() const { return count; }
  bool empty() const { return count == 0; }

  class iterator {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    using pointer = const std::string_view *;
    using reference = std::string_view;
    iterator(const uint8_t *at, uint64_t left) : at(at), left(left) {}
    std::string_view operator*() const { return {reinterpret_cast<const char *>(at + 8), length()}; }
    iterator &operator++() {
      at += 8 + length();
      --left;
      return *this;
    }
    bool operator==(const iterator &other) const { return left == other.left; }
    bool operator!=(const iterator &other) const { return left != other.left; }

  private:
    uint64_t length() const { return loadLittleEndian<uint64_t>(at); }
    const uint8_t *at;
    uint64_t left;
  };
  iterator begin() const { return {first, count}; }
  iterator end() const { return {nullptr, 0}; }

  /// All elements, for random access; 16 bytes each.
  std::vector<std::string_view> views() const { return {begin(), end()}; }

private:
  const uint8_t *first = nullptr;
  uint64_t count = 0;
};

/// An array of numbers (T of the width of the array's element type).
template <class T> class NumberArray {
public:
  NumberArray() = default;
  NumberArray(const uint8_t *first, uint64_t count) : first(first), count(count) {}
  uint64_t size() const { return count; }
  bool empty() const { return count == 0; }
  T operator[](uint64_t i) const { return loadLittleEndian<T>(first + i * sizeof(T)); }

private:
  const uint8_t *first = nullptr;
  uint64_t count = 0;
};

struct MetadataValue {
  ValueType type = ValueType::U8;
  ValueType elementType = ValueType::U8; ///< of an array; otherwise as `type`
  uint64_t count = 1;                    ///< elements of an array, bytes of a string; otherwise 1
  const uint8_t *data = nullptr;         ///< the scalar, the string's bytes, or the array's first element

  /// "u32", "array of string".
  const char *elementName() const { return valueTypeName(elementType); }
  std::string_view string() const { return {reinterpret_cast<const char *>(data), count}; }
  StringArray strings() const { return {data, count}; }
  template <class T> T number() const { return loadLittleEndian<T>(data); }
  template <class T> NumberArray<T> numbers() const { return {data, count}; }
};

struct MetadataEntry {
  std::string_view key;
  MetadataValue value;
  uint64_t offset = 0; ///< of the entry (its key's length) in the file
  uint64_t bytes = 0;  ///< of the entry, key and value
};

/// All keys in the file's order, found by name.
class Metadata {
public:
  /// False if the key is there already.
  [[nodiscard]] bool insert(const MetadataEntry &entry) {
    if (!byKey.emplace(entry.key, entries.size()).second)
      return false;
    entries.push_back(entry);
    return true;
  }
  /// The entry, or null.
  const MetadataEntry *find(std::string_view key) const {
    auto it = byKey.find(key);
    return it == byKey.end() ? nullptr : &entries[it->second];
  }
  uint64_t size() const { return entries.size(); }
  auto begin() const { return entries.begin(); }
  auto end() const { return entries.end(); }

private:
  std::vector<MetadataEntry> entries;
  std::map<std::string_view, uint64_t> byKey;
};

} // namespace trafo

#endif // TRAFO_IMPORT_METADATA_H
