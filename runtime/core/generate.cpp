#include "runtime/core/error_codes.h"
#include "runtime/core/session.h"
#include "runtime/core/status.h"
#include "runtime/text/stream_decoder.h"

#include <ctime>
#include <new>
#include <optional>

using namespace trafo::runtime;

namespace {

double now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t); // no system call where the kernel maps its clock
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// The text of one stream of tokens on its way to the caller.
class TokenStream {
public:
  TokenStream(trafo_session_t *session, const trafo_generate_options_t &options) : session(session), options(options) {
    if (options.on_token && session->model->tokenizer)
      decoder.emplace(*session->model->tokenizer);
  }
  /// Returns whether the caller wants to stop.
  bool token(int32_t id) {
    session->streamed.clear();
    if (decoder)
      decoder->push(id, &session->streamed);
    return call(id);
  }
  void finish() {
    session->streamed.clear();
    if (decoder)
      decoder->finish(&session->streamed);
    if (!session->streamed.empty())
      call(-1);
  }

private:
  bool call(int32_t id) {
    return options.on_token &&
           options.on_token(options.on_token_state, id, {session->streamed.data(), session->streamed.size()}) != 0;
  }
  trafo_session_t *session;
  const trafo_generate_options_t &options;
  std::optional<trafo::text::StreamDecoder> decoder;
};

trafo_status_t shift(trafo_session_t *session, const trafo_generate_options_t &options, trafo_error_t *error) {
  int32_t length = session->pages.length(options.sequence), leftOut = shiftedOut(length, options.keep);
  if (options.on_shift)
    options.on_shift(options.on_shift_state, leftOut, length - leftOut);
  const float *logits = nullptr; // of the last token kept; the one after it was picked already
  return trafo_sequence_shift(session, options.sequence, options.keep, error, &logits);
}

trafo_status_t generate(trafo_session_t *session, const int32_t *prompt, size_t promptCount,
                        const trafo_generate_options_t &options, trafo_error_t *error, trafo_generated_t *out) {
  const trafo_manifest_t &manifest = session->model->manifest;
  session->streamed.reserve(4096);
  TokenStream stream(session, options);
  double begin = now(), first = begin;
  const float *logits = nullptr;
  if (trafo_status_t s = trafo_prefill(session, options.sequence, prompt, promptCount, nullptr, 0, error, &logits))
    return s;
  out->prompt_tokens = static_cast<int32_t>(promptCount);
  for (;;) {
    int32_t token = 0;
    if (trafo_status_t s =
            session->sampler.sample(session->logitsRow(logits), options.sampling, static_cast<uint64_t>(out->tokens),
                                    session->steps - 1, error, &token))
      return s;
    if (++out->tokens == 1)
      first = now();
    bool end = !options.ignore_end && trafo_is_end_token(session->model, token);
    bool stopped = stream.token(token);
    int32_t position = session->pages.length(options.sequence);
    bool full = position >= static_cast<int32_t>(manifest.max_context);
    if (end || stopped || out->tokens == options.max_tokens || (full && options.keep < 0)) {
      out->stop = end                                 ? TRAFO_STOP_END
                  : stopped                           ? TRAFO_STOP_CALLER
                  : out->tokens == options.max_tokens ? TRAFO_STOP_MAX_TOKENS
                                                      : TRAFO_STOP_CONTEXT;
      break;
    }
    if (full) {
      if (trafo_status_t s = shift(session, options, error))
        return s;
      ++out->shifts;
      position = session->pages.length(options.sequence);
    }
    int32_t row = 0;
    trafo_rows_t rows = {sizeof(trafo_rows_t), 1, &token, &position, &options.sequence, &row, 1, 0};
    if (trafo_status_t s = trafo_step(session, &rows, error, &logits))
      return s;
  }
  out->prefill_seconds = first - begin;
  out->decode_seconds = now() - first;
  stream.finish();
  return succeed(error);
}

} // namespace

void trafo_sampling_initialize(trafo_sampling_t *sampling) { *sampling = {sizeof(trafo_sampling_t), 0.0f, 0, 1.0f, 0}; }

void trafo_generate_options_initialize(trafo_generate_options_t *options) {
  *options = trafo_generate_options_t();
  options->struct_size = sizeof(*options);
  options->keep = -1;
  trafo_sampling_initialize(&options->sampling);
}

trafo_status_t trafo_sample(trafo_session_t *session, const float *logits, const trafo_sampling_t *sampling,
                            uint64_t draw, trafo_error_t *error, int32_t *out_token) {
  if (out_token)
    *out_token = 0;
  if (trafo_status_t s = requirePointers(
          {{session, "session"}, {logits, "logits"}, {sampling, "sampling"}, {out_token, "out_token"}}, error))
    return s;
  if (trafo_status_t s = requireSize("trafo_sampling_t", sampling->struct_size, sizeof(*sampling), error))
    return s;
  if (trafo_status_t s =
          session->sampler.sample(session->logitsRow(logits), *sampling, draw, session->steps - 1, error, out_token))
    return s;
  return succeed(error);
}

trafo_status_t trafo_generate(trafo_session_t *session, const int32_t *prompt, size_t prompt_count,
                              const trafo_generate_options_t *options, trafo_error_t *error,
                              trafo_generated_t *out_generated) {
  if (out_generated)
    *out_generated = trafo_generated_t();
  if (trafo_status_t s =
          requirePointers({{session, "session"}, {options, "options"}, {out_generated, "out_generated"}}, error))
    return s;
  if (trafo_status_t s = requireSize("trafo_generate_options_t", options->struct_size, sizeof(*options), error))
    return s;
  const trafo_sampling_t &sampling = options->sampling;
  if (trafo_status_t s = requireSize("trafo_sampling_t", sampling.struct_size, sizeof(sampling), error))
    return s;
  if (options->max_tokens < 0)
    return fail(error, TRAFO_USAGE, codes::kArgument, "max_tokens is %d, expects 0 or more", options->max_tokens);
  int32_t mostKept = static_cast<int32_t>(session->model->manifest.max_context) - 2;
  if (options->keep < -1 || options->keep > mostKept)
    return fail(error, TRAFO_USAGE, codes::kArgument,
                "keep is %d, expects 0 to %d (so that a full context has tokens to leave out), or -1 to end there",
                options->keep, mostKept);
  try {
    return generate(session, prompt, prompt_count, *options, error, out_generated);
  } catch (const std::bad_alloc &) {
    return fail(error, TRAFO_NO_RESOURCE, codes::kMemory, "no memory for the generated text");
  }
}
