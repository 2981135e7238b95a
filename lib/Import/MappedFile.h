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

  /// Bytes that are in memory already and outlive the result, under a name for messages.
  static std::shared_ptr<const MappedFile> view(std::string name, Span bytes);

  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  const std::string &path() const { return name; }
  Span bytes() const { return span; }

private:
  MappedFile(std::string path, Span span, bool owned) : name(std::move(path)), span(span), owned(owned) {}
  std::string name;
  Span span;
  bool owned;
};

} // namespace trafo

#endif // TRAFO_IMPORT_MAPPEDFILE_H
