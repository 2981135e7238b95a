#ifndef TRAFO_RUNTIME_CORE_STATUS_H
#define TRAFO_RUNTIME_CORE_STATUS_H

#include "trafo/runtime.h"

#include <initializer_list>

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

/// A pointer argument by its name, and whether this call reads or writes through it.
struct NamedPointer {
  const void *pointer;
  const char *name;
  bool needed = true;
};

/// Refuses a call where a needed pointer is NULL.
trafo_status_t requirePointers(std::initializer_list<NamedPointer> pointers, trafo_error_t *error);

/// Refuses a struct of another size than ours, `expected`.
trafo_status_t requireSize(const char *type, uint32_t size, size_t expected, trafo_error_t *error);

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_CORE_STATUS_H
