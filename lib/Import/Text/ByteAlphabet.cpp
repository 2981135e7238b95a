//===- ByteAlphabet.cpp - GPT-2's spelling of bytes as characters ---------===//
#include "lib/Import/Text/ByteAlphabet.h"

#include "runtime/text/utf8.h"

#include <array>
#include <cstdint>

namespace trafo {
namespace {

constexpr uint32_t kCharacters = 256 + 68;

/// From character to byte; -1: not in the alphabet.
std::array<int16_t, kCharacters> makeAlphabet() {
  std::array<int16_t, kCharacters> bytes;
  bytes.fill(-1);
  uint32_t next = 256;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
    bytes[printable ? byte : next++] = static_cast<int16_t>(byte);
  }
  return bytes;
}

} // namespace

std::optional<std::string> spelledBytes(std::string_view token) {
  static const std::array<int16_t, kCharacters> alphabet = makeAlphabet();
  std::string bytes;
  while (!token.empty()) {
    size_t length;
    if (text::classifyUtf8(token, &length) != text::Utf8Start::Character)
      return std::nullopt;
    const uint32_t character = text::decodeUtf8(token.substr(0, length));
    if (character >= kCharacters || alphabet[character] < 0)
      return std::nullopt;
    bytes += static_cast<char>(alphabet[character]);
    token.remove_prefix(length);
  }
  return bytes;
}

} // namespace trafo
