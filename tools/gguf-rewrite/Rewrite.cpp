#include "tools/gguf-rewrite/Rewrite.h"

#include "lib/Import/Quantize.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace trafo;

namespace {

/// llama.cpp's ids of "mostly this format", the value of general.file_type.
uint32_t fileType(Format format) {
  switch (format) {
  case Format::F32:
    return 0;
  case Format::F16:
    return 1;
  case Format::Q4_0:
    return 2;
  case Format::Q4_1:
    return 3;
  case Format::Q8_0:
    return 7;
  case Format::Q5_0:
    return 8;
  case Format::Q5_1:
    return 9;
  case Format::BF16:
    return 32;
  default:
    return 1024; // "guessed"
  }
}

/// The new file under a name of its own until it is complete.
class OutputFile {
public:
  explicit OutputFile(std::string path) : path(std::move(path)), draft(this->path + ".XXXXXX") {}
  ~OutputFile() {
    if (stream)
      std::fclose(stream);
    if (created)
      ::unlink(draft.c_str());
  }
  bool open() {
    int fd = ::mkostemp(draft.data(), O_CLOEXEC);
    created = fd >= 0;
    stream = created ? ::fdopen(fd, "wb") : nullptr;
    return stream != nullptr;
  }
  void write(const void *data, size_t bytes) {
    check(!good || std::fwrite(data, 1, bytes, stream) == bytes);
    written += bytes;
  }
  template <class T> void number(T value) { write(&value, sizeof(value)); } // hosts are little-endian, as the file is
  void string(std::string_view text) {
    number(static_cast<uint64_t>(text.size()));
    write(text.data(), text.size());
  }
  void padTo(uint64_t alignment) {
    static const char zeros[4096] = {};
    while (written % alignment != 0)
      write(zeros, std::min<uint64_t>(sizeof(zeros), alignment - written % alignment));
  }
  /// Gives the file its name; the mode is what a plain open would have made it.
  bool finish() {
    mode_t mask = ::umask(0);
    ::umask(mask);
    check(!good || ::fchmod(::fileno(stream), 0666 & ~mask) == 0);
    check(std::fclose(stream) == 0);
    stream = nullptr;
    check(!good || ::rename(draft.c_str(), path.c_str()) == 0);
    created = created && !good;
    return good;
  }
  bool ok() const { return good; }
  int error() const { return reason; } ///< errno of the first failure

private:
  void check(bool done) {
    if (done || !good)
      return;
    good = false;
    reason = errno;
  }

  std::string path, draft;
  std::FILE *stream = nullptr;
  bool created = false;
  bool good = true;
  int reason = 0;
  uint64_t written = 0;
};

struct Plan {
  const TensorInfo *source;
  Format format;
  uint64_t bytes;
};

class Rewriter {
public:
  Rewriter(const Checkpoint &checkpoint, const RewriteOptions &options) : checkpoint(checkpoint), options(options) {}

  std::optional<RewriteFailure> run(const std::string &path) {
    if (auto failure = readLayerCount())
      return failure;
    if (auto failure = planTensors())
      return failure;
    OutputFile file(path);
    if (!file.open())
      return RewriteFailure{concat(path, ": cannot create: ", std::strerror(errno)), 73};
    writeHeader(file);
    for (const Plan &plan : plans) {
      file.padTo(checkpoint.alignment);
      writeTensor(plan, file);
      if (!file.ok())
        break;
    }
    if (!file.finish())
      return RewriteFailure{concat(path, ": cannot write: ", std::strerror(file.error())), 74};
    return std::nullopt;
  }

private:
  std::optional<RewriteFailure> readLayerCount() {
    auto layers = checkpoint.getU32(checkpoint.architecture + ".block_count");
    if (!layers)
      return RewriteFailure{layers.error().message, layers.error().exitCode};
    allLayers = *layers;
    keptLayers = options.layers.value_or(allLayers);
    if (keptLayers >= 1 && keptLayers <= allLayers)
      return std::nullopt;
    return RewriteFailure{
        concat(checkpoint.path, ": has ", allLayers, " layers, cannot keep ", keptLayers, "; ask for 1 to ", allLayers),
        2};
  }

  /// True for a tensor "blk.<i>.*" with i beyond the kept layers.
  bool isDropped(std::string_view name) const {
    if (name.substr(0, 4) != "blk.")
      return false;
    uint64_t layer = 0;
    for (char c : name.substr(4, 9)) {
      if (c < '0' || c > '9')
        break;
      layer = layer * 10 + static_cast<uint64_t>(c - '0');
    }
    return layer >= keptLayers;
  }

  std::optional<RewriteFailure> planTensors() {
    for (const TensorInfo &tensor : checkpoint.tensors) {
      if (isDropped(tensor.name))
        continue;
      Plan plan{&tensor, tensor.format, tensor.byteSize};
      if (options.format && tensor.dims.size() >= 2)
        plan.format = *options.format;
      const FormatInfo &info = formatInfo(plan.format);
      if (tensor.dims.back() % info.blockElements != 0)
        return RewriteFailure{concat(checkpoint.path, ": tensor ", quoted(tensor.name), " has rows of ",
                                     tensor.dims.back(), " elements, no multiple of the block of ", info.name, ", ",
                                     info.blockElements, "; choose a float format"),
                              65};
      plan.bytes = static_cast<uint64_t>(rowBytes(plan.format, tensor.elements()));
      plans.push_back(plan);
    }
    return std::nullopt;
  }

  void writeHeader(OutputFile &file) {
    file.write("GGUF", 4);
    file.number(uint32_t(3));
    file.number(static_cast<uint64_t>(plans.size()));
    file.number(checkpoint.metadata.size());
    for (const MetadataEntry &entry : checkpoint.metadata)
      writeEntry(entry, file);
    uint64_t offset = 0;
    for (const Plan &plan : plans) {
      file.string(plan.source->name);
      file.number(static_cast<uint32_t>(plan.source->dims.size()));
      for (auto dim = plan.source->dims.rbegin(); dim != plan.source->dims.rend(); ++dim)
        file.number(*dim);
      file.number(formatInfo(plan.format).ggmlType);
      file.number(offset);
      offset += (plan.bytes + checkpoint.alignment - 1) / checkpoint.alignment * checkpoint.alignment;
    }
  }

  void writeEntry(const MetadataEntry &entry, OutputFile &file) {
    auto replaceU32 = [&](uint32_t value) {
      file.string(entry.key);
      file.number(static_cast<uint32_t>(ValueType::U32));
      file.number(value);
    };
    bool ours = entry.key.substr(0, checkpoint.architecture.size() + 1) == checkpoint.architecture + ".";
    if (entry.key == checkpoint.architecture + ".block_count")
      return replaceU32(keptLayers);
    if (entry.key == "general.file_type" && options.format)
      return replaceU32(fileType(*options.format));
    const MetadataValue &value = entry.value;
    bool perLayer =
        ours && value.type == ValueType::Array && value.count == allLayers && value.elementType != ValueType::String;
    if (!perLayer) {
      file.write(checkpoint.file->bytes().data + entry.offset, entry.bytes);
      return;
    }
    file.string(entry.key);
    file.number(static_cast<uint32_t>(ValueType::Array));
    file.number(static_cast<uint32_t>(value.elementType));
    file.number(static_cast<uint64_t>(keptLayers));
    file.write(value.data, static_cast<size_t>(keptLayers) * valueTypeBytes(value.elementType));
  }

  void writeTensor(const Plan &plan, OutputFile &file) {
    Span bytes = checkpoint.tensorBytesOf(*plan.source);
    if (plan.format == plan.source->format) {
      file.write(bytes.data, bytes.size);
      return;
    }
    int64_t columns = plan.source->dims.back();
    int64_t rows = plan.source->elements() / columns;
    values.resize(static_cast<size_t>(columns));
    packed.resize(static_cast<size_t>(rowBytes(plan.format, columns)));
    for (int64_t row = 0; row < rows && file.ok(); ++row) {
      dequantizeRow(plan.source->format, bytes.data + row * rowBytes(plan.source->format, columns), columns,
                    values.data());
      quantizeRow(plan.format, values.data(), columns, packed.data());
      file.write(packed.data(), packed.size());
    }
  }

  const Checkpoint &checkpoint;
  const RewriteOptions &options;
  uint32_t allLayers = 0, keptLayers = 0;
  std::vector<Plan> plans;
  std::vector<float> values;
  std::vector<uint8_t> packed;
};

} // namespace

std::optional<RewriteFailure> trafo::rewriteGguf(const Checkpoint &checkpoint, const RewriteOptions &options,
                                                 const std::string &out) {
  return Rewriter(checkpoint, options).run(out);
}
