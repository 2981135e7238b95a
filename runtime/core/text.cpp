// The C ABI over runtime/text. Its classes append to std::vector and std::string; here results go to the caller's
// memory, and running out of memory becomes a status.
#include "runtime/core/error_codes.h"
#include "runtime/core/model.h"
#include "runtime/core/status.h"
#include "runtime/text/chat_template.h"
#include "runtime/text/stream_decoder.h"

#include <algorithm>
#include <new>

using namespace trafo::runtime;

namespace {

trafo_status_t noText(const trafo_model_t *model, trafo_error_t *error) {
  return fail(error, TRAFO_UNSUPPORTED, codes::kNoText,
              "%s: has no tokenizer (the model file had none); give token ids instead of text", model->name);
}

trafo_status_t failText(const trafo::text::Status &status, trafo_error_t *error) {
  return fail(error, static_cast<trafo_status_t>(status.exitCode), status.code, "%s", status.message.c_str());
}

trafo_status_t outOfMemory(trafo_error_t *error) {
  return fail(error, TRAFO_NO_RESOURCE, codes::kMemory, "no memory for a text");
}

std::string_view view(trafo_string_t string) { return {string.data ? string.data : "", string.size}; }

trafo_status_t give(const std::vector<int32_t> &ids, int32_t *tokens, size_t capacity, trafo_error_t *error,
                    size_t *outCount) {
  size_t n = ids.size() < capacity ? ids.size() : capacity;
  std::copy_n(ids.data(), n, tokens);
  *outCount = ids.size();
  return succeed(error);
}

} // namespace

trafo_status_t trafo_tokenize(const trafo_model_t *model, trafo_string_t text, uint32_t flags, int32_t *tokens,
                              size_t capacity, trafo_error_t *error, size_t *out_count) {
  if (out_count)
    *out_count = 0;
  if (trafo_status_t s =
          requirePointers({{model, "model"}, {out_count, "out_count"}, {tokens, "tokens", capacity > 0}}, error))
    return s;
  if (!model->tokenizer)
    return noText(model, error);
  try {
    std::vector<int32_t> ids;
    trafo::text::EncodeOptions options;
    options.parseSpecial = flags & TRAFO_TEXT_PARSE_SPECIAL;
    options.addBos = flags & TRAFO_TEXT_ADD_SPECIAL;
    trafo::text::Status status = model->tokenizer->encode(view(text), options, &ids);
    if (!status.ok())
      return failText(status, error);
    return give(ids, tokens, capacity, error, out_count);
  } catch (const std::bad_alloc &) {
    return outOfMemory(error);
  }
}

trafo_status_t trafo_detokenize(const trafo_model_t *model, const int32_t *tokens, size_t count, uint32_t flags,
                                char *text, size_t capacity, trafo_error_t *error, size_t *out_size) {
  if (out_size)
    *out_size = 0;
  if (trafo_status_t s = requirePointers(
          {{model, "model"}, {out_size, "out_size"}, {tokens, "tokens", count > 0}, {text, "text", capacity > 0}},
          error))
    return s;
  if (!model->tokenizer)
    return noText(model, error);
  try {
    std::string result;
    trafo::text::StreamDecoder decoder(*model->tokenizer, flags & TRAFO_TEXT_PARSE_SPECIAL);
    for (size_t i = 0; i < count; ++i)
      decoder.push(tokens[i], &result);
    decoder.finish(&result);
    size_t n = result.size() < capacity ? result.size() : capacity;
    std::copy_n(result.data(), n, text);
    *out_size = result.size();
    return succeed(error);
  } catch (const std::bad_alloc &) {
    return outOfMemory(error);
  }
}

trafo_status_t trafo_chat(const trafo_model_t *model, const trafo_message_t *messages, size_t message_count,
                          int32_t open_reply, int32_t *tokens, size_t capacity, trafo_error_t *error,
                          size_t *out_count) {
  if (out_count)
    *out_count = 0;
  if (trafo_status_t s = requirePointers({{model, "model"},
                                          {out_count, "out_count"},
                                          {messages, "messages", message_count > 0},
                                          {tokens, "tokens", capacity > 0}},
                                         error))
    return s;
  if (!model->tokenizer)
    return noText(model, error);
  try {
    std::vector<trafo::text::ChatMessage> views;
    for (size_t i = 0; i < message_count; ++i)
      views.push_back({view(messages[i].role), view(messages[i].content)});
    std::vector<int32_t> ids;
    trafo::text::ChatTemplate chat(*model->tokenizer);
    trafo::text::Status status = chat.render(views.data(), views.size(), open_reply != 0, &ids);
    if (!status.ok())
      return failText(status, error);
    return give(ids, tokens, capacity, error, out_count);
  } catch (const std::bad_alloc &) {
    return outOfMemory(error);
  }
}

int32_t trafo_is_end_token(const trafo_model_t *model, int32_t token) {
  return model->tokenizer && model->tokenizer->isEndOfGeneration(token) ? 1 : 0;
}
