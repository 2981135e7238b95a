#include "lib/Import/JsonPrinter.h"

#include <cinttypes>
#include <cmath>

using namespace trafo;

void JsonPrinter::field(std::string_view name, double value) {
  key(name);
  if (std::isfinite(value))
    std::fprintf(out, "%.9g", value); // enough to name any f32
  else
    std::fputs("null", out);
}

void JsonPrinter::begin(char bracket) {
  std::fputc(bracket, out);
  ++depth;
  first = true;
}

void JsonPrinter::close(char bracket) {
  --depth;
  if (!first)
    std::fprintf(out, "\n%*s", 2 * depth, "");
  std::fputc(bracket, out);
  first = false;
}

void JsonPrinter::separate() {
  if (depth == 0)
    return;
  std::fprintf(out, "%s\n%*s", first ? "" : ",", 2 * depth, "");
  first = false;
}

void JsonPrinter::key(std::string_view name) {
  separate();
  text(name);
  std::fputs(": ", out);
}

void JsonPrinter::number(int64_t value) { std::fprintf(out, "%" PRId64, value); }

/// Bytes of the well-formed UTF-8 sequence at the front of `bytes` (Unicode 15, table 3-7), 0 if there is none.
static size_t sequenceBytes(std::string_view bytes) {
  auto at = [&](size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u; };
  auto continues = [&](size_t i) { return (at(i) & 0xc0u) == 0x80u; };
  unsigned lead = at(0), second = at(1);
  if (lead < 0x80)
    return 1;
  if (lead >= 0xc2 && lead <= 0xdf)
    return continues(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    bool overlong = lead == 0xe0 && second < 0xa0;
    bool surrogate = lead == 0xed && second > 0x9f;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    bool overlong = lead == 0xf0 && second < 0x90;
    bool tooLarge = lead == 0xf4 && second > 0x8f;
    return continues(1) && continues(2) && continues(3) && !overlong && !tooLarge ? 4 : 0;
  }
  return 0;
}

void JsonPrinter::text(std::string_view bytes) {
  std::fputc('"', out);
  while (!bytes.empty()) {
    size_t length = sequenceBytes(bytes);
    auto byte = static_cast<unsigned char>(bytes.front());
    if (length == 0)
      std::fputs("\\ufffd", out);
    else if (byte == '"' || byte == '\\')
      std::fprintf(out, "\\%c", byte);
    else if (byte < 0x20 || byte == 0x7f)
      std::fprintf(out, "\\u%04x", byte);
    else
      std::fwrite(bytes.data(), 1, length, out);
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  std::fputc('"', out);
}
