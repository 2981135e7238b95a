#include "lib/Import/Checkpoint.h"

using namespace trafo;

int64_t TensorInfo::elements() const {
  int64_t product = 1;
  for (int64_t dim : dims)
    product *= dim;
  return product;
}

std::string TensorInfo::shapeText() const {
  std::string out = "[";
  for (size_t i = 0; i < dims.size(); ++i)
    out += concat(i == 0 ? "" : ", ", dims[i]);
  return out + "]";
}

const TensorInfo *Checkpoint::findTensor(std::string_view name) const {
  auto it = tensorsByName.find(name);
  return it == tensorsByName.end() ? nullptr : &tensors[it->second];
}

namespace {
std::string typeText(const MetadataValue &value) {
  if (value.type != ValueType::Array)
    return valueTypeName(value.type);
  return concat("array of ", value.count, " ", value.elementName());
}

/// The value of `key` if it has the type asked for, nothing if there is none.
Result<std::optional<MetadataValue>> lookUp(const Checkpoint &checkpoint, std::string_view key, ValueType type,
                                            std::optional<ValueType> elementType = std::nullopt) {
  const MetadataEntry *entry = checkpoint.metadata.find(key);
  if (!entry)
    return std::optional<MetadataValue>();
  bool matches = entry->value.type == type && (!elementType || entry->value.elementType == *elementType);
  if (matches)
    return std::optional<MetadataValue>(entry->value);
  std::string expected = elementType ? concat("array of ", valueTypeName(*elementType)) : valueTypeName(type);
  return checkpoint.error(ErrorCode::GgufKeyType, concat("key ", quoted(key), " at offset ", entry->offset, " is ",
                                                         typeText(entry->value), ", expected ", expected));
}

/// Turns the looked-up value into a T.
template <class T, class Convert>
Result<std::optional<T>> convert(Result<std::optional<MetadataValue>> value, Convert to) {
  if (!value)
    return std::move(value.error());
  const std::optional<MetadataValue> &found = *value;
  return found ? std::optional<T>(to(*found)) : std::nullopt;
}

/// Makes a missing value an error.
template <class T>
Result<T> required(const Checkpoint &checkpoint, std::string_view key, Result<std::optional<T>> value) {
  if (!value)
    return std::move(value.error());
  std::optional<T> &found = *value;
  if (!found)
    return checkpoint.error(ErrorCode::GgufKeyMissing, concat("key ", quoted(key), " is missing"));
  return std::move(*found);
}
} // namespace

Result<std::optional<uint32_t>> Checkpoint::findU32(std::string_view key) const {
  return convert<uint32_t>(lookUp(*this, key, ValueType::U32),
                           [](const MetadataValue &v) { return v.number<uint32_t>(); });
}
Result<std::optional<float>> Checkpoint::findF32(std::string_view key) const {
  return convert<float>(lookUp(*this, key, ValueType::F32), [](const MetadataValue &v) { return v.number<float>(); });
}
Result<std::optional<bool>> Checkpoint::findBool(std::string_view key) const {
  return convert<bool>(lookUp(*this, key, ValueType::Bool),
                       [](const MetadataValue &v) { return v.number<uint8_t>() != 0; });
}
Result<std::optional<std::string_view>> Checkpoint::findString(std::string_view key) const {
  return convert<std::string_view>(lookUp(*this, key, ValueType::String),
                                   [](const MetadataValue &v) { return v.string(); });
}
Result<std::optional<StringArray>> Checkpoint::findStrings(std::string_view key) const {
  return convert<StringArray>(lookUp(*this, key, ValueType::Array, ValueType::String),
                              [](const MetadataValue &v) { return v.strings(); });
}
Result<std::optional<NumberArray<float>>> Checkpoint::findF32s(std::string_view key) const {
  return convert<NumberArray<float>>(lookUp(*this, key, ValueType::Array, ValueType::F32),
                                     [](const MetadataValue &v) { return v.numbers<float>(); });
}
Result<std::optional<NumberArray<int32_t>>> Checkpoint::findI32s(std::string_view key) const {
  return convert<NumberArray<int32_t>>(lookUp(*this, key, ValueType::Array, ValueType::I32),
                                       [](const MetadataValue &v) { return v.numbers<int32_t>(); });
}

Result<uint32_t> Checkpoint::getU32(std::string_view key) const { return required(*this, key, findU32(key)); }
Result<float> Checkpoint::getF32(std::string_view key) const { return required(*this, key, findF32(key)); }
Result<bool> Checkpoint::getBool(std::string_view key) const { return required(*this, key, findBool(key)); }
Result<std::string_view> Checkpoint::getString(std::string_view key) const {
  return required(*this, key, findString(key));
}
Result<StringArray> Checkpoint::getStrings(std::string_view key) const {
  return required(*this, key, findStrings(key));
}
Result<NumberArray<float>> Checkpoint::getF32s(std::string_view key) const {
  return required(*this, key, findF32s(key));
}
Result<NumberArray<int32_t>> Checkpoint::getI32s(std::string_view key) const {
  return required(*this, key, findI32s(key));
}
