//===- MappedFile.h - a file in memory, read-only -------------------------===//
#ifndef TRAFO_IMPORT_MAPPEDFILE_H
#define TRAFO_IMPORT_MAPPEDFILE_H

#include "lib/Import/ByteReader.h"
#include "lib/Import/Error.h"

#include <memory>
#include <string>

namespace trafo {

/// A regular file mapped shared and read-only. Pages are read when looked at, so mapping costs nothing.
class MappedFile {
public:
  /// Maps the file at `path`. Errors: FileUnreadable, FileNotRegular (never blocks on a FIFO), FileMapFailed.
  static Result<std::shared_ptr<const MappedFile>> open(const std::string &path);

  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  const std::string &path() const { return name; }
  Span bytes() const { return span; }

private:
  MappedFile(std::string path, Span span) : name(std::move(path)), span(span) {}
  std::string name;
  Span span;
};

} // namespace trafo

#endif // TRAFO_IMPORT_MAPPEDFILE_H
