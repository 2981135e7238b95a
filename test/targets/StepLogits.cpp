//===- StepLogits.cpp - the logits of some steps, as bytes ----------------===//
//
// step-logits PROGRAM THREADS: runs a prompt, single tokens and tails of all sizes, and writes every logit to standard
// output. Built for each kind of CPU, so that one model's bits can be compared between them.
//
//===----------------------------------------------------------------------===//
#include "trafo/runtime.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

static void check(trafo_status_t status, const trafo_error_t &error) {
  if (status == TRAFO_OK)
    return;
  std::fprintf(stderr, "step-logits: %s: %s\n", error.code, error.message);
  std::exit(status);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: step-logits PROGRAM THREADS\n");
    return TRAFO_USAGE;
  }
  trafo_error_t error = {};
  trafo_model_t *model = nullptr;
  check(trafo_model_load_path(argv[1], nullptr, &error, &model), error);
  trafo_session_options_t options;
  trafo_session_options_initialize(&options);
  options.threads = std::atoi(argv[2]);
  trafo_session_t *session = nullptr;
  check(trafo_session_create(model, &options, &error, &session), error);
  const trafo_manifest_t &manifest = *trafo_model_manifest(model);

  int32_t position = 0;
  for (int32_t rows : {11, 1, 2, 1, 3, 4, 5}) {
    std::vector<int32_t> tokens, positions, sequences(rows, 0), outputs;
    for (int32_t i = 0; i < rows; ++i) {
      tokens.push_back(static_cast<int32_t>((37u * (position + 1)) % manifest.vocabulary));
      positions.push_back(position++);
      outputs.push_back(i);
    }
    trafo_rows_t step = {sizeof(step),     rows,           tokens.data(), positions.data(),
                         sequences.data(), outputs.data(), rows,          0};
    const float *logits = nullptr;
    check(trafo_step(session, &step, &error, &logits), error);
    for (int32_t row = 0; row < rows; ++row)
      std::fwrite(logits + row * manifest.logits_stride, sizeof(float), manifest.vocabulary, stdout);
  }
  trafo_session_release(session);
  trafo_model_release(model);
  return std::fflush(stdout) ? TRAFO_IO : TRAFO_OK;
}
