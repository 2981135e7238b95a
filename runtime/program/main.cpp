// The launcher: what runs in front of a compiled model. Built for the machine's baseline; the model's code and weights are
// appended to it and found through its own file.
#include "runtime/program/conversation.h"
#include "runtime/program/interrupt.h"
#include "runtime/program/options.h"
#include "runtime/program/output.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#include <unistd.h>

using namespace trafo::program;

namespace {

constexpr size_t kMaxPromptBytes = 64 << 20;

/// Standard input as a whole or line by line.
class Input {
public:
  /// The next line without its end, or with `all` everything. `*outEnd`: there was nothing left.
  int read(bool all, std::string *out, bool *outEnd) {
    *outEnd = false;
    for (;;) {
      size_t newline = all ? std::string::npos : pending.find('\n');
      if (newline != std::string::npos) {
        *out = pending.substr(0, newline);
        pending.erase(0, newline + 1);
        return TRAFO_OK;
      }
      char buffer[16 << 10];
      if (!awaitInput(STDIN_FILENO))
        return TRAFO_CANCELLED;
      ssize_t n = ::read(STDIN_FILENO, buffer, sizeof(buffer));
      if (n < 0 && errno == EINTR && !interrupted())
        continue;
      if (n < 0 && errno == EINTR)
        return TRAFO_CANCELLED;
      if (n < 0) {
        fprintf(stderr, "error: standard input: %s\n", strerror(errno));
        return TRAFO_NO_INPUT;
      }
      if (n == 0) {
        *outEnd = pending.empty();
        *out = std::move(pending);
        pending.clear();
        return TRAFO_OK;
      }
      if (pending.size() + static_cast<size_t>(n) > kMaxPromptBytes) {
        fprintf(stderr, "error: standard input: more than %zu bytes; give a shorter prompt\n", kMaxPromptBytes);
        return TRAFO_BAD_DATA;
      }
      pending.append(buffer, static_cast<size_t>(n));
    }
  }

private:
  std::string pending;
};

int talk(Conversation *conversation, Input *input) {
  bool terminal = isatty(STDIN_FILENO) != 0;
  for (;;) {
    clearInterrupt();
    if (terminal)
      fprintf(stderr, "> ");
    std::string message;
    bool end = false;
    if (int status = input->read(false, &message, &end))
      return status;
    if (end)
      return TRAFO_OK;
    if (message.empty())
      continue;
    int status = conversation->answer(message);
    // Only the reply was stopped, or only this message was too long: the conversation goes on.
    if (status != TRAFO_OK && status != TRAFO_CANCELLED && !(status == TRAFO_BAD_DATA && terminal))
      return status;
  }
}

int converse(trafo_model_t *model, trafo_session_t *session, const Options &options, Input *input,
             const std::string &prompt, bool havePrompt, bool interactive) {
  Conversation conversation(model, session, options);
  if (havePrompt) {
    int status = conversation.answer(prompt);
    if (status != TRAFO_OK || !interactive)
      return status;
  }
  return talk(&conversation, input);
}

int run(const Options &options) {
  trafo_error_t error = {};
  trafo_load_options_t load;
  trafo_load_options_initialize(&load);
  load.flags = TRAFO_LOAD_GUARD_SIGBUS | (options.verify ? TRAFO_LOAD_VERIFY : 0u);
  trafo_model_t *model = nullptr;
  if (trafo_status_t s = trafo_model_load_self(&load, &error, &model))
    return report(s, error);
  // Started without anything to say at a terminal, it is a conversation that is wanted.
  bool interactive = options.interactive || (!options.promptGiven && !options.raw && isatty(STDIN_FILENO));
  Input input;
  std::string prompt = options.prompt;
  bool havePrompt = options.promptGiven, end = false;
  if (!havePrompt && !interactive) {
    if (int status = input.read(true, &prompt, &end))
      return status;
    havePrompt = true;
  }
  trafo_session_options_t with;
  trafo_session_options_initialize(&with);
  with.threads = options.threads;
  trafo_session_t *session = nullptr;
  if (trafo_status_t s = trafo_session_create(model, &with, &error, &session))
    return report(s, error);
  int status = converse(model, session, options, &input, prompt, havePrompt, interactive);
  trafo_session_release(session);
  trafo_model_release(model);
  return status;
}

} // namespace

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN); // a reader that goes away is an error of write()
  try {
    Options options;
    int status = readCommandLine(argc, argv, &options);
    if (status >= 0)
      return status;
    catchInterrupts();
    return run(options);
  } catch (const std::bad_alloc &) {
    fprintf(stderr, "error: TRAFO-RUN-0004: no memory\n");
    return TRAFO_NO_RESOURCE;
  }
}
