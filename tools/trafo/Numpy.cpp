// Version 1.0 of the .npy format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#include "LogitSource.h"

#include <cerrno>
#include <cinttypes>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace trafo::tool {

/// "12, 34)" to two numbers.
static bool readShape(const char *text, uint64_t *out) {
  char *end = nullptr;
  out[0] = strtoull(text, &end, 10);
  if (end == text || *end != ',')
    return false;
  text = end + 1;
  out[1] = strtoull(text, &end, 10);
  return end != text && *end == ')';
}

NumpyLogits::~NumpyLogits() {
  if (mapped)
    munmap(mapped, mappedSize);
}

int NumpyLogits::open(const std::string &file) {
  path = file;
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0) {
    fprintf(stderr, "trafo: error: TRAFO-EVAL-0001: %s: cannot be opened: %s\n", path.c_str(), strerror(errno));
    return TRAFO_NO_INPUT;
  }
  mappedSize = static_cast<size_t>(status.st_size);
  mapped = mappedSize >= 16 ? mmap(nullptr, mappedSize, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
  ::close(fd);
  if (mapped == MAP_FAILED)
    mapped = nullptr;
  const unsigned char *bytes = static_cast<const unsigned char *>(mapped);
  size_t headerEnd = mapped ? 10 + static_cast<size_t>(bytes[8] | bytes[9] << 8) : 0;
  bool good = mapped && memcmp(bytes, "\x93NUMPY\x01\x00", 8) == 0 && headerEnd <= mappedSize;
  if (good) {
    std::string header(reinterpret_cast<const char *>(bytes) + 10, headerEnd - 10);
    size_t at = header.find("'shape': (");
    good = header.find("'<f4'") != std::string::npos && header.find("'fortran_order': False") != std::string::npos &&
           at != std::string::npos;
    uint64_t shape[2] = {0, 0};
    good = good && readShape(header.c_str() + at + strlen("'shape': ("), shape) && shape[1] > 0 &&
           shape[1] < (1u << 26) && shape[0] == (mappedSize - headerEnd) / 4 / shape[1];
    rows = shape[0];
    columns = static_cast<uint32_t>(shape[1]);
  }
  if (!good) {
    fprintf(stderr,
            "trafo: error: TRAFO-EVAL-0008: %s: expects a .npy of version 1.0, float32 [tokens, vocabulary] in C "
            "order, as --logits writes\n",
            path.c_str());
    return TRAFO_BAD_DATA;
  }
  values = reinterpret_cast<const float *>(bytes + headerEnd);
  return TRAFO_OK;
}

int NumpyLogits::begin(const std::vector<int32_t> &ids, size_t) {
  if (ids.size() == rows)
    return TRAFO_OK;
  fprintf(stderr, "trafo: error: TRAFO-EVAL-0009: %s: has logits of %zu tokens, there are %zu; use the same tokens\n",
          path.c_str(), rows, ids.size());
  return TRAFO_BAD_DATA;
}

int NumpyLogits::row(size_t row, const float **outLogits) {
  *outLogits = values + row * columns;
  return TRAFO_OK;
}

NumpyWriter::~NumpyWriter() {
  if (!file)
    return;
  fclose(file);
  unlink(path.c_str()); // not finished
}

int NumpyWriter::failed() {
  fprintf(stderr, "trafo: error: TRAFO-EVAL-0005: %s: cannot be written: %s\n", path.c_str(), strerror(errno));
  return file ? TRAFO_IO : TRAFO_CANNOT_CREATE;
}

int NumpyWriter::open(const std::string &name, size_t rows, uint32_t cols) {
  path = name;
  columns = cols;
  file = fopen(path.c_str(), "wb");
  if (!file)
    return failed();
  char header[128]; // magic, version and header together are a multiple of 64
  int n = snprintf(header + 10, sizeof(header) - 10, "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, %u), }",
                   rows, cols);
  memset(header + 10 + n, ' ', sizeof(header) - 10 - static_cast<size_t>(n));
  header[sizeof(header) - 1] = '\n';
  static const unsigned char kStart[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, sizeof(header) - 10, 0};
  memcpy(header, kStart, sizeof(kStart));
  return fwrite(header, 1, sizeof(header), file) == sizeof(header) ? 0 : failed();
}

int NumpyWriter::write(const float *row) { return fwrite(row, sizeof(float), columns, file) == columns ? 0 : failed(); }

int NumpyWriter::finish() {
  FILE *done = file;
  if (fflush(done) != 0)
    return failed();
  file = nullptr;
  if (fclose(done) == 0)
    return TRAFO_OK;
  unlink(path.c_str());
  return failed();
}

} // namespace trafo::tool
