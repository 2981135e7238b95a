//===- Error.h - errors and results of the readers ------------------------===//
//
// Readers return values; there are no exceptions. An error is one line: the stable code, the file, where in it, what
// was found, what was expected, what to do.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_IMPORT_ERROR_H
#define TRAFO_IMPORT_ERROR_H

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace trafo {

enum class ErrorCode : uint16_t {
#define TRAFO_ERROR(Name, Id, ExitCode, Advice) Name,
#include "lib/Import/ErrorCodes.def"
};

struct Error {
  ErrorCode code;
  int exitCode;        ///< of the tool that ends because of it
  std::string message; ///< one line without newline: "TRAFO-GGUF-0004: file: offset 4: ...; advice"

  /// The stable code: "TRAFO-GGUF-0004".
  const char *id() const;
};

/// Makes the line `<id>: <path>: <detail>; <advice of the code>`. `path` is escaped; `detail` must already be clean.
Error makeError(ErrorCode code, std::string_view path, std::string_view detail);

/// Bytes from a file made fit for a message: in double quotes, control and non-ASCII bytes as \xNN, long texts cut.
std::string quoted(std::string_view bytes);

/// Concatenates texts and integers, for messages.
template <class... Parts> std::string concat(const Parts &...parts) {
  std::string out;
  auto append = [&out](const auto &part) {
    if constexpr (std::is_convertible_v<decltype(part), std::string_view>)
      out += std::string_view(part);
    else
      out += std::to_string(part);
  };
  (append(parts), ...);
  return out;
}

/// A value or an error.
template <class T> class [[nodiscard]] Result {
public:
  Result(T value) : state(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state(std::in_place_index<1>, std::move(error)) {}
  explicit operator bool() const { return state.index() == 0; }
  T &operator*() { return *std::get_if<0>(&state); }
  const T &operator*() const { return *std::get_if<0>(&state); }
  T *operator->() { return std::get_if<0>(&state); }
  const T *operator->() const { return std::get_if<0>(&state); }
  Error &error() { return *std::get_if<1>(&state); }
  const Error &error() const { return *std::get_if<1>(&state); }

private:
  std::variant<T, Error> state;
};

/// Success or an error.
template <> class [[nodiscard]] Result<void> {
public:
  Result() = default;
  Result(Error error) : state(std::move(error)) {}
  explicit operator bool() const { return state.index() == 0; }
  Error &error() { return *std::get_if<1>(&state); }
  const Error &error() const { return *std::get_if<1>(&state); }

private:
  std::variant<std::monostate, Error> state;
};

} // namespace trafo

#endif // TRAFO_IMPORT_ERROR_H
