/* Running a compiled model: the C ABI of the runtime. LLVM-free; no C++ exception crosses it.
 *
 * Every fallible call returns a trafo_status_t, fills `error` (which may be NULL) and writes through its last argument,
 * which is NULL or 0 on failure. NULL for what a call needs is TRAFO_USAGE; calls without a status expect none. Option
 * structs start with `struct_size`; fill them with their `_initialize`, then change fields. A model may be shared by
 * threads; a session belongs to one thread at a time. Strings are UTF-8. */
#ifndef TRAFO_RUNTIME_H
#define TRAFO_RUNTIME_H

#include "trafo/artifact.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#define TRAFO_API __attribute__((visibility("default")))
#else
#define TRAFO_API
#endif

/// What a call came to; the values are the exit codes of Trafo's programs.
typedef enum trafo_status_t {
  TRAFO_OK = 0,
  TRAFO_USAGE = 2,          /* the caller's argument is wrong */
  TRAFO_BAD_DATA = 65,      /* a file's bytes are wrong */
  TRAFO_NO_INPUT = 66,      /* a file is missing or unreadable */
  TRAFO_UNSUPPORTED = 69,   /* this CPU, architecture or version is not what the file was made for */
  TRAFO_INTERNAL = 70,      /* our bug, or logits that are not finite */
  TRAFO_NO_RESOURCE = 71,   /* memory, threads or KV pages ran out */
  TRAFO_CANNOT_CREATE = 73, /* an output cannot be created */
  TRAFO_IO = 74,            /* reading or writing failed, or the weights shrank while mapped */
  TRAFO_CANCELLED = 130     /* stopped by the caller */
} trafo_status_t;

/// One line for people and a stable code (`TRAFO-ART-0007`); both NUL-terminated, empty on success.
typedef struct trafo_error_t {
  char code[24];
  char message[1000];
} trafo_error_t;

typedef struct trafo_string_t {
  const char *data;
  size_t size;
} trafo_string_t;

/// Memory for the objects and tables of models and sessions; NULL means malloc. `allocate` returns NULL when out of
/// memory. The arena and the weights are always mapped, and the tokenizer's tables come from the C++ heap.
typedef struct trafo_allocator_t {
  void *state;
  void *(*allocate)(void *state, size_t size, size_t alignment);
  void (*release)(void *state, void *memory, size_t size);
} trafo_allocator_t;

/* ---- Models: a checked and mapped artefact -------------------------------------------------------------------- */

typedef struct trafo_model_t trafo_model_t;

enum {
  TRAFO_LOAD_VERIFY = 1u << 0,      /* hash the weights too (everything else is always hashed) */
  TRAFO_LOAD_INSPECT = 1u << 1,     /* check only: map no code, ask nothing of the CPU, need no weights */
  TRAFO_LOAD_GUARD_SIGBUS = 1u << 2 /* if a mapped file shrinks: message on stderr and exit 74 (process-wide) */
};

typedef struct trafo_load_options_t {
  uint32_t struct_size;
  uint32_t flags;
  const char *weights_path; /* a file with the WEIGHTS section, where the artefact has none; NULL: the artefact's own */
  int32_t weights_fd;       /* the same, already open (not closed by us); -1: none */
  int32_t reserved0;
  const trafo_allocator_t *allocator; /* must outlive the model and its sessions */
} trafo_load_options_t;
TRAFO_API void trafo_load_options_initialize(trafo_load_options_t *options);

/// Loads an artefact by path, from an open file (`name` is for messages; the descriptor stays the caller's), or from
/// the program or shared library that holds this very code. The caller owns one reference to `*out_model`.
TRAFO_API trafo_status_t trafo_model_load_path(const char *path, const trafo_load_options_t *options,
                                               trafo_error_t *error, trafo_model_t **out_model);
TRAFO_API trafo_status_t trafo_model_load_fd(int fd, const char *name, const trafo_load_options_t *options,
                                             trafo_error_t *error, trafo_model_t **out_model);
TRAFO_API trafo_status_t trafo_model_load_self(const trafo_load_options_t *options, trafo_error_t *error,
                                               trafo_model_t **out_model);
TRAFO_API void trafo_model_retain(trafo_model_t *model);
TRAFO_API void trafo_model_release(trafo_model_t *model); /* NULL is fine */

/// Views into the model, valid as long as it: the memory plan, the section table, the INFO section (JSON).
TRAFO_API const trafo_manifest_t *trafo_model_manifest(const trafo_model_t *model);
TRAFO_API const trafo_section_t *trafo_model_sections(const trafo_model_t *model, uint32_t *out_count);
TRAFO_API const trafo_artifact_header_t *trafo_model_header(const trafo_model_t *model);
TRAFO_API trafo_string_t trafo_model_info(const trafo_model_t *model);
/// Index in the section table of the CODE section in use; -1 when loaded with TRAFO_LOAD_INSPECT.
TRAFO_API int32_t trafo_model_code_section(const trafo_model_t *model);
/// The feature bits (TRAFO_CPU_*) of the CPU we run on, and the name of one bit ("avx2"; NULL if it has none).
TRAFO_API uint64_t trafo_cpu_features(void);
TRAFO_API const char *trafo_cpu_feature_name(uint64_t bit);

/* ---- Text ------------------------------------------------------------------------------------------------------- */

typedef struct trafo_message_t {
  trafo_string_t role; /* "system", "user" or "assistant" */
  trafo_string_t content;
} trafo_message_t;

enum {
  TRAFO_TEXT_ADD_SPECIAL = 1u << 0,  /* tokenize: add the tokens the model wants at the start and end */
  TRAFO_TEXT_PARSE_SPECIAL = 1u << 1 /* tokenize: "<|im_end|>" becomes that token; detokenize: show special tokens */
};

/// Text to token ids, ids to text, and a conversation to ids by the model's chat template (content never becomes a
/// special token; `open_reply` ends it where the assistant speaks). At most `capacity` elements are written; the count
/// needed is written in any case, so that a call with capacity 0 asks for the size.
TRAFO_API trafo_status_t trafo_tokenize(const trafo_model_t *model, trafo_string_t text, uint32_t flags,
                                        int32_t *tokens, size_t capacity, trafo_error_t *error, size_t *out_count);
TRAFO_API trafo_status_t trafo_detokenize(const trafo_model_t *model, const int32_t *tokens, size_t count,
                                          uint32_t flags, char *text, size_t capacity, trafo_error_t *error,
                                          size_t *out_size);
TRAFO_API trafo_status_t trafo_chat(const trafo_model_t *model, const trafo_message_t *messages, size_t message_count,
                                    int32_t open_reply, int32_t *tokens, size_t capacity, trafo_error_t *error,
                                    size_t *out_count);
/// 1 if the model ends its reply with `token`.
TRAFO_API int32_t trafo_is_end_token(const trafo_model_t *model, int32_t token);

/* ---- Sessions: an arena, its sequences, and the workers that step them ------------------------------------------ */

typedef struct trafo_session_t trafo_session_t;

typedef struct trafo_session_options_t {
  uint32_t struct_size;
  int32_t threads;    /* workers, the calling thread included; 0: as many as CPUs allowed, at most max_workers */
  const char *driver; /* "cpu" (NULL means it) or "null" */
} trafo_session_options_t;
TRAFO_API void trafo_session_options_initialize(trafo_session_options_t *options);

/// The session retains the model. Fewer threads than asked for are used where the system refuses more.
TRAFO_API trafo_status_t trafo_session_create(trafo_model_t *model, const trafo_session_options_t *options,
                                              trafo_error_t *error, trafo_session_t **out_session);
TRAFO_API void trafo_session_release(trafo_session_t *session); /* NULL is fine */
TRAFO_API int32_t trafo_session_threads(const trafo_session_t *session);

/// The session's arena, for tools that read what steps leave there: the manifest and INFO say where. NULL where it is not in
/// memory of this process.
TRAFO_API const uint8_t *trafo_session_arena(const trafo_session_t *session);

/// Positions 0 to length-1 of a sequence slot were computed. Truncating gives pages back; 0 empties the slot. Where the
/// layers of the model see a window of positions only (manifest), older ones leave it: a sequence can be taken back by max_rows
/// positions at any time, further back perhaps only to 0. `*out_length` is the length it has now, `length` or 0.
TRAFO_API int32_t trafo_sequence_length(const trafo_session_t *session, int32_t sequence);
TRAFO_API trafo_status_t trafo_sequence_truncate(trafo_session_t *session, int32_t sequence, int32_t length,
                                                 trafo_error_t *error, int32_t *out_length);
/// The tokens of a sequence, [length]: the session's, until a call that changes the sequence; NULL for no sequence of it.
TRAFO_API const int32_t *trafo_sequence_tokens(const trafo_session_t *session, int32_t sequence);
/// Makes room in a sequence: its first `keep` tokens stay, the older half of the others is left out, and what is left is
/// computed anew at its new positions (docs/decisions/0009), as a fresh prefill of these tokens. `keep` is 0 to length-2.
/// Returns the last token's logits. On failure the sequence is as long as it could be computed.
TRAFO_API trafo_status_t trafo_sequence_shift(trafo_session_t *session, int32_t sequence, int32_t keep,
                                              trafo_error_t *error, const float **out_logits);

/// Rows of one step. Each sequence's rows must continue it: positions length, length+1, ...
typedef struct trafo_rows_t {
  uint32_t struct_size;
  int32_t rows;             /* 1 to max_rows */
  const int32_t *tokens;    /* [rows] */
  const int32_t *positions; /* [rows] */
  const int32_t *sequences; /* [rows] */
  const int32_t *outputs;   /* [output_count] rows whose logits are wanted, ascending */
  int32_t output_count;     /* 0 to max_outputs */
  int32_t reserved0;
} trafo_rows_t;

/// Runs one step. `*out_logits` is float32 [output_count][manifest logits_stride], the session's, until its next step;
/// NULL when no output was wanted. Allocates nothing and makes no system call while workers need not sleep.
TRAFO_API trafo_status_t trafo_step(trafo_session_t *session, const trafo_rows_t *rows, trafo_error_t *error,
                                    const float **out_logits);

/// Appends `count` tokens to a sequence in steps of at most max_rows rows and returns the last token's logits.
/// `cuts` may give the sizes of the steps, repeated from the start when used up; the bits do not depend on them.
TRAFO_API trafo_status_t trafo_prefill(trafo_session_t *session, int32_t sequence, const int32_t *tokens, size_t count,
                                       const int32_t *cuts, size_t cut_count, trafo_error_t *error,
                                       const float **out_logits);

/* ---- Sampling and generation ------------------------------------------------------------------------------------ */

/// Logits are divided by the temperature, then the `top_k` best are kept, then the best whose probabilities first reach
/// `top_p`, then one is drawn. Equal seeds give equal tokens on every machine.
typedef struct trafo_sampling_t {
  uint32_t struct_size;
  float temperature; /* 0: the best token, the lowest id among equals */
  int32_t top_k;     /* 0: all */
  float top_p;       /* 1: all */
  uint64_t seed;
} trafo_sampling_t;
TRAFO_API void trafo_sampling_initialize(trafo_sampling_t *sampling); /* greedy, seed 0 */

/// Picks a token from one row of logits. `draw` is the number of the draw in its stream (0, 1, ...).
TRAFO_API trafo_status_t trafo_sample(trafo_session_t *session, const float *logits, const trafo_sampling_t *sampling,
                                      uint64_t draw, trafo_error_t *error, int32_t *out_token);

/// Called for every generated token with the text that became complete with it (whole UTF-8 characters, maybe none;
/// at the very end once more with token -1 where text is left). Returns 0 to go on, anything else to stop.
typedef int32_t (*trafo_token_fn)(void *state, int32_t token, trafo_string_t text);

/// Called before a sequence is shifted: so many of its tokens are left out, so many stay.
typedef void (*trafo_shift_fn)(void *state, int32_t left_out, int32_t kept);

typedef struct trafo_generate_options_t {
  uint32_t struct_size;
  int32_t sequence;
  int32_t max_tokens; /* 0: until the end token or the end of the context */
  int32_t ignore_end; /* go on after end tokens */
  int32_t keep;       /* -1: a full context ends generation; 0 to max_context-2: it is shifted (trafo_sequence_shift) */
  int32_t reserved0;
  trafo_sampling_t sampling;
  trafo_token_fn on_token; /* may be NULL */
  void *on_token_state;
  trafo_shift_fn on_shift; /* may be NULL */
  void *on_shift_state;
} trafo_generate_options_t;
TRAFO_API void trafo_generate_options_initialize(trafo_generate_options_t *options);

typedef enum trafo_stop_t {
  TRAFO_STOP_END = 0, /* the model ended its reply */
  TRAFO_STOP_MAX_TOKENS = 1,
  TRAFO_STOP_CONTEXT = 2, /* the sequence reached max_context and was not to be shifted */
  TRAFO_STOP_CALLER = 3   /* the callback said so */
} trafo_stop_t;

typedef struct trafo_generated_t {
  int32_t prompt_tokens;
  int32_t tokens; /* generated, the end token included */
  trafo_stop_t stop;
  int32_t shifts;         /* of the sequence, to make room */
  double prefill_seconds; /* until the first token was picked */
  double decode_seconds;  /* for the other tokens */
} trafo_generated_t;

/// Appends the prompt to the sequence and generates. The last token picked is not yet in the cache.
TRAFO_API trafo_status_t trafo_generate(trafo_session_t *session, const int32_t *prompt, size_t prompt_count,
                                        const trafo_generate_options_t *options, trafo_error_t *error,
                                        trafo_generated_t *out_generated);

#ifdef __cplusplus
}
#endif
#endif /* TRAFO_RUNTIME_H */
