#ifndef TRAFO_RUNTIME_TEXT_STATUS_H
#define TRAFO_RUNTIME_TEXT_STATUS_H

#include <string>
#include <utility>

namespace trafo::text {

/// What every fallible call of runtime/text returns. `code` is a stable string with static lifetime, like
/// "TRAFO-TEXT-0003"; `message` is one line for people (without the code); `exitCode` is what a program that cannot go
/// on returns to its caller (65: bad data, 2: bad request, 71: out of memory).
struct Status {
  const char *code = nullptr;
  int exitCode = 0;
  std::string message;

  bool ok() const { return code == nullptr; }
  static Status success() { return Status(); }
  static Status badSection(std::string message) { return {"TRAFO-TEXT-0001", 65, std::move(message)}; }
  static Status unknownPreTokenizer(std::string message) { return {"TRAFO-TEXT-0002", 65, std::move(message)}; }
  static Status matchLimit(std::string message) { return {"TRAFO-TEXT-0003", 65, std::move(message)}; }
  static Status textTooLong(std::string message) { return {"TRAFO-TEXT-0004", 65, std::move(message)}; }
  static Status noChatTemplate(std::string message) { return {"TRAFO-TEXT-0005", 2, std::move(message)}; }
  static Status badRole(std::string message) { return {"TRAFO-TEXT-0006", 2, std::move(message)}; }
  static Status outOfMemory() { return {"TRAFO-TEXT-0007", 71, "out of memory in the tokenizer"}; }
};

} // namespace trafo::text

#endif // TRAFO_RUNTIME_TEXT_STATUS_H
