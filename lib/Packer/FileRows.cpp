//===- FileRows.cpp - rows of a file, through a small window --------------===//
//
// Reads with pread into a window instead of mapping the file: memory stays at the window's size whatever the weight's, and
// a file that shrinks while it is read is an error with a name, not a signal.
//
//===----------------------------------------------------------------------===//
#include "lib/Packer/RowReader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace trafo;

namespace {
constexpr int64_t kWindowBytes = 256 << 10;

class FileRows final : public RowReader {
public:
  FileRows(int fd, std::string path, int64_t offset, Format format, int64_t rows, int64_t columns)
      : RowReader(format, rows, columns), fd(fd), path(std::move(path)), offset(offset) {}
  ~FileRows() override { ::close(fd); }
  FileRows(const FileRows &) = delete;
  FileRows &operator=(const FileRows &) = delete;

  bool read(int64_t row, uint8_t *out) override {
    int64_t bytes = rowBytes(), begin = row * bytes;
    int64_t held = static_cast<int64_t>(window.size());
    if (begin >= windowBegin + held || held == 0) {
      // A step forward takes the window along. A step back (rows that are paired) reads just the row.
      windowBegin = begin;
      window.resize(
          static_cast<size_t>(std::min(rows() * bytes - begin, std::max(kWindowBytes / bytes, int64_t(1)) * bytes)));
      if (!readAt(begin, window.data(), static_cast<int64_t>(window.size()))) {
        window.clear();
        return false;
      }
    } else if (begin < windowBegin) {
      return readAt(begin, out, bytes);
    }
    std::memcpy(out, window.data() + (begin - windowBegin), static_cast<size_t>(bytes));
    return true;
  }

private:
  bool readAt(int64_t begin, uint8_t *out, int64_t bytes) {
    while (bytes > 0) {
      ssize_t got = ::pread(fd, out, static_cast<size_t>(bytes), offset + begin);
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0) {
        problem = "'" + path + "': offset " + std::to_string(offset + begin) + ": " +
                  (got < 0 ? std::strerror(errno) : "the file has become shorter while it was read");
        return false;
      }
      begin += got;
      out += got;
      bytes -= got;
    }
    return true;
  }

  int fd;
  std::string path;
  int64_t offset;
  int64_t windowBegin = 0;
  std::vector<uint8_t> window;
};
} // namespace

RowReaderPtr trafo::readFileRows(const std::string &path, uint64_t offset, Format format, int64_t rows, int64_t columns,
                                 std::string &error) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat status;
  if (fd < 0 || ::fstat(fd, &status) != 0) {
    error = "cannot open '" + path + "': " + std::strerror(errno);
    if (fd >= 0)
      ::close(fd);
    return nullptr;
  }
  int64_t bytes, end;
  bool fits = S_ISREG(status.st_mode) && offset <= static_cast<uint64_t>(status.st_size) &&
              !__builtin_mul_overflow(rows, rowBytes(format, columns), &bytes) &&
              !__builtin_add_overflow(static_cast<int64_t>(offset), bytes, &end) && end <= status.st_size;
  if (!fits) {
    error = !S_ISREG(status.st_mode)
                ? "'" + path + "' is not a regular file"
                : "'" + path + "' has " + std::to_string(status.st_size) + " bytes, too few for " +
                      std::to_string(rows) + " rows of " + std::to_string(rowBytes(format, columns)) +
                      " bytes at offset " + std::to_string(offset);
    ::close(fd);
    return nullptr;
  }
  return std::make_unique<FileRows>(fd, path, static_cast<int64_t>(offset), format, rows, columns);
}
