/* The file format of a compiled model, shared by the compiler (writer) and the runtime (reader).
 *
 * An executable is a launcher (ELF, for the baseline of its machine) followed by a payload; a shared library made by `--emit=so` is
 * built the same way around a different launcher and without the WEIGHTS section. All integers are little-endian;
 * every offset is relative to the start of the payload unless said otherwise; reserved fields are zero and checked.
 *
 *   [launcher][pad to 4096][header][section table][sections ...][trailer = last 64 bytes of the file]
 *
 * CODE sections are ELF ET_DYN images without dynamic relocations and without needed libraries, linked so that
 * e_entry is `trafo_model_query` (see trafo_query_fn). The runtime maps their PT_LOAD segments from the file. Changing
 * anything here bumps TRAFO_ARTIFACT_VERSION. */
#ifndef TRAFO_ARTIFACT_H
#define TRAFO_ARTIFACT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define TRAFO_STATIC_ASSERT static_assert
#else
#define TRAFO_STATIC_ASSERT _Static_assert
#endif

#define TRAFO_ARTIFACT_VERSION 3u /* layout of this file */
#define TRAFO_ABI_VERSION 3u      /* trafo_step_t, trafo_code_t and trafo_library_t */
#define TRAFO_ARTIFACT_MAGIC "TRAFOART"
#define TRAFO_TRAILER_MAGIC "TRAFOEND"
#define TRAFO_PAGE_BYTES 4096u /* alignment of payload, CODE and WEIGHTS sections */
#define TRAFO_KV_PAGE_TOKENS 64u
#define TRAFO_LOGITS_BLOCK 16u /* logits that a row keeps one maximum of */

/* Sections. CODE may occur several times (one per CPU tier, best first); the others at most once. */
enum {
  TRAFO_SECTION_MANIFEST = 1, /* trafo_manifest_t */
  TRAFO_SECTION_CODE = 2,     /* ELF image; `features` of the entry says what the CPU must have */
  TRAFO_SECTION_TEXT = 3,     /* tokenizer and chat template, see runtime/text */
  TRAFO_SECTION_INFO = 4,     /* JSON for people and tools: architecture, tensors by format, plan, numeric classes */
  TRAFO_SECTION_WEIGHTS = 5   /* packed weights, page-aligned, mapped shared and read-only */
};

/* CPU features a CODE section may require (bits of trafo_section_t::features). */
enum {
  TRAFO_CPU_SSE42 = 1ull << 0,
  TRAFO_CPU_AVX = 1ull << 1,
  TRAFO_CPU_AVX2 = 1ull << 2,
  TRAFO_CPU_FMA = 1ull << 3,
  TRAFO_CPU_F16C = 1ull << 4,
  TRAFO_CPU_BMI1 = 1ull << 5,
  TRAFO_CPU_BMI2 = 1ull << 6,
  TRAFO_CPU_LZCNT = 1ull << 7,
  TRAFO_CPU_MOVBE = 1ull << 8,
  TRAFO_CPU_AVX512F = 1ull << 16,
  TRAFO_CPU_AVX512BW = 1ull << 17,
  TRAFO_CPU_AVX512CD = 1ull << 18,
  TRAFO_CPU_AVX512DQ = 1ull << 19,
  TRAFO_CPU_AVX512VL = 1ull << 20,
  TRAFO_CPU_AVX512VNNI = 1ull << 21,
  TRAFO_CPU_AVX512BF16 = 1ull << 22,
  TRAFO_CPU_AVXVNNI = 1ull << 23,
  TRAFO_CPU_AMX_TILE = 1ull << 32,
  TRAFO_CPU_AMX_INT8 = 1ull << 33,
  TRAFO_CPU_AMX_BF16 = 1ull << 34,
  TRAFO_CPU_ARM_DOTPROD = 1ull << 48,
  TRAFO_CPU_ARM_I8MM = 1ull << 49
};

typedef struct trafo_section_t {
  uint32_t kind;
  uint32_t reserved0;
  uint64_t offset; /* from the start of the payload */
  uint64_t size;   /* bytes */
  uint64_t features;
  uint64_t hash; /* XXH3-64 of the section's bytes */
  uint64_t reserved1[3];
} trafo_section_t;
TRAFO_STATIC_ASSERT(sizeof(trafo_section_t) == 64, "layout of trafo_section_t");

typedef struct trafo_artifact_header_t {
  char magic[8];
  uint32_t artifact_version;
  uint32_t abi_version;
  uint32_t section_count; /* the table follows the header */
  uint32_t reserved0;
  uint64_t payload_size; /* header to the end of the last section */
  uint64_t model_hash;   /* XXH3-64 of the source model's header; ties code to weights shipped beside it */
  uint64_t table_hash;   /* XXH3-64 of header (with this field zero) and section table */
  uint64_t reserved1[2];
} trafo_artifact_header_t;
TRAFO_STATIC_ASSERT(sizeof(trafo_artifact_header_t) == 64, "layout of trafo_artifact_header_t");

typedef struct trafo_trailer_t {
  uint64_t payload_offset; /* from the start of the file */
  uint64_t payload_size;
  uint64_t reserved[5];
  char magic[8]; /* the last 8 bytes of the file */
} trafo_trailer_t;
TRAFO_STATIC_ASSERT(sizeof(trafo_trailer_t) == 64, "layout of trafo_trailer_t");

/* What the runtime must know of the plan. Offsets are into the arena (bytes). */
typedef struct trafo_manifest_t {
  uint32_t struct_size;
  uint32_t vocabulary; /* logits per output row */
  uint32_t layers;
  uint32_t max_context; /* positions per sequence, a multiple of TRAFO_KV_PAGE_TOKENS */
  uint32_t max_rows;    /* rows of one step: the prefill bucket */
  uint32_t max_outputs; /* rows of one step whose logits may be wanted */
  uint32_t max_sequences;
  uint32_t kv_pages;          /* pages in the pool of the KV cache, or in the first of two */
  uint32_t max_workers;       /* the arena holds private scratch for so many */
  uint32_t barriers_per_step; /* of a decode step */
  uint64_t arena_size;        /* bytes; allocate 64-byte aligned, zero-filled, plus 4096 bytes of slack */
  uint64_t weights_size;      /* bytes of the WEIGHTS section */
  uint64_t weights_hash;      /* XXH3-64 of the WEIGHTS section */
  uint64_t logits_offset;     /* float32 [max_outputs][logits_stride] */
  uint64_t logits_stride;     /* in floats, >= vocabulary */
  uint64_t kv_offset;         /* the KV cache: its pools */
  uint64_t kv_size;
  uint64_t decode_bytes; /* weight bytes one decode step reads */
  /* Positions that a row sees at most, its own included; 0: all before it. With a window, a sequence holds its newest
   * ceil((window + max_rows) / 64) + 1 pages only: whatever a step sees of it lies in these. Where only some layers have a
   * window, they have a pool of their own, the second (window_pages), and those in the first see all. */
  uint64_t window;
  /* Where a row of logits holds its maxima, in floats from its start: entry u is the greatest of its logits 16 u to
   * 16 u + 15, NaN where one of them is not finite. Entries of whole blocks only mean something. 0: there are none. */
  uint64_t logits_maxima;
  uint64_t window_pages; /* pages in the second pool; 0: there is one */
  uint64_t reserved[5];
} trafo_manifest_t;
TRAFO_STATIC_ASSERT(sizeof(trafo_manifest_t) == 168, "layout of trafo_manifest_t");

/* A matrix product that code leaves to a library: out[r][c] = sum_k x[r][k] * w[c][k] in f32, or of integers exactly in s32.
 * Four of these fields say how it is called; how many rows and columns a call has is said by the call. */
enum {
  TRAFO_MATMUL_F32_ROWS = 1,   /* x f32, w f32 [columns][depth] */
  TRAFO_MATMUL_F32_TILES = 2,  /* x f32, w f32 [columns / 16][depth][16] */
  TRAFO_MATMUL_BF16_TILES = 3, /* x bf16, w bf16 [columns / 16][depth / 2][16][2] */
  TRAFO_MATMUL_I8_ROWS = 4,    /* x s8, w s8 [columns][depth], rows of w depth + 4 bytes apart, none of them -128 */
  TRAFO_MATMUL_U7_ROWS = 5     /* the same, no x below zero: two products fit the 16 bits that some CPUs add them in */
};
typedef struct trafo_matmul_t {
  int64_t form;    /* TRAFO_MATMUL_* */
  int64_t rows;    /* x and out have room for so many; those past a call's own may be read and written */
  int64_t columns; /* a row of out; the most a call asks for, a multiple of 16 */
  int64_t depth;   /* a row of x; a multiple of 16, of 32 where x is not f32 */
} trafo_matmul_t;

/* The library as code sees it. `matmul` may be called by all workers at once, each with its own number, and uses no other
 * threads; `call` is one of the code's own (trafo_code_t::matmuls), columns a multiple of 16. A call that fails leaves
 * anything in `out` and tells whoever made the table. */
typedef struct trafo_library_t {
  void *state;
  void (*matmul)(void *state, int64_t worker, const trafo_matmul_t *call, int64_t rows, int64_t columns, const void *x,
                 const void *w, void *out);
} trafo_library_t;

/* One step over `rows` rows, the same for every worker (the worker's number is a separate argument). */
typedef struct trafo_step_t {
  const uint8_t *weights;
  uint8_t *arena;
  const int32_t *tokens;    /* [rows] token ids, each < vocabulary */
  const int32_t *positions; /* [rows] absolute positions, each < max_context */
  const int32_t *sequences; /* [rows] sequence slots, each < max_sequences; rows of one sequence ascend in position */
  const int32_t *outputs;   /* [output_count] indices of the rows whose logits are wanted, ascending */
  const int32_t *pages;     /* [pools][max_sequences][max_context / 64] page numbers in the pool */
  int64_t rows;
  int64_t output_count;
  int64_t workers;
  void (*barrier)(void *state); /* returns once all `workers` have called it; orders all memory accesses */
  void *barrier_state;
  const trafo_library_t *library; /* NULL for code without matmuls of a library */
} trafo_step_t;

typedef void (*trafo_step_fn)(const trafo_step_t *step, int64_t worker);

typedef struct trafo_code_t {
  uint32_t abi_version;          /* out: what the code was made for */
  uint32_t matmul_count;         /* out: products left to a library; 0: the code needs none */
  trafo_step_fn step;            /* out */
  const trafo_matmul_t *matmuls; /* out: [matmul_count], in the image */
  void *reserved[5];
} trafo_code_t;

/* e_entry of a CODE image. Returns 0 and fills `out_code`, or 1 if `newest_abi` is older than the code's. */
typedef int32_t (*trafo_query_fn)(uint32_t newest_abi, trafo_code_t *out_code);

#ifdef __cplusplus
}
#endif
#endif /* TRAFO_ARTIFACT_H */
