#ifndef TRAFO_RUNTIME_CORE_STATUS_H
#define TRAFO_RUNTIME_CORE_STATUS_H

#include "trafo/runtime.h"

namespace trafo::runtime {

/// Fills `error` (if not NULL) with the code and the printf-style message, and returns `status`, so that a failing check
/// is one statement. Line breaks and other control characters in the message are replaced: it stays one line whatever
/// the file name holds.
[[gnu::format(printf, 4, 5)]] trafo_status_t fail(trafo_error_t *error, trafo_status_t status, const char *code,
                                                  const char *format, ...);

/// Empties `error` (if not NULL) and returns TRAFO_OK.
trafo_status_t succeed(trafo_error_t *error);

/// The status that fits an errno of open(): missing or unreadable input, or an I/O error.
trafo_status_t statusOfOpenErrno(int errnum);

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_CORE_STATUS_H
