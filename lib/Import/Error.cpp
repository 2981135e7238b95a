#include "lib/Import/Error.h"

using namespace trafo;

namespace {
struct Row {
  const char *id;
  int exitCode;
  const char *advice;
};
constexpr Row kRows[] = {
#define TRAFO_ERROR(Name, Id, ExitCode, Advice) {Id, ExitCode, Advice},
#include "lib/Import/ErrorCodes.def"
};
constexpr size_t kQuotedBytes = 96;

const Row &row(ErrorCode code) { return kRows[static_cast<uint16_t>(code)]; }

void appendEscaped(std::string &out, std::string_view bytes, bool keepUtf8) {
  static const char digits[] = "0123456789abcdef";
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    bool plain = byte >= 0x20 && byte != 0x7f && (byte < 0x7f || keepUtf8);
    if (plain && (byte != '"' || keepUtf8)) {
      out += c;
      continue;
    }
    out += "\\x";
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
}
} // namespace

const char *Error::id() const { return row(code).id; }

Error trafo::makeError(ErrorCode code, std::string_view path, std::string_view detail) {
  const Row &entry = row(code);
  std::string message = entry.id;
  message += ": ";
  appendEscaped(message, path, /*keepUtf8=*/true);
  message += ": ";
  message += detail;
  message += "; ";
  message += entry.advice;
  return {code, entry.exitCode, std::move(message)};
}

std::string trafo::quoted(std::string_view bytes) {
  std::string out = "\"";
  appendEscaped(out, bytes.substr(0, kQuotedBytes), /*keepUtf8=*/false);
  out += bytes.size() > kQuotedBytes ? "...\"" : "\"";
  return out;
}
