#ifndef TRAFO_TEST_RUNTIME_TEXT_SECTION_INPUT_H
#define TRAFO_TEST_RUNTIME_TEXT_SECTION_INPUT_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace trafo::test {

/// Loads \p bytes as a TEXT section and, if that succeeds, uses all of it: encodes, decodes, renders. Gives the error's
/// message, or an empty text. This is also the body of the fuzz target.
std::string useSection(const uint8_t *bytes, size_t size);

} // namespace trafo::test

#endif // TRAFO_TEST_RUNTIME_TEXT_SECTION_INPUT_H
