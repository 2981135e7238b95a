//===- GgufBuilder.h - GGUF files for tests, right or wrong ---------------===//
//
// Builds a file from parts that may each be made wrong, without any of the reader's checks.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_TEST_IMPORT_GGUFBUILDER_H
#define TRAFO_TEST_IMPORT_GGUFBUILDER_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trafo::test {

/// Little-endian bytes.
template <class T> std::string raw(T value) {
  return std::string(reinterpret_cast<const char *>(&value), sizeof(value));
}
inline std::string u32(uint32_t value) { return raw(value); }
inline std::string u64(uint64_t value) { return raw(value); }
/// A string as GGUF has it: length and bytes.
inline std::string text(std::string_view value) { return u64(value.size()) + std::string(value); }

/// Type ids of values.
enum : uint32_t { kU8, kI8, kU16, kI16, kU32, kI32, kF32, kBool, kString, kArray, kU64, kI64, kF64 };

/// A value with its type in front.
inline std::string ofType(uint32_t type, std::string payload) { return u32(type) + std::move(payload); }
inline std::string vU16(uint16_t value) { return ofType(kU16, raw(value)); }
inline std::string vU32(uint32_t value) { return ofType(kU32, raw(value)); }
inline std::string vI32(int32_t value) { return ofType(kI32, raw(value)); }
inline std::string vU64(uint64_t value) { return ofType(kU64, raw(value)); }
inline std::string vF32(float value) { return ofType(kF32, raw(value)); }
inline std::string vBool(uint8_t value) { return ofType(kBool, raw(value)); }
inline std::string vText(std::string_view value) { return ofType(kString, text(value)); }
inline std::string vArray(uint32_t element, uint64_t count, std::string payload) {
  return ofType(kArray, u32(element) + u64(count) + std::move(payload));
}
inline std::string vTexts(const std::vector<std::string> &values) {
  std::string payload;
  for (const std::string &value : values)
    payload += text(value);
  return vArray(kString, values.size(), payload);
}
template <class T> std::string vNumbers(uint32_t element, const std::vector<T> &values) {
  std::string payload;
  for (T value : values)
    payload += raw(value);
  return vArray(element, values.size(), payload);
}

struct BuiltTensor {
  std::string name;
  std::vector<uint64_t> dims; ///< innermost first, as in the file
  uint32_t type = 0;
  uint64_t bytes = 0;               ///< of data to write
  std::optional<uint64_t> offset;   ///< else behind the tensor before, aligned
  std::optional<uint32_t> rank;     ///< else dims.size()
  std::optional<uint64_t> nameSize; ///< else name.size()
};

class GgufBuilder {
public:
  std::string magic = "GGUF";
  uint32_t version = 3;
  std::optional<uint64_t> tensorCount, keyCount;
  uint64_t alignment = 32; ///< what data is written with; the key is a key like others

  /// Adds or replaces a key.
  GgufBuilder &key(std::string_view name, std::string value);
  /// Adds a key even if it is there.
  GgufBuilder &again(std::string_view name, std::string value);
  GgufBuilder &erase(std::string_view name);
  /// Adds a tensor; `type` is 0 (f32) unless given, `bytes` follow from the type if it is f32, f16 or q8_0.
  GgufBuilder &tensor(std::string_view name, std::vector<uint64_t> dims, uint32_t type = 0);
  /// The last tensor added, or the one called `name`.
  BuiltTensor &last() { return tensors.back(); }
  BuiltTensor &named(std::string_view name);
  GgufBuilder &eraseTensor(std::string_view name);

  std::string header() const;
  /// Header, padding and data, the latter zeros; the last tensor is not padded.
  std::string bytes() const;

private:
  std::vector<uint64_t> offsets() const;
  std::vector<std::pair<std::string, std::string>> keys;
  std::vector<BuiltTensor> tensors;
};

/// general.architecture alone, 45 bytes from offset 24 on, so that the next key or tensor starts at 69.
GgufBuilder bare();
inline constexpr uint64_t kBareEnd = 69;

/// A complete model: 1 layer, hidden 32, 2 heads, 1 KV head, feed-forward 64, vocabulary 8, with a tokenizer.
GgufBuilder tinyLlama();

} // namespace trafo::test

#endif // TRAFO_TEST_IMPORT_GGUFBUILDER_H
