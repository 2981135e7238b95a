#include "runtime/core/session.h"

#include "runtime/core/error_codes.h"
#include "runtime/core/status.h"

#include <algorithm>
#include <functional>

using namespace trafo::runtime;

namespace {

trafo_status_t badArgument(trafo_error_t *error, const char *what, int64_t value, int64_t low, int64_t high) {
  return fail(error, TRAFO_USAGE, codes::kArgument, "%s is %lld, expects %lld to %lld", what,
              static_cast<long long>(value), static_cast<long long>(low), static_cast<long long>(high));
}

trafo_status_t initialize(trafo_session_t *session, trafo_model_t *model, const Driver &driver, int32_t threads,
                          trafo_error_t *error) {
  const trafo_manifest_t &manifest = model->manifest;
  const Allocator &allocator = model->allocator;
  session->model = model;
  trafo_model_retain(model);
  if (!session->pages.initialize(allocator, manifest) || !session->sampler.initialize(allocator, manifest.vocabulary) ||
      !session->tokens.allocate(allocator, static_cast<size_t>(manifest.max_sequences) * manifest.max_context,
                                /*clear=*/false) ||
      !session->nextPositions.allocate(allocator, manifest.max_sequences) ||
      !session->rowTokens.allocate(allocator, manifest.max_rows) ||
      !session->rowPositions.allocate(allocator, manifest.max_rows) ||
      !session->rowSequences.allocate(allocator, manifest.max_rows))
    return fail(error, TRAFO_NO_RESOURCE, codes::kMemory, "%s: no memory for a session", model->name);
  for (uint32_t i = 0; i < manifest.max_sequences; ++i)
    session->nextPositions[i] = -1;
  DeviceRequest request = {&manifest, &model->code, model->weights.data(), model->name, &model->allocator, threads};
  return driver.open(request, error, &session->device);
}

/// Checks rows and outputs against the model and the sequences; nextPositions holds -1 before and after.
trafo_status_t checkRows(trafo_session_t *session, const trafo_rows_t &rows, trafo_error_t *error) {
  const trafo_manifest_t &manifest = session->model->manifest;
  int32_t vocabulary = static_cast<int32_t>(manifest.vocabulary), context = static_cast<int32_t>(manifest.max_context);
  int32_t sequences = static_cast<int32_t>(manifest.max_sequences);
  trafo_status_t status = TRAFO_OK;
  int32_t row = 0;
  for (; row < rows.rows && !status; ++row) {
    int32_t sequence = rows.sequences[row];
    if (rows.tokens[row] < 0 || rows.tokens[row] >= vocabulary)
      status = badArgument(error, "token id", rows.tokens[row], 0, vocabulary - 1);
    else if (sequence < 0 || sequence >= sequences)
      status = badArgument(error, "sequence", sequence, 0, sequences - 1);
    if (status)
      break;
    int32_t &next = session->nextPositions[static_cast<size_t>(sequence)];
    if (next < 0)
      next = session->pages.length(sequence);
    if (next >= context)
      status = fail(error, TRAFO_BAD_DATA, codes::kContext,
                    "sequence %d would have more than the %d positions the model was compiled for; shorten the text or "
                    "compile with a larger --context",
                    sequence, context);
    else if (rows.positions[row] != next)
      status = badArgument(error, "position of a row", rows.positions[row], next, next);
    ++next;
  }
  if (status)
    for (int32_t i = 0; i <= row && i < rows.rows; ++i)
      if (rows.sequences[i] >= 0 && rows.sequences[i] < sequences)
        session->nextPositions[static_cast<size_t>(rows.sequences[i])] = -1;
  for (int32_t i = 0; i < rows.output_count && !status; ++i)
    if (rows.outputs[i] <= (i ? rows.outputs[i - 1] : -1) || rows.outputs[i] >= rows.rows) {
      status = badArgument(error, "output row", rows.outputs[i], i ? rows.outputs[i - 1] + 1 : 0, rows.rows - 1);
      for (int32_t r = 0; r < rows.rows; ++r)
        session->nextPositions[static_cast<size_t>(rows.sequences[r])] = -1;
    }
  return status;
}

/// Makes room for all rows, or for none.
trafo_status_t growSequences(trafo_session_t *session, const trafo_rows_t &rows, trafo_error_t *error) {
  trafo_status_t status = TRAFO_OK;
  for (int32_t row = 0; row < rows.rows; ++row) {
    int32_t sequence = rows.sequences[row];
    int32_t &next = session->nextPositions[static_cast<size_t>(sequence)];
    const PagePool *full = !status && next >= 0 ? session->pages.grow(sequence, next) : nullptr;
    if (full)
      status = fail(error, TRAFO_NO_RESOURCE, codes::kPages,
                    "sequence %d needs room for %d positions, but only %d of %d KV pages of %u positions are free; "
                    "truncate a sequence or compile with a larger pool",
                    sequence, next, full->freePages(), full->size(), TRAFO_KV_PAGE_TOKENS);
    next = -1;
  }
  if (status) // each sequence's first row has the length from before the step
    for (int32_t row = rows.rows - 1; row >= 0; --row)
      session->pages.truncate(rows.sequences[row], rows.positions[row]);
  return status;
}

} // namespace

void trafo_session_options_initialize(trafo_session_options_t *options) {
  *options = trafo_session_options_t();
  options->struct_size = sizeof(*options);
}

trafo_status_t trafo_session_create(trafo_model_t *model, const trafo_session_options_t *options, trafo_error_t *error,
                                    trafo_session_t **out_session) {
  if (out_session)
    *out_session = nullptr;
  if (trafo_status_t s = requirePointers({{model, "model"}, {out_session, "out_session"}}, error))
    return s;
  trafo_session_options_t known;
  trafo_session_options_initialize(&known);
  if (options) {
    if (trafo_status_t s = requireSize("trafo_session_options_t", options->struct_size, sizeof(*options), error))
      return s;
    known = *options;
  }
  if (known.threads < 0)
    return badArgument(error, "threads", known.threads, 0, INT32_MAX);
  const Driver *driver = findDriver(known.driver);
  if (!driver)
    return fail(error, TRAFO_USAGE, codes::kNoDriver, "no driver '%s'; there are 'cpu' and 'null'", known.driver);
  if (driver->needsCode && !model->code.step)
    return fail(error, TRAFO_USAGE, codes::kInspectOnly, "%s: was loaded for inspection only", model->name);
  trafo_session_t *session = model->allocator.create<trafo_session_t>();
  if (!session)
    return fail(error, TRAFO_NO_RESOURCE, codes::kMemory, "%s: no memory for a session", model->name);
  if (trafo_status_t s = initialize(session, model, *driver, known.threads, error)) {
    trafo_session_release(session);
    return s;
  }
  *out_session = session;
  return succeed(error);
}

void trafo_session_release(trafo_session_t *session) {
  if (!session)
    return;
  trafo_model_t *model = session->model;
  Allocator allocator = model->allocator;
  if (session->device)
    session->device->close();
  allocator.destroy(session);
  trafo_model_release(model);
}

int32_t trafo_session_threads(const trafo_session_t *session) { return session->device->threads(); }

const uint8_t *trafo_session_arena(const trafo_session_t *session) { return session->device->arenaBytes(); }

int32_t trafo_sequence_length(const trafo_session_t *session, int32_t sequence) {
  if (sequence < 0 || sequence >= static_cast<int32_t>(session->model->manifest.max_sequences))
    return 0;
  return session->pages.length(sequence);
}

trafo_status_t trafo_sequence_truncate(trafo_session_t *session, int32_t sequence, int32_t length, trafo_error_t *error,
                                       int32_t *out_length) {
  if (out_length)
    *out_length = 0;
  if (trafo_status_t s = requirePointers({{session, "session"}, {out_length, "out_length"}}, error))
    return s;
  int32_t sequences = static_cast<int32_t>(session->model->manifest.max_sequences);
  if (sequence < 0 || sequence >= sequences)
    return badArgument(error, "sequence", sequence, 0, sequences - 1);
  if (length < 0 || length > session->pages.length(sequence))
    return badArgument(error, "length", length, 0, session->pages.length(sequence));
  *out_length = session->pages.truncate(sequence, length);
  return succeed(error);
}

LogitsRow trafo_session_t::logitsRow(const float *row) const {
  const trafo_manifest_t &manifest = model->manifest;
  bool ours = manifest.logits_maxima != 0 && !std::less<>()(row, logits) &&
              std::less<>()(row, logits + static_cast<size_t>(logitRows) * manifest.logits_stride);
  bool whole = ours && static_cast<size_t>(row - logits) % manifest.logits_stride == 0;
  return {row, whole ? row + manifest.logits_maxima : nullptr};
}

const int32_t *trafo_sequence_tokens(const trafo_session_t *session, int32_t sequence) {
  const trafo_manifest_t &manifest = session->model->manifest;
  if (sequence < 0 || sequence >= static_cast<int32_t>(manifest.max_sequences))
    return nullptr;
  return session->tokens.data() + static_cast<size_t>(sequence) * manifest.max_context;
}

trafo_status_t trafo_sequence_shift(trafo_session_t *session, int32_t sequence, int32_t keep, trafo_error_t *error,
                                    const float **out_logits) {
  if (out_logits)
    *out_logits = nullptr;
  if (trafo_status_t s = requirePointers({{session, "session"}, {out_logits, "out_logits"}}, error))
    return s;
  int32_t sequences = static_cast<int32_t>(session->model->manifest.max_sequences);
  if (sequence < 0 || sequence >= sequences)
    return badArgument(error, "sequence", sequence, 0, sequences - 1);
  int32_t length = session->pages.length(sequence);
  if (length < 2)
    return badArgument(error, "length of the sequence to shift", length, 2,
                       static_cast<int64_t>(session->model->manifest.max_context));
  if (keep < 0 || keep > length - 2)
    return badArgument(error, "keep", keep, 0, length - 2);
  int32_t leftOut = shiftedOut(length, keep), kept = length - leftOut;
  int32_t *tokens = session->tokensOf(sequence);
  std::copy(tokens + keep + leftOut, tokens + length, tokens + keep);
  int32_t have = session->pages.truncate(sequence, keep);
  return trafo_prefill(session, sequence, tokens + have, static_cast<size_t>(kept - have), nullptr, 0, error,
                       out_logits);
}

trafo_status_t trafo_step(trafo_session_t *session, const trafo_rows_t *rows, trafo_error_t *error,
                          const float **out_logits) {
  if (out_logits)
    *out_logits = nullptr;
  if (trafo_status_t s = requirePointers({{session, "session"}, {rows, "rows"}, {out_logits, "out_logits"}}, error))
    return s;
  const trafo_manifest_t &manifest = session->model->manifest;
  if (trafo_status_t s = requireSize("trafo_rows_t", rows->struct_size, sizeof(*rows), error))
    return s;
  if (rows->rows < 1 || rows->rows > static_cast<int32_t>(manifest.max_rows))
    return badArgument(error, "rows of a step", rows->rows, 1, manifest.max_rows);
  if (rows->output_count < 0 || rows->output_count > static_cast<int32_t>(manifest.max_outputs))
    return badArgument(error, "outputs of a step", rows->output_count, 0, manifest.max_outputs);
  if (trafo_status_t s = requirePointers({{rows->tokens, "tokens of a step"},
                                          {rows->positions, "positions of a step"},
                                          {rows->sequences, "sequences of a step"},
                                          {rows->outputs, "outputs of a step", rows->output_count > 0}},
                                         error))
    return s;
  if (trafo_status_t s = checkRows(session, *rows, error))
    return s;
  if (trafo_status_t s = growSequences(session, *rows, error))
    return s;
  for (int32_t row = 0; row < rows->rows; ++row)
    session->tokensOf(rows->sequences[row])[rows->positions[row]] = rows->tokens[row];
  trafo_step_t step = {};
  step.tokens = rows->tokens;
  step.positions = rows->positions;
  step.sequences = rows->sequences;
  step.outputs = rows->outputs;
  step.pages = session->pages.table();
  step.rows = rows->rows;
  step.output_count = rows->output_count;
  const float *logits = nullptr;
  if (trafo_status_t s = session->device->run(&step, error, &logits))
    return s;
  ++session->steps;
  session->logits = logits;
  session->logitRows = rows->output_count;
  if (rows->output_count > 0)
    *out_logits = logits;
  return succeed(error);
}

trafo_status_t trafo_prefill(trafo_session_t *session, int32_t sequence, const int32_t *tokens, size_t count,
                             const int32_t *cuts, size_t cut_count, trafo_error_t *error, const float **out_logits) {
  if (out_logits)
    *out_logits = nullptr;
  if (trafo_status_t s = requirePointers({{session, "session"}, {out_logits, "out_logits"}}, error))
    return s;
  const trafo_manifest_t &manifest = session->model->manifest;
  int32_t sequences = static_cast<int32_t>(manifest.max_sequences);
  if (count == 0)
    return fail(error, TRAFO_USAGE, codes::kEmptyPrompt, "the prompt has no tokens; give at least one");
  if (trafo_status_t s = requirePointers({{tokens, "tokens"}, {cuts, "cuts", cut_count > 0}}, error))
    return s;
  if (sequence < 0 || sequence >= sequences)
    return badArgument(error, "sequence", sequence, 0, sequences - 1);
  int32_t length = session->pages.length(sequence);
  // Said at once, not after minutes of work.
  if (count > manifest.max_context - static_cast<size_t>(length))
    return fail(
        error, TRAFO_BAD_DATA, codes::kContext,
        "the prompt has %zu tokens, but only %u of the model's %u positions are free; shorten it or compile with a "
        "larger --context",
        count, manifest.max_context - static_cast<uint32_t>(length), manifest.max_context);
  for (size_t i = 0; i < cut_count; ++i)
    if (cuts[i] < 1)
      return badArgument(error, "cut", cuts[i], 1, manifest.max_rows);
  size_t done = 0, cut = 0, leftOfCut = 0;
  while (done < count) {
    if (leftOfCut == 0 && cut_count > 0)
      leftOfCut = static_cast<size_t>(cuts[cut++ % cut_count]);
    size_t rows = cut_count > 0 ? leftOfCut : manifest.max_rows;
    rows = rows < manifest.max_rows ? rows : manifest.max_rows;
    rows = rows < count - done ? rows : count - done;
    leftOfCut -= cut_count > 0 ? rows : 0;
    for (size_t i = 0; i < rows; ++i) {
      session->rowPositions[i] = session->pages.length(sequence) + static_cast<int32_t>(i);
      session->rowSequences[i] = sequence;
    }
    int32_t last = static_cast<int32_t>(rows) - 1;
    trafo_rows_t step = {sizeof(trafo_rows_t),
                         static_cast<int32_t>(rows),
                         tokens + done,
                         session->rowPositions.data(),
                         session->rowSequences.data(),
                         &last,
                         done + rows == count ? 1 : 0,
                         0};
    if (trafo_status_t s = trafo_step(session, &step, error, out_logits))
      return s;
    done += rows;
  }
  return succeed(error);
}
