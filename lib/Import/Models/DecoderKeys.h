//===- DecoderKeys.h - checked reading of a decoder's keys and tensors ----===//
//
// What every architecture's file needs: hyperparameters with ranges, tensors with shapes, and in the end the question
// whether anything in the file was left unread. The first error is kept and later calls do nothing, so that a
// description reads as a list.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_IMPORT_MODELS_DECODERKEYS_H
#define TRAFO_IMPORT_MODELS_DECODERKEYS_H

#include "lib/Import/Checkpoint.h"

#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace trafo {

class DecoderKeys {
public:
  /// Keys are read under `<checkpoint.architecture>.`.
  explicit DecoderKeys(const Checkpoint &checkpoint) : checkpoint(checkpoint), prefix(checkpoint.architecture + ".") {}

  bool failed() const { return failure.has_value(); }
  /// The first error, if there was one.
  Result<void> finish() {
    if (failure)
      return std::move(*failure);
    return {};
  }
  void fail(ErrorCode code, std::string_view detail) {
    if (!failure)
      failure = checkpoint.error(code, detail);
  }

  /// An integer in [least, most]; missing is an error.
  int64_t integer(std::string_view key, int64_t least, int64_t most);
  /// The same, `fallback` if missing.
  int64_t integer(std::string_view key, int64_t least, int64_t most, int64_t fallback);
  /// One integer that may be written as an array of one a layer (u32 or i32), all equal.
  int64_t sameInEveryLayer(std::string_view key, int64_t layers, int64_t least, int64_t most,
                           std::optional<int64_t> fallback);
  /// Which layers have what others have not, written as an array of one bool a layer, or as n, where all have it but each
  /// n-th (0: all); `fallback` of all if missing. Empty after a failure.
  std::vector<bool> pattern(std::string_view key, int64_t layers, bool fallback);
  /// A finite number above zero; missing is an error unless there is a fallback.
  float positive(std::string_view key, std::optional<float> fallback = std::nullopt);
  std::string text(std::string_view key, std::string_view fallback);
  /// Accepts the key with this value (or its absence) only; the feature is not supported otherwise.
  void onlyInteger(std::string_view key, uint32_t value);
  void onlyBool(std::string_view key, bool value);
  /// Marks a key as understood though its value changes nothing that is computed.
  void ignore(std::string_view key) { known.insert(prefix + std::string(key)); }
  bool has(std::string_view key) { return checkpoint.metadata.find(full(key)) != nullptr; }

  enum class Content { Weights, Floats }; ///< any format, or float formats only
  /// Returns `name` after checking that the tensor is there with this shape.
  std::string tensor(const std::string &name, std::initializer_list<int64_t> dims, Content content);
  /// The same for a tensor that may be absent; the empty string then.
  std::string optionalTensor(const std::string &name, std::initializer_list<int64_t> dims, Content content);

  /// Fails on the first key under the prefix or the first tensor that nobody asked for.
  void refuseUnread();

private:
  std::string full(std::string_view key) {
    std::string name = prefix + std::string(key);
    known.insert(name);
    return name;
  }
  /// Fails where an array has not one element for each layer.
  void expectOnePerLayer(const MetadataEntry &entry, int64_t layers);
  int64_t inRange(const std::string &key, int64_t value, int64_t least, int64_t most);

  const Checkpoint &checkpoint;
  std::string prefix;
  std::optional<Error> failure;
  std::set<std::string> known;
  std::set<std::string, std::less<>> readTensors;
};

} // namespace trafo

#endif // TRAFO_IMPORT_MODELS_DECODERKEYS_H
