//===- TemporaryFile.h - an output that appears complete or not at all ----===//
#ifndef TRAFO_ARTIFACT_TEMPORARYFILE_H
#define TRAFO_ARTIFACT_TEMPORARYFILE_H

#include "trafo/runtime.h"

#include <string>
#include <sys/types.h>
#include <vector>

namespace trafo {

/// A file written front to back as `<output>.tmp.<pid>` in the output's own folder and renamed to it by commit().
/// While it is open its lock is held, by which others know that it is not stale. Errors: TRAFO-ART-0031 to -0033.
class TemporaryFile {
public:
  TemporaryFile() = default;
  ~TemporaryFile() { discard(); }
  TemporaryFile(const TemporaryFile &) = delete;
  TemporaryFile &operator=(const TemporaryFile &) = delete;

  /// Refuses an output that exists and is no regular file. Removes stale temporaries of the same output first.
  trafo_status_t create(const std::string &output, mode_t mode, trafo_error_t *error);
  bool isOpen() const { return fd >= 0; }
  const std::string &output() const { return outputPath; }

  /// Bytes appended so far.
  uint64_t position() const { return written + buffer.size(); }
  trafo_status_t append(const void *bytes, size_t size, trafo_error_t *error);
  /// Appends zeros up to a multiple of `alignment` (at most a page).
  trafo_status_t padTo(uint64_t alignment, trafo_error_t *error);
  /// Replaces bytes appended earlier.
  trafo_status_t overwrite(uint64_t offset, const void *bytes, size_t size, trafo_error_t *error);

  /// Writes everything to the disk.
  trafo_status_t sync(trafo_error_t *error);
  /// Gives a file that was synced its name.
  trafo_status_t takeName(trafo_error_t *error);
  /// Both.
  trafo_status_t commit(trafo_error_t *error);
  /// Removes the file, if there is one that was not committed.
  void discard();

private:
  trafo_status_t flush(trafo_error_t *error);
  trafo_status_t writeAt(uint64_t offset, const void *bytes, size_t size, trafo_error_t *error);

  int fd = -1;
  std::string outputPath, temporaryPath;
  std::vector<char> buffer; ///< small appends are collected here
  uint64_t written = 0;     ///< bytes handed to the system
};

} // namespace trafo

#endif // TRAFO_ARTIFACT_TEMPORARYFILE_H
