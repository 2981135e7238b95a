/* The code image of the toy model: needs no library and no relocation, as generated code does. */
#include "toy_layout.h"
#include "trafo/artifact.h"

static uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

/* What the KV cache holds of a position: a hash of the tokens up to it, and the next letter of the script (-1: none). */
typedef struct {
  uint64_t hash;
  int64_t letter;
} state_t;

static state_t *state_of(const trafo_step_t *step, int64_t row, int32_t position) {
  const int32_t *pages = step->pages + step->sequences[row] * (TOY_CONTEXT / 64);
  return (state_t *)(step->arena + TOY_KV) + pages[position / 64] * 64 + position % 64;
}

static void remember(const trafo_step_t *step) {
  for (int64_t row = 0; row < step->rows; ++row) {
    int32_t position = step->positions[row], token = step->tokens[row];
    state_t before = {0, -1};
    if (position > 0)
      before = *state_of(step, row, position - 1);
    state_t *here = state_of(step, row, position);
    here->hash = mix(before.hash + (uint64_t)token + 1);
    here->letter = token == TOY_GO ? 0 : before.letter >= 0 ? before.letter + 1 : -1;
  }
}

/* Workers tell each other numbers across the barrier; the sum is right only if nobody runs ahead. */
static uint64_t exchange(const trafo_step_t *step, int64_t worker) {
  volatile uint64_t *cells = (volatile uint64_t *)(step->arena + TOY_EXCHANGE);
  uint64_t right = 1;
  for (uint64_t round = 1; round < (TOY_BARRIERS - 1) / 2; ++round) {
    cells[worker * 8] = round * 100 + (uint64_t)worker;
    step->barrier(step->barrier_state);
    for (int64_t other = 0; other < step->workers; ++other)
      right &= cells[other * 8] == round * 100 + (uint64_t)other;
    step->barrier(step->barrier_state);
  }
  return right;
}

static void write_logits(const trafo_step_t *step, int64_t worker, uint64_t right) {
  uint32_t letters = *(const uint32_t *)step->weights;
  int64_t begin = TOY_VOCABULARY * worker / step->workers, end = TOY_VOCABULARY * (worker + 1) / step->workers;
  for (int64_t output = 0; output < step->output_count; ++output) {
    int32_t row = step->outputs[output];
    int32_t position = step->positions[row];
    const state_t *state = state_of(step, row, position);
    float *logits = (float *)(step->arena + TOY_LOGITS) + output * TOY_STRIDE;
    uint64_t weight = *(const uint64_t *)(step->weights + 4096 * (1 + position % (TOY_WEIGHTS / 4096 - 1)));
    int64_t wanted = -1;
    if (state->letter >= 0)
      wanted = state->letter < letters ? step->weights[TOY_SCRIPT + state->letter] : TOY_END;
    for (int64_t token = begin; token < end; ++token) {
      float logit = (float)(int32_t)(mix(state->hash + weight + (uint64_t)token) >> 44) * 0x1p-18f;
      logits[token] = right == 0 ? -1.0f : token == wanted ? 30.0f : logit;
    }
    /* A script that begins with byte 255 makes the model break down, for tests of that. */
    if (wanted == 255)
      logits[begin] = __builtin_nanf("");
  }
}

static void toy_step(const trafo_step_t *step, int64_t worker) {
  if (worker == 0)
    remember(step);
  step->barrier(step->barrier_state);
  uint64_t right = exchange(step, worker);
  write_logits(step, worker, right);
}

int32_t trafo_model_query(uint32_t newest_abi, trafo_code_t *out_code) {
  out_code->abi_version = TRAFO_ABI_VERSION;
  if (newest_abi < TRAFO_ABI_VERSION)
    return 1;
  out_code->step = toy_step;
  return 0;
}
