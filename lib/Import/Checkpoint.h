//===- Checkpoint.h - a model file, read and validated --------------------===//
#ifndef TRAFO_IMPORT_CHECKPOINT_H
#define TRAFO_IMPORT_CHECKPOINT_H

#include "lib/Import/Error.h"
#include "lib/Import/MappedFile.h"
#include "lib/Import/Metadata.h"
#include "trafo/Formats.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trafo {

/// One tensor of a file. Its bytes lie inside the file, overlap no other tensor's, and its rows are whole blocks.
struct TensorInfo {
  std::string_view name;
  Format format;
  std::vector<int64_t> dims; ///< outermost first: [rows, columns] of a linear; each at least 1
  uint64_t fileOffset;       ///< of the first byte, from the start of the file
  uint64_t byteSize;         ///< without padding

  /// Product of dims; fits by construction.
  int64_t elements() const;
  /// "[576, 192]".
  std::string shapeText() const;
};

/// A validated model file: what it says about itself, and where its tensors lie. Plain data; strings are views into
/// `file`, which the checkpoint keeps mapped.
struct Checkpoint {
  std::string path;
  std::shared_ptr<const MappedFile> file;
  uint32_t version = 0;     ///< of the file format
  uint64_t alignment = 0;   ///< of tensor data, bytes
  uint64_t headerBytes = 0; ///< everything before the alignment padding of the tensor data
  uint64_t tensorBytes = 0; ///< sum over tensors, without padding
  std::string architecture; ///< general.architecture
  Metadata metadata;
  std::vector<TensorInfo> tensors; ///< in the file's order
  std::map<std::string_view, size_t> tensorsByName;

  /// The tensor called `name`, or null.
  const TensorInfo *findTensor(std::string_view name) const;
  /// The tensor's bytes in the mapping.
  Span tensorBytesOf(const TensorInfo &tensor) const {
    return {file->bytes().data + tensor.fileOffset, tensor.byteSize};
  }

  /// Typed values by key. `get` fails on a missing key (GgufKeyMissing), `find` gives nothing; both fail on a value
  /// of another type (GgufKeyType). Types are exact: a u32 key written as i32 is an error, as for other readers.
  Result<uint32_t> getU32(std::string_view key) const;
  Result<float> getF32(std::string_view key) const;
  Result<bool> getBool(std::string_view key) const;
  Result<std::string_view> getString(std::string_view key) const;
  Result<StringArray> getStrings(std::string_view key) const;
  Result<NumberArray<float>> getF32s(std::string_view key) const;
  Result<NumberArray<int32_t>> getI32s(std::string_view key) const;

  Result<std::optional<uint32_t>> findU32(std::string_view key) const;
  Result<std::optional<float>> findF32(std::string_view key) const;
  Result<std::optional<bool>> findBool(std::string_view key) const;
  Result<std::optional<std::string_view>> findString(std::string_view key) const;
  Result<std::optional<StringArray>> findStrings(std::string_view key) const;
  Result<std::optional<NumberArray<float>>> findF32s(std::string_view key) const;
  Result<std::optional<NumberArray<int32_t>>> findI32s(std::string_view key) const;

  /// An error of this file: `<id>: <path>: <detail>; <advice>`.
  Error error(ErrorCode code, std::string_view detail) const { return makeError(code, path, detail); }
};

} // namespace trafo

#endif // TRAFO_IMPORT_CHECKPOINT_H
