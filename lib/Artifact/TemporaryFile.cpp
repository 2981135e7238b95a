#include "lib/Artifact/TemporaryFile.h"

#include "lib/Artifact/ArtifactWriter.h"
#include "runtime/core/error_codes.h"
#include "runtime/core/status.h"

#include <cerrno>
#include <cinttypes>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace trafo;
using runtime::fail;
namespace codes = trafo::runtime::codes;

namespace {

constexpr size_t kBufferBytes = 1 << 20;
constexpr uint64_t kWritebackBytes = 16 << 20;

std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}
std::string nameOf(const std::string &path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

/// Whether `name` is `<base>.tmp.<digits>`.
bool isTemporaryOf(const char *name, const std::string &base) {
  std::string prefix = base + ".tmp.";
  if (strncmp(name, prefix.c_str(), prefix.size()) != 0)
    return false;
  const char *digits = name + prefix.size();
  return *digits && digits[strspn(digits, "0123456789")] == 0;
}

/// What to do about an error of writing.
const char *remedy(int errnum) {
  switch (errnum) {
  case ENOSPC:
    return "; free some space or choose another folder with -o";
  case EDQUOT:
  case EFBIG:
    return "; raise the quota or file size limit, or choose another folder with -o";
  case EACCES:
  case EPERM:
  case EROFS:
  case ENOENT:
  case ENOTDIR:
    return "; choose a folder that exists and can be written with -o";
  default:
    return "";
  }
}

} // namespace

void trafo::removeStaleTemporaries(const std::string &output) {
  std::string folder = folderOf(output), base = nameOf(output);
  DIR *dir = opendir(folder.c_str());
  if (!dir)
    return;
  while (dirent *entry = readdir(dir)) {
    if (!isTemporaryOf(entry->d_name, base))
      continue;
    std::string path = folder + "/" + entry->d_name;
    int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
      continue;
    struct stat status;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && flock(fd, LOCK_EX | LOCK_NB) == 0)
      unlink(path.c_str());
    close(fd);
  }
  closedir(dir);
}

trafo_status_t TemporaryFile::create(const std::string &output, mode_t mode, trafo_error_t *error) {
  outputPath = output;
  struct stat status;
  if (stat(output.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
    return fail(error, TRAFO_CANNOT_CREATE, codes::kCreate,
                "%s: exists and is no regular file; choose another name with -o", output.c_str());
  removeStaleTemporaries(output);
  temporaryPath = output + ".tmp." + std::to_string(getpid());
  do
    fd = ::open(temporaryPath.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  while (fd < 0 && errno == EINTR);
  if (fd < 0)
    return fail(error, TRAFO_CANNOT_CREATE, codes::kCreate, "%s: cannot be created: %s%s", output.c_str(),
                strerror(errno), remedy(errno));
  flock(fd, LOCK_EX | LOCK_NB); // where the file system has no locks, a stale file stays: no reason to fail
  buffer.reserve(kBufferBytes);
  return TRAFO_OK;
}

trafo_status_t TemporaryFile::writeAt(uint64_t offset, const void *bytes, size_t size, trafo_error_t *error) {
  const char *from = static_cast<const char *>(bytes);
  for (size_t done = 0; done < size;) {
    ssize_t n = pwrite(fd, from + done, size - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      int errnum = n < 0 ? errno : ENOSPC;
      return fail(error, TRAFO_IO, codes::kWrite, "%s: cannot write %zu bytes at %" PRIu64 ": %s%s", outputPath.c_str(),
                  size, offset, strerror(errnum), remedy(errnum));
    }
    done += static_cast<size_t>(n);
  }
  return TRAFO_OK;
}

trafo_status_t TemporaryFile::flush(trafo_error_t *error) {
  if (trafo_status_t s = writeAt(written, buffer.data(), buffer.size(), error))
    return s;
  uint64_t before = written;
  written += buffer.size();
  buffer.clear();
  // Starts writing back while more is being packed, so that the sync at the end has little left to do.
  if (before / kWritebackBytes != written / kWritebackBytes)
    sync_file_range(fd, static_cast<off_t>(before / kWritebackBytes * kWritebackBytes), kWritebackBytes,
                    SYNC_FILE_RANGE_WRITE);
  return TRAFO_OK;
}

trafo_status_t TemporaryFile::append(const void *bytes, size_t size, trafo_error_t *error) {
  const char *from = static_cast<const char *>(bytes);
  while (size > 0) {
    size_t n = kBufferBytes - buffer.size() < size ? kBufferBytes - buffer.size() : size;
    buffer.insert(buffer.end(), from, from + n);
    from += n;
    size -= n;
    if (buffer.size() == kBufferBytes)
      if (trafo_status_t s = flush(error))
        return s;
  }
  return TRAFO_OK;
}

trafo_status_t TemporaryFile::padTo(uint64_t alignment, trafo_error_t *error) {
  static const char zeros[TRAFO_PAGE_BYTES] = {};
  uint64_t lack = (alignment - position() % alignment) % alignment;
  return append(zeros, lack, error);
}

trafo_status_t TemporaryFile::overwrite(uint64_t offset, const void *bytes, size_t size, trafo_error_t *error) {
  if (trafo_status_t s = flush(error))
    return s;
  return writeAt(offset, bytes, size, error);
}

trafo_status_t TemporaryFile::sync(trafo_error_t *error) {
  if (trafo_status_t s = flush(error))
    return s;
  if (fsync(fd) != 0)
    return fail(error, TRAFO_IO, codes::kWrite, "%s: cannot be written to the disk: %s%s", outputPath.c_str(),
                strerror(errno), remedy(errno));
  return TRAFO_OK;
}

trafo_status_t TemporaryFile::commit(trafo_error_t *error) {
  trafo_status_t s = sync(error);
  return s ? s : takeName(error);
}

trafo_status_t TemporaryFile::takeName(trafo_error_t *error) {
  if (rename(temporaryPath.c_str(), outputPath.c_str()) != 0)
    return fail(error, TRAFO_CANNOT_CREATE, codes::kRename, "%s: the finished file cannot take its name: %s%s",
                outputPath.c_str(), strerror(errno), remedy(errno));
  temporaryPath.clear();
  close(fd);
  fd = -1;
  // The name itself is on the disk once the folder is. The file is complete either way, so this may fail.
  int folder = ::open(folderOf(outputPath).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    fsync(folder);
    close(folder);
  }
  return TRAFO_OK;
}

void TemporaryFile::discard() {
  if (!temporaryPath.empty() && fd >= 0)
    unlink(temporaryPath.c_str());
  temporaryPath.clear();
  if (fd >= 0)
    close(fd);
  fd = -1;
  buffer.clear();
}
