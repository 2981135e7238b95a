//===- fuzz_gguf.cpp - the fuzz target of the GGUF front door -------------===//
//
// Reads the input as a model file and does with it whatever a compile does before any IR exists. Linked with
// replay_main.cpp it runs given files; with TRAFO_LIBFUZZER=ON it is a libFuzzer program.
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Gguf.h"
#include "lib/Import/Models/Models.h"
#include "lib/Import/TokenizerKeys.h"

#include <cstdlib>

using namespace trafo;

namespace {
/// Reads every byte that a value claims, so that the sanitizers see it.
uint64_t touch(const MetadataValue &value) {
  uint64_t sum = 0;
  bool isArray = value.type == ValueType::Array;
  if (isArray && value.elementType == ValueType::String) {
    for (std::string_view element : value.strings())
      sum += element.empty() ? 1 : static_cast<unsigned char>(element.back());
    return sum;
  }
  uint64_t width = value.elementType == ValueType::String ? 1 : valueTypeBytes(value.elementType);
  for (uint64_t i = 0; i < value.count * width; ++i)
    sum += value.data[i];
  return sum;
}

/// The first and the last row of a tensor.
float touch(const Checkpoint &checkpoint, const TensorInfo &tensor) {
  constexpr int64_t most = 1 << 16;
  int64_t columns = tensor.dims.back();
  if (columns > most)
    return 0;
  std::vector<float> row(static_cast<size_t>(columns));
  Span bytes = checkpoint.tensorBytesOf(tensor);
  auto step = static_cast<uint64_t>(rowBytes(tensor.format, columns));
  dequantizeRow(tensor.format, bytes.data, columns, row.data());
  float sum = row.front();
  dequantizeRow(tensor.format, bytes.data + bytes.size - step, columns, row.data());
  return sum + row.back();
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  volatile double sink = 0;
  auto checkpoint = readGguf(MappedFile::view("input", {data, size}));
  if (!checkpoint) {
    if (checkpoint.error().exitCode == 0 || checkpoint.error().message.find('\n') != std::string::npos)
      std::abort();
    return 0;
  }
  for (const MetadataEntry &entry : checkpoint->metadata)
    sink = sink + static_cast<double>(touch(entry.value));
  for (const TensorInfo &tensor : checkpoint->tensors)
    sink = sink + static_cast<double>(touch(*checkpoint, tensor));
  auto tokenizer = readTokenizerKeys(*checkpoint);
  auto spec = describeModel(*checkpoint);
  if (spec && (!tokenizer || spec->layerTensors.size() != static_cast<size_t>(spec->layers)))
    std::abort(); // a description must be complete
  return 0;
}
