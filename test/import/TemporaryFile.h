//===- TemporaryFile.h - a file that goes when the test does --------------===//
#ifndef TRAFO_TEST_IMPORT_TEMPORARYFILE_H
#define TRAFO_TEST_IMPORT_TEMPORARYFILE_H

#include "test/import/HostileCases.h"

#include <cstdlib>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace trafo::test {

/// Writes a hostile file, with its hole and its islands, to the open descriptor. False if that fails.
inline bool writeHostile(const HostileCase &hostile, int fd) {
  auto put = [fd](const std::string &bytes, uint64_t offset) {
    return ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes.size());
  };
  bool good = put(hostile.bytes, 0);
  for (const auto &[offset, bytes] : hostile.islands)
    good = good && put(bytes, offset);
  if (hostile.fileBytes != 0)
    good = good && ::ftruncate(fd, static_cast<off_t>(hostile.fileBytes)) == 0;
  return good;
}

class TemporaryFile {
public:
  explicit TemporaryFile(const HostileCase &hostile) {
    const char *folder = std::getenv("TMPDIR");
    name = std::string(folder ? folder : "/tmp") + "/trafo-test-XXXXXX";
    int fd = ::mkstemp(name.data());
    if (fd < 0 || !writeHostile(hostile, fd))
      std::abort(); // a full disk is no result of a test
    ::close(fd);
  }
  explicit TemporaryFile(const std::string &bytes) : TemporaryFile(HostileCase{"", bytes, "", 0, {}}) {}
  ~TemporaryFile() { ::unlink(name.c_str()); }
  TemporaryFile(const TemporaryFile &) = delete;
  TemporaryFile &operator=(const TemporaryFile &) = delete;
  const std::string &path() const { return name; }

private:
  std::string name;
};

} // namespace trafo::test

#endif // TRAFO_TEST_IMPORT_TEMPORARYFILE_H
