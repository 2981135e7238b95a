#include "lib/Import/Gguf.h"

#include "lib/Import/Checked.h"
#include "lib/Import/GgufTensors.h"
#include "lib/Import/Limits.h"

#include <algorithm>

using namespace trafo;

namespace {

constexpr uint32_t kMagic = 0x46554747; // "GGUF", little-endian
constexpr uint64_t kFixedHeaderBytes = 24;
constexpr uint64_t kLeastKeyBytes = 14;    // length, one byte of key, type, one byte of value
constexpr uint64_t kLeastTensorBytes = 33; // length, one byte of name, dimension count, one dimension, type, offset
constexpr uint64_t kDefaultAlignment = 32;

uint32_t swapBytes(uint32_t v) { return __builtin_bswap32(v); }

class HeaderParser {
public:
  HeaderParser(Checkpoint &checkpoint) : checkpoint(checkpoint), reader(checkpoint.file->bytes()) {}

  Result<void> parse() {
    if (auto done = parseFixed(); !done)
      return done;
    for (uint64_t i = 0; i < keyCount; ++i)
      if (auto done = parseKey(i); !done)
        return done;
    if (auto done = interpretGeneral(); !done)
      return done;
    return readTensors(checkpoint, reader, tensorCount);
  }

private:
  Error error(ErrorCode code, std::string_view detail) const { return checkpoint.error(code, detail); }

  Error truncated(std::string_view what) const {
    return error(ErrorCode::GgufTruncated, concat("offset ", reader.position(), ": the file ends inside ", what, ", ",
                                                  reader.remaining(), " bytes left"));
  }

  Result<void> parseFixed() {
    uint64_t size = reader.remaining();
    if (size < kFixedHeaderBytes)
      return error(ErrorCode::GgufTooSmall,
                   concat("offset 0: the file has ", size, " bytes, a GGUF header has at least ", kFixedHeaderBytes));
    uint32_t magic = 0, version = 0;
    if (!reader.read(magic) || !reader.read(version) || !reader.read(tensorCount) || !reader.read(keyCount))
      return truncated("the fixed header");
    if (magic == swapBytes(kMagic))
      return error(ErrorCode::GgufBigEndian, "offset 0: the magic is \"FUGG\", a big-endian file, expected \"GGUF\"");
    if (magic != kMagic)
      return error(ErrorCode::GgufBadMagic,
                   concat("offset 0: the first bytes are ",
                          quoted({reinterpret_cast<const char *>(checkpoint.file->bytes().data), 4}),
                          ", expected \"GGUF\""));
    if (version == swapBytes(2) || version == swapBytes(3))
      return error(ErrorCode::GgufBigEndian,
                   concat("offset 4: version reads ", version, ", which is ", swapBytes(version),
                          " in a big-endian file, expected little-endian 2 or 3"));
    if (version != 2 && version != 3)
      return error(ErrorCode::GgufBadVersion, concat("offset 4: version is ", version, ", expected 2 or 3"));
    checkpoint.version = version;

    uint64_t most = std::min(limits::kMaxTensors, reader.remaining() / kLeastTensorBytes);
    if (tensorCount > most)
      return error(ErrorCode::GgufTensorCount,
                   concat("offset 8: tensor count is ", tensorCount, ", at most ", most,
                          " fit into the rest of the file and the limit of ", limits::kMaxTensors));
    most = std::min(limits::kMaxMetadataKeys, reader.remaining() / kLeastKeyBytes);
    if (keyCount > most)
      return error(ErrorCode::GgufKeyCount,
                   concat("offset 16: metadata key count is ", keyCount, ", at most ", most,
                          " fit into the rest of the file and the limit of ", limits::kMaxMetadataKeys));
    return {};
  }

  Result<void> parseKey(uint64_t index) {
    uint64_t offset = reader.position();
    if (offset > limits::kMaxHeaderBytes)
      return error(ErrorCode::GgufHeaderTooLarge,
                   concat("offset ", offset, ": the header has more than ", limits::kMaxHeaderBytes, " bytes"));
    uint64_t length = 0;
    if (!reader.read(length))
      return truncated(concat("the length of metadata key ", index));
    uint64_t most = std::min(limits::kMaxKeyBytes, reader.remaining());
    if (length == 0 || length > most)
      return error(ErrorCode::GgufKeyLength, concat("offset ", offset, ": metadata key ", index, " has a length of ",
                                                    length, " bytes, expected 1 to ", most,
                                                    length > reader.remaining() ? " (the rest of the file)" : ""));
    MetadataEntry entry;
    entry.offset = offset;
    if (!reader.read(entry.key, length))
      return truncated("a metadata key");
    for (uint64_t i = 0; i < entry.key.size(); ++i) {
      auto byte = static_cast<unsigned char>(entry.key[i]);
      if (byte < 0x20 || byte > 0x7e)
        return error(ErrorCode::GgufKeyText,
                     concat("offset ", offset + 8 + i, ": metadata key ", quoted(entry.key), " has the byte ",
                            static_cast<unsigned>(byte), ", expected printable ASCII (32 to 126)"));
    }
    uint64_t typeOffset = reader.position();
    uint32_t type = 0;
    if (!reader.read(type))
      return truncated(concat("the type of key ", quoted(entry.key)));
    if (type >= kValueTypeCount)
      return error(ErrorCode::GgufValueType, concat("offset ", typeOffset, ": key ", quoted(entry.key),
                                                    " has value type ", type, ", expected 0 to ", kValueTypeCount - 1));
    entry.value.type = entry.value.elementType = static_cast<ValueType>(type);
    auto done = entry.value.type == ValueType::Array    ? parseArray(entry)
                : entry.value.type == ValueType::String ? parseString(entry)
                                                        : parseScalar(entry);
    if (!done)
      return done;
    entry.bytes = reader.position() - offset;
    if (!checkpoint.metadata.insert(entry))
      return error(ErrorCode::GgufDuplicateKey,
                   concat("offset ", offset, ": key ", quoted(entry.key), " was given before at offset ",
                          checkpoint.metadata.find(entry.key)->offset));
    return {};
  }

  Result<void> parseScalar(MetadataEntry &entry) {
    uint64_t offset = reader.position();
    entry.value.data = reader.here();
    if (!reader.skip(valueTypeBytes(entry.value.type)))
      return truncated(concat("the value of key ", quoted(entry.key)));
    if (entry.value.type == ValueType::Bool)
      return checkBool(entry, offset, *entry.value.data);
    return {};
  }

  Result<void> checkBool(const MetadataEntry &entry, uint64_t offset, uint8_t value) {
    if (value <= 1)
      return {};
    return error(ErrorCode::GgufBoolValue,
                 concat("offset ", offset, ": key ", quoted(entry.key), " is a bool of value ",
                        static_cast<unsigned>(value), ", expected 0 or 1"));
  }

  /// The length of a string and the check that its bytes are there.
  Result<uint64_t> parseStringLength(const MetadataEntry &entry) {
    uint64_t offset = reader.position();
    uint64_t length = 0;
    if (!reader.read(length))
      return truncated(concat("the length of a string of key ", quoted(entry.key)));
    if (length > limits::kMaxStringBytes || length > reader.remaining())
      return error(ErrorCode::GgufStringLength,
                   concat("offset ", offset, ": a string of key ", quoted(entry.key), " has a length of ", length,
                          " bytes, at most ", std::min(limits::kMaxStringBytes, reader.remaining()),
                          length > reader.remaining() ? " are left in the file" : " are allowed"));
    return length;
  }

  Result<void> parseString(MetadataEntry &entry) {
    auto length = parseStringLength(entry);
    if (!length)
      return std::move(length.error());
    entry.value.count = *length;
    entry.value.data = reader.here();
    if (!reader.skip(*length))
      return truncated(concat("the value of key ", quoted(entry.key)));
    return {};
  }

  Result<void> parseArray(MetadataEntry &entry) {
    uint64_t typeOffset = reader.position();
    uint32_t type = 0;
    if (!reader.read(type))
      return truncated(concat("the element type of key ", quoted(entry.key)));
    if (type >= kValueTypeCount)
      return error(ErrorCode::GgufArrayElementType,
                   concat("offset ", typeOffset, ": key ", quoted(entry.key), " is an array of element type ", type,
                          ", expected 0 to ", kValueTypeCount - 1));
    entry.value.elementType = static_cast<ValueType>(type);
    if (entry.value.elementType == ValueType::Array)
      return error(ErrorCode::GgufNestedArray, concat("offset ", typeOffset, ": key ", quoted(entry.key),
                                                      " is an array of arrays, at most 1 level is allowed"));
    uint64_t countOffset = reader.position();
    uint64_t count = 0;
    if (!reader.read(count))
      return truncated(concat("the array length of key ", quoted(entry.key)));
    bool strings = entry.value.elementType == ValueType::String;
    uint64_t least = strings ? 8 : valueTypeBytes(entry.value.elementType);
    std::optional<uint64_t> bytes = (Checked<uint64_t>(count) * least).get();
    if (!bytes || *bytes > reader.remaining() || count > limits::kMaxArrayElements)
      return error(ErrorCode::GgufArrayLength,
                   concat("offset ", countOffset, ": key ", quoted(entry.key), " is an array of ", count, " ",
                          entry.value.elementName(), ", at most ",
                          std::min(limits::kMaxArrayElements, reader.remaining() / least),
                          " fit into the rest of the file and the limit of ", limits::kMaxArrayElements));
    entry.value.count = count;
    entry.value.data = reader.here();
    if (!strings) {
      uint64_t first = reader.position();
      if (!reader.skip(*bytes))
        return truncated(concat("the array of key ", quoted(entry.key)));
      if (entry.value.elementType == ValueType::Bool)
        for (uint64_t i = 0; i < count; ++i)
          if (auto done = checkBool(entry, first + i, entry.value.data[i]); !done)
            return done;
      return {};
    }
    for (uint64_t i = 0; i < count; ++i) {
      auto length = parseStringLength(entry);
      if (!length)
        return std::move(length.error());
      if (!reader.skip(*length))
        return truncated(concat("the array of key ", quoted(entry.key)));
      if (reader.position() > limits::kMaxHeaderBytes)
        return error(ErrorCode::GgufHeaderTooLarge, concat("offset ", reader.position(), ": the header has more than ",
                                                           limits::kMaxHeaderBytes, " bytes"));
    }
    return {};
  }

  /// The keys that say how to read the rest of the file.
  Result<void> interpretGeneral() {
    if (auto done = refuseSplit(); !done)
      return done;
    auto architecture = checkpoint.getString("general.architecture");
    if (!architecture)
      return std::move(architecture.error());
    checkpoint.architecture = std::string(*architecture);

    auto alignment = checkpoint.findU32("general.alignment");
    if (!alignment)
      return std::move(alignment.error());
    uint64_t value = alignment->value_or(kDefaultAlignment);
    uint64_t fileBytes = checkpoint.file->bytes().size;
    bool powerOfTwo = value != 0 && (value & (value - 1)) == 0;
    if (!powerOfTwo || value < 8 || value > limits::kMaxAlignment)
      return error(ErrorCode::GgufAlignment, concat("key \"general.alignment\" is ", value,
                                                    ", expected a power of two from 8 to ", limits::kMaxAlignment));
    if (*alignment && value > fileBytes)
      return error(ErrorCode::GgufAlignment,
                   concat("key \"general.alignment\" is ", value, ", more than the file's ", fileBytes, " bytes"));
    checkpoint.alignment = value;
    return {};
  }

  /// A shard names others, which would have to be opened; none is, whatever the keys say.
  Result<void> refuseSplit() {
    const MetadataEntry *entry = checkpoint.metadata.find("split.count");
    if (!entry)
      return {};
    uint64_t count = 0;
    switch (entry->value.type) {
    case ValueType::U16: // what gguf-split writes
      count = entry->value.number<uint16_t>();
      break;
    case ValueType::U32:
      count = entry->value.number<uint32_t>();
      break;
    case ValueType::U64:
      count = entry->value.number<uint64_t>();
      break;
    default:
      return error(ErrorCode::GgufKeyType, concat("key \"split.count\" at offset ", entry->offset, " is ",
                                                  valueTypeName(entry->value.type), ", expected u16"));
    }
    if (count <= 1)
      return {};
    return error(ErrorCode::GgufSplit,
                 concat("key \"split.count\" at offset ", entry->offset, " is ", count, ": the file is one of ", count,
                        " shards, only files in one piece are supported"));
  }

  Checkpoint &checkpoint;
  ByteReader reader;
  uint64_t tensorCount = 0;
  uint64_t keyCount = 0;
};

} // namespace

Result<Checkpoint> trafo::readGguf(const std::string &path) {
  auto file = MappedFile::open(path);
  if (!file)
    return std::move(file.error());
  return readGguf(std::move(*file));
}

Result<Checkpoint> trafo::readGguf(std::shared_ptr<const MappedFile> file) {
  Checkpoint checkpoint;
  checkpoint.path = file->path();
  checkpoint.file = std::move(file);
  if (auto done = HeaderParser(checkpoint).parse(); !done)
    return std::move(done.error());
  return checkpoint;
}
