#include "lib/Import/GgufTensors.h"

#include "lib/Import/Checked.h"
#include "lib/Import/Limits.h"

#include <algorithm>

using namespace trafo;

namespace {

/// Tensor types of ggml without an entry in kFormats, so that the refusal can name them.
struct ForeignType {
  uint32_t id;
  const char *name;
  bool removed;
};
constexpr ForeignType kForeignTypes[] = {
    {4, "q4_2", true},      {5, "q4_3", true},        {9, "q8_1", false},       {15, "q8_k", false},
    {16, "iq2_xxs", false}, {17, "iq2_xs", false},    {18, "iq3_xxs", false},   {19, "iq1_s", false},
    {21, "iq3_s", false},   {22, "iq2_s", false},     {24, "i8", false},        {25, "i16", false},
    {26, "i32", false},     {27, "i64", false},       {28, "f64", false},       {29, "iq1_m", false},
    {31, "q4_0_4_4", true}, {32, "q4_0_4_8", true},   {33, "q4_0_8_8", true},   {34, "tq1_0", false},
    {35, "tq2_0", false},   {36, "iq4_nl_4_4", true}, {37, "iq4_nl_4_8", true}, {38, "iq4_nl_8_8", true},
    {39, "mxfp4", false},   {40, "nvfp4", false}};

std::string supportedFormats() {
  std::string out;
  for (const FormatInfo &info : kFormats)
    if (info.isInFiles())
      out += concat(out.empty() ? "" : ", ", info.name);
  return out;
}

bool isNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-' || c == ':';
}

class TensorTable {
public:
  TensorTable(Checkpoint &checkpoint, ByteReader &reader) : checkpoint(checkpoint), reader(reader) {}

  Result<void> parse(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i)
      if (auto done = parseTensor(i); !done)
        return done;
    checkpoint.headerBytes = reader.position();
    return place();
  }

private:
  Error error(ErrorCode code, std::string_view detail) const { return checkpoint.error(code, detail); }

  Error truncated(std::string_view what) const {
    return error(ErrorCode::GgufTruncated, concat("offset ", reader.position(), ": the file ends inside ", what, ", ",
                                                  reader.remaining(), " bytes left"));
  }

  Result<void> parseTensor(uint64_t index) {
    uint64_t offset = reader.position();
    if (offset > limits::kMaxHeaderBytes)
      return error(ErrorCode::GgufHeaderTooLarge,
                   concat("offset ", offset, ": the header has more than ", limits::kMaxHeaderBytes, " bytes"));
    TensorInfo tensor;
    if (auto done = parseName(index, tensor); !done)
      return done;
    if (auto done = parseDims(tensor); !done)
      return done;
    if (auto done = parseType(tensor); !done)
      return done;
    if (auto done = computeSize(tensor); !done)
      return done;
    uint64_t relative = 0;
    uint64_t offsetAt = reader.position();
    if (!reader.read(relative))
      return truncated(concat("the offset of tensor ", quoted(tensor.name)));
    if (relative % checkpoint.alignment != 0)
      return error(ErrorCode::GgufTensorUnaligned,
                   concat("offset ", offsetAt, ": tensor ", quoted(tensor.name), " has data offset ", relative,
                          ", expected a multiple of the alignment ", checkpoint.alignment));
    tensor.fileOffset = relative; // made absolute by place(), once the header's end is known
    if (!checkpoint.tensorsByName.emplace(tensor.name, checkpoint.tensors.size()).second)
      return error(ErrorCode::GgufDuplicateTensor,
                   concat("offset ", offset, ": tensor ", quoted(tensor.name), " was given before, as tensor ",
                          checkpoint.tensorsByName.find(tensor.name)->second));
    checkpoint.tensors.push_back(std::move(tensor));
    return {};
  }

  Result<void> parseName(uint64_t index, TensorInfo &tensor) {
    uint64_t offset = reader.position();
    uint64_t length = 0;
    if (!reader.read(length))
      return truncated(concat("the name length of tensor ", index));
    if (length == 0 || length > limits::kMaxTensorNameBytes)
      return error(ErrorCode::GgufTensorName, concat("offset ", offset, ": the name of tensor ", index, " has ", length,
                                                     " bytes, expected 1 to ", limits::kMaxTensorNameBytes));
    if (!reader.read(tensor.name, length))
      return truncated(concat("the name of tensor ", index));
    if (!std::all_of(tensor.name.begin(), tensor.name.end(), isNameByte))
      return error(ErrorCode::GgufTensorName,
                   concat("offset ", offset, ": tensor ", index, " is called ", quoted(tensor.name),
                          ", expected letters, digits and . _ - : only"));
    return {};
  }

  Result<void> parseDims(TensorInfo &tensor) {
    uint64_t offset = reader.position();
    uint32_t rank = 0;
    if (!reader.read(rank))
      return truncated(concat("the dimensions of tensor ", quoted(tensor.name)));
    if (rank == 0 || rank > limits::kMaxDimensions)
      return error(ErrorCode::GgufDimensionCount, concat("offset ", offset, ": tensor ", quoted(tensor.name), " has ",
                                                         rank, " dimensions, expected 1 to ", limits::kMaxDimensions));
    Checked<uint64_t> elements(1);
    for (uint32_t i = 0; i < rank; ++i) {
      offset = reader.position();
      uint64_t dim = 0;
      if (!reader.read(dim))
        return truncated(concat("the dimensions of tensor ", quoted(tensor.name)));
      if (dim == 0 || dim > static_cast<uint64_t>(INT64_MAX))
        return error(ErrorCode::GgufDimension,
                     concat("offset ", offset, ": dimension ", i, " of tensor ", quoted(tensor.name), " is ",
                            static_cast<int64_t>(dim), ", expected 1 to ", INT64_MAX));
      elements = elements * dim;
      if (!elements.ok() || *elements.get() > static_cast<uint64_t>(INT64_MAX))
        return error(ErrorCode::GgufElementCount,
                     concat("offset ", offset, ": dimension ", i, " of tensor ", quoted(tensor.name), " is ", dim,
                            ", which makes more than ", INT64_MAX, " elements"));
      tensor.dims.insert(tensor.dims.begin(), static_cast<int64_t>(dim)); // the file has the innermost first
    }
    return {};
  }

  Result<void> parseType(TensorInfo &tensor) {
    uint64_t offset = reader.position();
    uint32_t type = 0;
    if (!reader.read(type))
      return truncated(concat("the type of tensor ", quoted(tensor.name)));
    if (const FormatInfo *info = findFormatByGgmlType(type)) {
      tensor.format = info->format;
      return {};
    }
    for (const ForeignType &foreign : kForeignTypes)
      if (foreign.id == type)
        return error(ErrorCode::GgufTensorTypeUnsupported,
                     concat("offset ", offset, ": tensor ", quoted(tensor.name), " has type ", type, " (", foreign.name,
                            foreign.removed ? ", removed from GGUF" : "", "), supported are ", supportedFormats()));
    return error(ErrorCode::GgufTensorType, concat("offset ", offset, ": tensor ", quoted(tensor.name),
                                                   " has unknown type ", type, ", supported are ", supportedFormats()));
  }

  Result<void> computeSize(TensorInfo &tensor) {
    const FormatInfo &info = formatInfo(tensor.format);
    auto columns = static_cast<uint64_t>(tensor.dims.back());
    if (columns % info.blockElements != 0)
      return error(ErrorCode::GgufTensorBlock,
                   concat("tensor ", quoted(tensor.name), " has rows of ", columns, " elements in format ", info.name,
                          ", expected a multiple of its block of ", info.blockElements));
    auto elements = static_cast<uint64_t>(tensor.elements());
    Checked<uint64_t> bytes = Checked<uint64_t>(elements / info.blockElements) * info.blockBytes;
    Checked<uint64_t> padded = bytes.alignTo(checkpoint.alignment);
    std::optional<uint64_t> size = bytes.get();
    if (!size || !padded.ok())
      return error(ErrorCode::GgufTensorSize,
                   concat("tensor ", quoted(tensor.name), " has ", elements, " elements in format ", info.name,
                          ", whose bytes, padded to ", checkpoint.alignment, ", overflow 64 bits"));
    running = running + padded;
    if (!running.ok())
      return error(ErrorCode::GgufTensorSize, concat("tensor ", quoted(tensor.name), " of ", *size,
                                                     " bytes makes the sum of all tensors overflow 64 bits"));
    tensor.byteSize = *size;
    return {};
  }

  /// Makes offsets absolute and checks that tensors and padding fill the rest of the file exactly.
  Result<void> place() {
    uint64_t fileBytes = checkpoint.file->bytes().size;
    std::optional<uint64_t> start = Checked<uint64_t>(checkpoint.headerBytes).alignTo(checkpoint.alignment).get();
    if (!start) // cannot be: the header lies inside the file
      return truncated("the header");
    std::vector<TensorInfo *> order;
    order.reserve(checkpoint.tensors.size());
    for (TensorInfo &tensor : checkpoint.tensors) {
      Checked<uint64_t> absolute = Checked<uint64_t>(*start) + tensor.fileOffset;
      std::optional<uint64_t> first = absolute.get();
      std::optional<uint64_t> end = (absolute + tensor.byteSize).get();
      if (!first || !end || *end > fileBytes)
        return error(ErrorCode::GgufTensorPastEnd,
                     concat("tensor ", quoted(tensor.name), " has ", tensor.byteSize, " bytes at data offset ",
                            tensor.fileOffset, " (data starts at ", *start, "), the file has ", fileBytes, " bytes"));
      tensor.fileOffset = *first;
      checkpoint.tensorBytes += tensor.byteSize; // each fits the file and their sum was checked
      order.push_back(&tensor);
    }
    std::sort(order.begin(), order.end(),
              [](const TensorInfo *a, const TensorInfo *b) { return a->fileOffset < b->fileOffset; });

    uint64_t end = checkpoint.headerBytes;
    const TensorInfo *before = nullptr;
    for (const TensorInfo *tensor : order) {
      if (before && tensor->fileOffset < end)
        return error(ErrorCode::GgufTensorOverlap,
                     concat("tensor ", quoted(tensor->name), " at offset ", tensor->fileOffset, " overlaps tensor ",
                            quoted(before->name), ", which ends at ", end));
      if (auto done = checkGap(end, tensor->fileOffset, before); !done)
        return done;
      end = tensor->fileOffset + tensor->byteSize;
      before = tensor;
    }
    if (end == fileBytes)
      return {};
    return checkGap(end, fileBytes, before);
  }

  /// From the end of one thing to the start of the next there is alignment padding and nothing else.
  Result<void> checkGap(uint64_t end, uint64_t next, const TensorInfo *before) {
    std::optional<uint64_t> padded = Checked<uint64_t>(end).alignTo(checkpoint.alignment).get();
    if (padded && *padded == next)
      return {};
    return error(ErrorCode::GgufGap,
                 concat("offset ", end, ": ", next - end, " bytes follow ",
                        before ? concat("tensor ", quoted(before->name)) : std::string("the header"),
                        " and belong to no tensor, at most ", checkpoint.alignment - 1, " of padding are allowed"));
  }

  Checkpoint &checkpoint;
  ByteReader &reader;
  Checked<uint64_t> running = Checked<uint64_t>(0);
};

} // namespace

Result<void> trafo::readTensors(Checkpoint &checkpoint, ByteReader &reader, uint64_t count) {
  return TensorTable(checkpoint, reader).parse(count);
}
