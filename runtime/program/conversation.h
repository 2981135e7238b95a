#ifndef TRAFO_RUNTIME_PROGRAM_CONVERSATION_H
#define TRAFO_RUNTIME_PROGRAM_CONVERSATION_H

#include "runtime/program/options.h"

#include <string>
#include <vector>

namespace trafo::program {

/// Messages and replies over one sequence of a session, whose KV cache is kept from turn to turn: a turn computes only
/// what differs from the tokens already there.
class Conversation {
public:
  Conversation(trafo_model_t *model, trafo_session_t *session, const Options &options)
      : model(model), session(session), options(options) {}

  /// Answers one message, streaming or as JSON. If the context is full, the oldest exchanges are left out (and that is
  /// said). Returns TRAFO_OK, TRAFO_CANCELLED after Ctrl-C, or another status after its line on standard error.
  int answer(const std::string &message);

private:
  struct Message {
    std::string role, content;
  };
  /// One reply in the making.
  struct Reply {
    bool stream = true;
    bool started = false;
    double begin = 0, first = 0, end = 0;
    std::string text;
    std::vector<int32_t> tokens;
    trafo_status_t status = TRAFO_OK; ///< of writing it out
  };
  static int32_t onToken(void *state, int32_t token, trafo_string_t text);
  static void onShift(void *state, int32_t leftOut, int32_t kept);
  trafo_status_t render(std::vector<int32_t> *ids, trafo_error_t *error) const;
  trafo_status_t renderToFit(std::vector<int32_t> *ids, trafo_error_t *error);
  size_t reuse(const std::vector<int32_t> &ids) const;
  trafo_status_t prefillAllButLast(const std::vector<int32_t> &ids, size_t *done, trafo_error_t *error);
  trafo_status_t generate(const std::vector<int32_t> &ids, size_t *done, Reply *reply, trafo_generated_t *generated,
                          trafo_error_t *error);
  void printJson(const Reply &reply, const trafo_generated_t &generated, size_t promptTokens) const;
  void printStats(const Reply &reply, size_t computed) const;

  trafo_model_t *model;
  trafo_session_t *session;
  const Options &options;
  std::vector<Message> messages;
};

} // namespace trafo::program

#endif // TRAFO_RUNTIME_PROGRAM_CONVERSATION_H
