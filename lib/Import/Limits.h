//===- Limits.h - the table of limits on model files ----------------------===//
//
// Every limit a reader applies to numbers from a file, beyond what the file's own size implies. They are far above
// what real models need and low enough that a hostile header costs neither memory nor time.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_IMPORT_LIMITS_H
#define TRAFO_IMPORT_LIMITS_H

#include <cstdint>

namespace trafo::limits {

inline constexpr uint64_t kMaxHeaderBytes = uint64_t(256) << 20; ///< everything before the tensor data
inline constexpr uint64_t kMaxMetadataKeys = 65536;
inline constexpr uint64_t kMaxTensors = 65536;
inline constexpr uint64_t kMaxKeyBytes = 65535;                  ///< the format's own limit
inline constexpr uint64_t kMaxTensorNameBytes = 64;              ///< the format's own limit
inline constexpr uint64_t kMaxStringBytes = uint64_t(16) << 20;  ///< a chat template is some 10 KB
inline constexpr uint64_t kMaxArrayElements = uint64_t(1) << 24; ///< the largest vocabularies have 2^18 tokens
inline constexpr uint64_t kMaxAlignment = uint64_t(1) << 20;
inline constexpr uint32_t kMaxDimensions = 4; ///< the format's own limit

inline constexpr uint32_t kMaxLayers = 4096;
inline constexpr uint32_t kMaxHeads = 65536;
inline constexpr uint32_t kMaxHeadSize = 65536;
inline constexpr uint32_t kMaxWidth = uint32_t(1) << 24; ///< hidden and feed-forward width
inline constexpr uint32_t kMaxVocabulary = uint32_t(1) << 24;
inline constexpr uint32_t kMaxContext = uint32_t(1) << 30;

} // namespace trafo::limits

#endif // TRAFO_IMPORT_LIMITS_H
