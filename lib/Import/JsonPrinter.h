//===- JsonPrinter.h - JSON to a stream, indented -------------------------===//
#ifndef TRAFO_IMPORT_JSONPRINTER_H
#define TRAFO_IMPORT_JSONPRINTER_H

#include <cstdint>
#include <cstdio>
#include <string_view>

namespace trafo {

/// Prints one JSON value piece by piece. Texts may hold any bytes: what is not UTF-8 becomes U+FFFD.
class JsonPrinter {
public:
  explicit JsonPrinter(std::FILE *out) : out(out) {}

  void openObject() { open('{'); }
  void openObject(std::string_view name) { key(name), begin('{'); }
  void closeObject() { close('}'); }
  void openArray(std::string_view name) { key(name), begin('['); }
  void closeArray() { close(']'); }

  void field(std::string_view name, std::string_view value) { key(name), text(value); }
  void field(std::string_view name, const char *value) { field(name, std::string_view(value)); }
  void field(std::string_view name, int64_t value) { key(name), number(value); }
  void field(std::string_view name, double value); ///< a value that is not finite becomes null
  void field(std::string_view name, bool value) { key(name), std::fputs(value ? "true" : "false", out); }
  void element(int64_t value) { separate(), number(value); }

private:
  void open(char bracket) { separate(), begin(bracket); }
  void begin(char bracket);
  void close(char bracket);
  void separate();
  void key(std::string_view name);
  void text(std::string_view bytes);
  void number(int64_t value);

  std::FILE *out;
  int depth = 0;
  bool first = true;
};

} // namespace trafo

#endif // TRAFO_IMPORT_JSONPRINTER_H
