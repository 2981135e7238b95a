#include "runtime/program/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <unistd.h>

namespace trafo::program {

trafo_status_t writeOut(std::string_view text) {
  while (!text.empty()) {
    ssize_t n = write(STDOUT_FILENO, text.data(), text.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      if (errno != EPIPE)
        fprintf(stderr, "error: standard output: %s\n", strerror(errno));
      return TRAFO_IO;
    }
    text.remove_prefix(static_cast<size_t>(n));
  }
  return TRAFO_OK;
}

int report(trafo_status_t status, const trafo_error_t &error) {
  fprintf(stderr, "error: %s: %s\n", error.code, error.message);
  return status;
}

void appendJson(std::string_view text, std::string *out) {
  *out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (c == '\n') {
      *out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      snprintf(escaped, sizeof(escaped), "\\u%04x", c);
      *out += escaped;
    } else {
      *out += c;
    }
  }
  *out += '"';
}

} // namespace trafo::program
