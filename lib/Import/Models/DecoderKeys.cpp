#include "lib/Import/Models/DecoderKeys.h"

#include <cmath>

using namespace trafo;

int64_t DecoderKeys::inRange(const std::string &key, int64_t value, int64_t least, int64_t most) {
  if (value < least || value > most)
    fail(ErrorCode::ModelHyperparameter,
         concat("key ", quoted(key), " is ", value, ", expected ", least, " to ", most));
  return value;
}

int64_t DecoderKeys::integer(std::string_view key, int64_t least, int64_t most) {
  std::string name = full(key);
  if (failed())
    return 0;
  auto value = checkpoint.getU32(name);
  if (!value) {
    failure = std::move(value.error());
    return 0;
  }
  return inRange(name, *value, least, most);
}

int64_t DecoderKeys::integer(std::string_view key, int64_t least, int64_t most, int64_t fallback) {
  return has(key) ? integer(key, least, most) : fallback;
}

int64_t DecoderKeys::sameInEveryLayer(std::string_view key, int64_t layers, int64_t least, int64_t most,
                                      std::optional<int64_t> fallback) {
  std::string name = full(key);
  if (failed())
    return 0;
  const MetadataEntry *entry = checkpoint.metadata.find(name);
  if (!entry && fallback)
    return *fallback;
  if (!entry || entry->value.type != ValueType::Array)
    return integer(key, least, most);
  const MetadataValue &value = entry->value;
  bool isSigned = value.elementType == ValueType::I32;
  if (!isSigned && value.elementType != ValueType::U32) {
    fail(ErrorCode::GgufKeyType, concat("key ", quoted(name), " at offset ", entry->offset, " is array of ",
                                        value.count, " ", value.elementName(), ", expected u32 or array of u32"));
    return 0;
  }
  expectOnePerLayer(*entry, layers);
  if (failed())
    return 0;
  auto at = [&](uint64_t i) -> int64_t {
    return isSigned ? int64_t(value.numbers<int32_t>()[i]) : int64_t(value.numbers<uint32_t>()[i]);
  };
  for (uint64_t i = 1; i < value.count; ++i)
    if (at(i) != at(0)) {
      fail(ErrorCode::ModelUnsupported,
           concat("key ", quoted(name), " differs between layers (", at(0), " in layer 0, ", at(i), " in layer ", i,
                  "), supported is one value for all"));
      return 0;
    }
  return inRange(name, at(0), least, most);
}

std::vector<bool> DecoderKeys::pattern(std::string_view key, int64_t layers, bool fallback) {
  if (failed())
    return {}; // `layers` may be any number
  std::vector<bool> have(static_cast<size_t>(layers), fallback);
  std::string name = full(key);
  const MetadataEntry *entry = checkpoint.metadata.find(name);
  if (!entry)
    return have;
  if (entry->value.type != ValueType::Array) {
    int64_t period = integer(key, 0, layers);
    for (int64_t i = 0; i < layers; ++i)
      have[static_cast<size_t>(i)] = period == 0 || (i + 1) % period != 0;
    return have;
  }
  const MetadataValue &value = entry->value;
  if (value.elementType != ValueType::Bool)
    fail(ErrorCode::GgufKeyType, concat("key ", quoted(name), " at offset ", entry->offset, " is array of ",
                                        value.count, " ", value.elementName(), ", expected u32 or array of bool"));
  expectOnePerLayer(*entry, layers);
  for (size_t i = 0; !failed() && i < have.size(); ++i)
    have[i] = value.numbers<uint8_t>()[i] != 0;
  return have;
}

void DecoderKeys::expectOnePerLayer(const MetadataEntry &entry, int64_t layers) {
  if (entry.value.count != static_cast<uint64_t>(layers))
    fail(ErrorCode::ModelHyperparameter,
         concat("key ", quoted(entry.key), " at offset ", entry.offset, " has ", entry.value.count,
                " elements, expected one for each of ", layers, " layers"));
}

float DecoderKeys::positive(std::string_view key, std::optional<float> fallback) {
  std::string name = full(key);
  if (failed())
    return 0;
  if (fallback && !checkpoint.metadata.find(name))
    return *fallback;
  auto value = checkpoint.getF32(name);
  if (!value) {
    failure = std::move(value.error());
    return 0;
  }
  if (!std::isfinite(*value) || *value <= 0)
    fail(ErrorCode::ModelHyperparameter,
         concat("key ", quoted(name), " is ", *value, ", expected a finite number above 0"));
  return *value;
}

std::string DecoderKeys::text(std::string_view key, std::string_view fallback) {
  std::string name = full(key);
  auto value = checkpoint.findString(name);
  if (value)
    return std::string(value->value_or(fallback));
  if (!failed())
    failure = std::move(value.error());
  return {};
}

void DecoderKeys::onlyInteger(std::string_view key, uint32_t only) {
  std::string name = full(key);
  if (failed())
    return;
  auto value = checkpoint.findU32(name);
  if (!value)
    failure = std::move(value.error());
  else if (uint32_t given = value->value_or(only); given != only)
    fail(ErrorCode::ModelUnsupported, concat("key ", quoted(name), " is ", given, ", supported is ", only));
}

void DecoderKeys::onlyBool(std::string_view key, bool only) {
  std::string name = full(key);
  if (failed())
    return;
  auto value = checkpoint.findBool(name);
  if (!value)
    failure = std::move(value.error());
  else if (value->value_or(only) != only)
    fail(ErrorCode::ModelUnsupported,
         concat("key ", quoted(name), " is ", only ? "false" : "true", ", supported is ", only ? "true" : "false"));
}

std::string DecoderKeys::tensor(const std::string &name, std::initializer_list<int64_t> dims, Content content) {
  if (failed())
    return {};
  const TensorInfo *info = checkpoint.findTensor(name);
  if (!info) {
    fail(ErrorCode::ModelTensorMissing, concat("tensor ", quoted(name), " is missing"));
    return {};
  }
  TensorInfo expected;
  expected.dims = dims;
  if (info->dims != expected.dims) {
    fail(ErrorCode::ModelTensorShape, concat("tensor ", quoted(name), " has shape ", info->shapeText(),
                                             ", its hyperparameters make it ", expected.shapeText()));
    return {};
  }
  if (content == Content::Floats && formatInfo(info->format).grouped) {
    fail(ErrorCode::ModelTensorFormat, concat("tensor ", quoted(name), " has format ", formatInfo(info->format).name,
                                              ", supported are f32, f16, bf16"));
    return {};
  }
  readTensors.insert(name);
  return name;
}

std::string DecoderKeys::optionalTensor(const std::string &name, std::initializer_list<int64_t> dims, Content content) {
  if (!checkpoint.findTensor(name))
    return {};
  return tensor(name, dims, content);
}

void DecoderKeys::refuseUnread() {
  if (failed())
    return;
  for (const MetadataEntry &entry : checkpoint.metadata) {
    if (entry.key.substr(0, prefix.size()) != prefix || known.count(std::string(entry.key)) != 0)
      continue;
    std::string list;
    for (const std::string &key : known)
      list += concat(list.empty() ? "" : ", ", std::string_view(key).substr(prefix.size()));
    return fail(ErrorCode::ModelKeyUnknown, concat("key ", quoted(entry.key), " at offset ", entry.offset,
                                                   " is not understood, supported under ", prefix, " are ", list));
  }
  for (const TensorInfo &info : checkpoint.tensors)
    if (readTensors.find(info.name) == readTensors.end())
      return fail(ErrorCode::ModelTensorUnknown,
                  concat("tensor ", quoted(info.name), " ", info.shapeText(), " has no place in architecture ",
                         checkpoint.architecture, ", of which token_embd, output_norm, output, rope_freqs and the ",
                         "attention and feed-forward tensors of blk.0 to blk.N are known"));
}
