#ifndef TRAFO_RUNTIME_PROGRAM_OUTPUT_H
#define TRAFO_RUNTIME_PROGRAM_OUTPUT_H

#include "trafo/runtime.h"

#include <string>
#include <string_view>

namespace trafo::program {

/// Writes all of `text` to standard output, at once. Returns TRAFO_OK, or TRAFO_IO after a line on standard error (none
/// if the reader has gone, as `chat | head` does).
trafo_status_t writeOut(std::string_view text);

/// Prints "error: CODE: message" on standard error and returns `status`.
int report(trafo_status_t status, const trafo_error_t &error);

/// Appends `text` (UTF-8) as a JSON string with its quotes.
void appendJson(std::string_view text, std::string *out);

} // namespace trafo::program

#endif // TRAFO_RUNTIME_PROGRAM_OUTPUT_H
