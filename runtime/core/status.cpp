#include "runtime/core/status.h"

#include "runtime/core/error_codes.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>

namespace trafo::runtime {

trafo_status_t fail(trafo_error_t *error, trafo_status_t status, const char *code, const char *format, ...) {
  if (!error)
    return status;
  snprintf(error->code, sizeof(error->code), "%s", code);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->message, sizeof(error->message), format, arguments);
  va_end(arguments);
  for (char *c = error->message; *c; ++c)
    if (static_cast<unsigned char>(*c) < 0x20 || *c == 0x7f)
      *c = '?';
  return status;
}

trafo_status_t succeed(trafo_error_t *error) {
  if (error) {
    error->code[0] = 0;
    error->message[0] = 0;
  }
  return TRAFO_OK;
}

trafo_status_t requirePointers(std::initializer_list<NamedPointer> pointers, trafo_error_t *error) {
  for (const NamedPointer &argument : pointers)
    if (argument.needed && !argument.pointer)
      return fail(error, TRAFO_USAGE, codes::kArgument, "%s is NULL, expects memory of the caller's", argument.name);
  return TRAFO_OK;
}

trafo_status_t requireSize(const char *type, uint32_t size, size_t expected, trafo_error_t *error) {
  if (size == expected)
    return TRAFO_OK;
  return fail(error, TRAFO_USAGE, codes::kArgument, "%s has struct_size %u, expects %zu", type, size, expected);
}

trafo_status_t statusOfOpenErrno(int errnum) {
  switch (errnum) {
  case EIO:
    return TRAFO_IO;
  case EMFILE:
  case ENFILE:
  case ENOMEM:
    return TRAFO_NO_RESOURCE;
  default:
    return TRAFO_NO_INPUT;
  }
}

} // namespace trafo::runtime
