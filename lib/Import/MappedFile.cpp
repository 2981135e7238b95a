#include "lib/Import/MappedFile.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace trafo;

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::string &path) {
  // O_NONBLOCK: opening a FIFO without a writer must fail below and not hang here.
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return makeError(ErrorCode::FileUnreadable, path, concat("cannot open: ", std::strerror(errno)));
  struct stat info;
  if (::fstat(fd, &info) != 0) {
    int reason = errno;
    ::close(fd);
    return makeError(ErrorCode::FileUnreadable, path, concat("cannot stat: ", std::strerror(reason)));
  }
  if (!S_ISREG(info.st_mode)) {
    ::close(fd);
    return makeError(
        ErrorCode::FileNotRegular, path,
        concat("is a ", S_ISDIR(info.st_mode) ? "directory" : "device, pipe or socket", ", expected a regular file"));
  }
  Span span;
  span.size = static_cast<uint64_t>(info.st_size);
  if (span.size != 0) { // an empty mapping is an error of mmap, an empty file is for the reader to refuse
    void *data = ::mmap(nullptr, span.size, PROT_READ, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED) {
      int reason = errno;
      ::close(fd);
      return makeError(ErrorCode::FileMapFailed, path,
                       concat("cannot map ", span.size, " bytes: ", std::strerror(reason)));
    }
    span.data = static_cast<const uint8_t *>(data);
  }
  ::close(fd);
  return std::shared_ptr<const MappedFile>(new MappedFile(path, span, /*owned=*/true));
}

std::shared_ptr<const MappedFile> MappedFile::view(std::string name, Span bytes) {
  return std::shared_ptr<const MappedFile>(new MappedFile(std::move(name), bytes, /*owned=*/false));
}

MappedFile::~MappedFile() {
  if (owned && span.size != 0)
    ::munmap(const_cast<uint8_t *>(span.data), span.size);
}
