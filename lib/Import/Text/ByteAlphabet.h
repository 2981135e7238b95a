//===- ByteAlphabet.h - GPT-2's spelling of bytes as characters -----------===//
#ifndef TRAFO_IMPORT_TEXT_BYTEALPHABET_H
#define TRAFO_IMPORT_TEXT_BYTEALPHABET_H

#include <optional>
#include <string>
#include <string_view>

namespace trafo {

/// Byte-level vocabularies spell each byte as one printable character, so that tokens are readable text: printable
/// Latin-1 characters stand for themselves, the other 68 bytes, in order, for U+0100 and up (`bytes_to_unicode` of
/// GPT-2's encoder.py). Gives the bytes of a token, or nothing if it has a character outside the alphabet.
std::optional<std::string> spelledBytes(std::string_view token);

} // namespace trafo

#endif // TRAFO_IMPORT_TEXT_BYTEALPHABET_H
