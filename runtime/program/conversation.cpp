#include "runtime/program/conversation.h"

#include "runtime/program/interrupt.h"
#include "runtime/program/output.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <unistd.h>

namespace trafo::program {
namespace {

constexpr int32_t kSequence = 0;

double now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

trafo_string_t stringOf(const std::string &text) { return {text.data(), text.size()}; }

double rate(size_t tokens, double seconds) { return seconds > 0 ? static_cast<double>(tokens) / seconds : 0; }

const char *stopName(trafo_stop_t stop) {
  switch (stop) {
  case TRAFO_STOP_END:
    return "end";
  case TRAFO_STOP_MAX_TOKENS:
    return "max_tokens";
  case TRAFO_STOP_CONTEXT:
    return "context";
  default:
    return "cancelled";
  }
}

} // namespace

trafo_status_t Conversation::render(std::vector<int32_t> *ids, trafo_error_t *error) const {
  uint32_t flags = TRAFO_TEXT_ADD_SPECIAL | (options.parseSpecial ? TRAFO_TEXT_PARSE_SPECIAL : 0u);
  std::vector<trafo_message_t> views;
  size_t capacity =
      256; // a text of n bytes has at most about n tokens; where this is short, a second call has the size
  for (const Message &message : messages) {
    views.push_back({stringOf(message.role), stringOf(message.content)});
    capacity += message.content.size() + 32;
  }
  for (;;) {
    ids->resize(capacity);
    size_t count = 0;
    trafo_status_t s = options.raw
                           ? trafo_tokenize(model, views.back().content, flags, ids->data(), capacity, error, &count)
                           : trafo_chat(model, views.data(), views.size(), 1, ids->data(), capacity, error, &count);
    ids->resize(std::min(count, capacity));
    if (s || count <= capacity)
      return s;
    capacity = count;
  }
}

trafo_status_t Conversation::renderToFit(std::vector<int32_t> *ids, trafo_error_t *error) {
  const size_t context = trafo_model_manifest(model)->max_context;
  for (bool said = false;; said = true) {
    if (trafo_status_t s = render(ids, error))
      return s;
    size_t first = messages[0].role == "system" ? 1 : 0;
    if (ids->size() < context || messages.size() <= first + 1)
      return TRAFO_OK; // if it still does not fit, the runtime says so
    if (!said)
      fprintf(stderr, "note: the context of %zu tokens is full; the oldest messages are left out\n", context);
    auto oldest = messages.begin() + static_cast<std::ptrdiff_t>(first);
    messages.erase(oldest, oldest + 2); // a message and its reply
  }
}

/// How many of the tokens the sequence begins with. At least one is computed anew: its logits are needed.
size_t Conversation::reuse(const std::vector<int32_t> &ids) const {
  const int32_t *cached = trafo_sequence_tokens(session, kSequence);
  size_t length = static_cast<size_t>(trafo_sequence_length(session, kSequence)), common = 0;
  while (common < length && common + 1 < ids.size() && cached[common] == ids[common])
    ++common;
  return common;
}

/// In steps of the size the model prefers, so that Ctrl-C is noticed between them.
trafo_status_t Conversation::prefillAllButLast(const std::vector<int32_t> &ids, size_t *done, trafo_error_t *error) {
  const trafo_manifest_t *manifest = trafo_model_manifest(model);
  if (ids.size() > manifest->max_context)
    return TRAFO_OK; // trafo_generate says so
  while (ids.size() - *done > manifest->max_rows && !interrupted()) {
    const float *logits = nullptr;
    if (trafo_status_t s =
            trafo_prefill(session, kSequence, ids.data() + *done, manifest->max_rows, nullptr, 0, error, &logits))
      return s;
    *done += manifest->max_rows;
  }
  return TRAFO_OK;
}

/// `*cached` becomes the number of tokens that were not computed anew.
trafo_status_t Conversation::generate(const std::vector<int32_t> &ids, size_t *cached, Reply *reply,
                                      trafo_generated_t *generated, trafo_error_t *error) {
  int32_t length = 0;
  if (trafo_status_t s = trafo_sequence_truncate(session, kSequence, static_cast<int32_t>(reuse(ids)), error, &length))
    return s;
  *cached = static_cast<size_t>(length);
  size_t done = *cached;
  if (trafo_status_t s = prefillAllButLast(ids, &done, error))
    return s;
  generated->stop = TRAFO_STOP_CALLER;
  if (interrupted())
    return TRAFO_OK;
  trafo_generate_options_t request;
  trafo_generate_options_initialize(&request);
  request.sequence = kSequence;
  request.max_tokens = options.maxTokens;
  request.keep = options.contextShift ? options.keep : -1;
  request.sampling = options.sampling;
  request.on_token = onToken;
  request.on_token_state = reply;
  request.on_shift = onShift;
  return trafo_generate(session, ids.data() + done, ids.size() - done, &request, error, generated);
}

int32_t Conversation::onToken(void *state, int32_t token, trafo_string_t text) {
  Reply &reply = *static_cast<Reply *>(state);
  if (!reply.started) {
    reply.started = true;
    reply.first = now();
  }
  if (token >= 0)
    reply.tokens.push_back(token);
  std::string_view view(text.data, text.size);
  reply.text.append(view);
  if (reply.stream && !view.empty())
    reply.status = writeOut(view);
  return reply.status != TRAFO_OK || interrupted();
}

void Conversation::onShift(void *, int32_t leftOut, int32_t kept) {
  fprintf(stderr, "note: the context is full; %d tokens are left out and the %d kept are computed anew\n", leftOut,
          kept);
}

int Conversation::answer(const std::string &message) {
  trafo_error_t error = {};
  if (messages.empty() && options.systemGiven)
    messages.push_back({"system", options.system});
  messages.push_back({"user", message});
  Reply reply;
  reply.stream = !options.json;
  // Enough for a whole reply, so that no token of it allocates.
  const size_t context = trafo_model_manifest(model)->max_context;
  reply.tokens.reserve(context + 1);
  reply.text.reserve(context * 16);
  reply.begin = now();
  std::vector<int32_t> ids;
  trafo_generated_t generated = {};
  size_t cached = 0;
  trafo_status_t s = renderToFit(&ids, &error);
  if (!s)
    s = generate(ids, &cached, &reply, &generated, &error);
  reply.end = now();
  if (reply.stream && reply.started && !reply.status)
    reply.status = writeOut("\n");
  if (s) {
    messages.pop_back();
    return report(s, error);
  }
  messages.push_back({"assistant", reply.text});
  if (generated.stop == TRAFO_STOP_CONTEXT)
    fprintf(stderr, "note: the context of %zu tokens is full, so the reply ends; --context-shift goes on\n", context);
  if (options.json && !reply.status)
    printJson(reply, generated, ids.size());
  if (options.stats || isatty(STDERR_FILENO))
    printStats(reply, ids.size() - cached);
  if (reply.status)
    return reply.status;
  return interrupted() ? TRAFO_CANCELLED : TRAFO_OK;
}

void Conversation::printJson(const Reply &reply, const trafo_generated_t &generated, size_t promptTokens) const {
  std::string out = "{\"text\":";
  appendJson(reply.text, &out);
  out += ",\"tokens\":[";
  for (size_t i = 0; i < reply.tokens.size(); ++i)
    out += (i ? "," : "") + std::to_string(reply.tokens[i]);
  size_t decoded = reply.tokens.empty() ? 0 : reply.tokens.size() - 1;
  char numbers[400];
  snprintf(numbers, sizeof(numbers),
           "],\"stop\":\"%s\",\"prompt_tokens\":%zu,\"generated_tokens\":%zu,\"time_to_first_token_ms\":%.3f,"
           "\"decode_tokens_per_second\":%.3f,\"context_shifts\":%d,\"threads\":%d}\n",
           stopName(generated.stop), promptTokens, reply.tokens.size(),
           reply.started ? (reply.first - reply.begin) * 1e3 : 0.0, rate(decoded, reply.end - reply.first),
           generated.shifts, trafo_session_threads(session));
  writeOut(out + numbers);
}

void Conversation::printStats(const Reply &reply, size_t computed) const {
  if (reply.tokens.empty())
    return;
  size_t decoded = reply.tokens.size() - 1;
  double prefill = reply.first - reply.begin, decode = reply.end - reply.first;
  fprintf(stderr,
          "prefill: %zu tokens in %.1f ms, %.1f tokens/s; decode: %zu tokens in %.1f ms, %.1f tokens/s; %d threads\n",
          computed, prefill * 1e3, rate(computed, prefill), decoded, decode * 1e3, rate(decoded, decode),
          trafo_session_threads(session));
}

} // namespace trafo::program
