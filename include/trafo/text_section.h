/* The TEXT section of a compiled model: tokenizer and chat template, made by lib/Import/Text and read in place by
 * runtime/text. All integers are little-endian; offsets are bytes from the start of the section; tables of integers are
 * 4-byte aligned; reserved fields are zero and checked. Everything is sorted so that nothing is built at start.
 * Changing anything here bumps TRAFO_TEXT_VERSION. */
#ifndef TRAFO_TEXT_SECTION_H
#define TRAFO_TEXT_SECTION_H

#include <stdint.h>

#define TRAFO_TEXT_MAGIC "TRAFOTXT"
#define TRAFO_TEXT_VERSION 1u

/* Limits that writer and reader share. */
#define TRAFO_TEXT_MAX_TOKENS (1u << 21)
#define TRAFO_TEXT_MAX_MERGES (1u << 22)
#define TRAFO_TEXT_MAX_TOKEN_BYTES 4096u
#define TRAFO_TEXT_MAX_SPECIAL_BYTES 256u /* of a control or user-defined token */
#define TRAFO_TEXT_MAX_SPECIALS 65536u
#define TRAFO_TEXT_MAX_SECTION_BYTES (1u << 28)

enum {
  TRAFO_TEXT_ADD_BOS = 1u << 0,
  TRAFO_TEXT_WHOLE_WORDS = 1u << 1 /* a word that is a token needs no merges ("ignore_merges") */
};

/* Roles of a chat, as indices. */
enum { TRAFO_ROLE_SYSTEM = 0, TRAFO_ROLE_USER = 1, TRAFO_ROLE_ASSISTANT = 2, TRAFO_ROLE_COUNT = 3 };

/* A stretch of the section. `size` counts bytes. */
typedef struct trafo_text_span_t {
  uint32_t offset;
  uint32_t size;
} trafo_text_span_t;

/* A merge of the token whose row it stands in with the token `right`. */
typedef struct trafo_text_merge_t {
  uint32_t right;
  uint32_t rank; /* lower merges first */
  uint32_t result;
} trafo_text_merge_t;

/* Ends of a content. */
enum { TRAFO_TRIM_FRONT = 1u << 0, TRAFO_TRIM_BACK = 1u << 1, TRAFO_TRIM_CHOICES = 4 };

/* The chat template as data: the text around contents, by the roles of the neighbours. A span with offset
 * 0xffffffff: the template refuses these neighbours. */
typedef struct trafo_text_chat_t {
  trafo_text_span_t open[TRAFO_ROLE_COUNT];                      /* before a first message of this role */
  trafo_text_span_t between[TRAFO_ROLE_COUNT][TRAFO_ROLE_COUNT]; /* [earlier][later] */
  trafo_text_span_t close[TRAFO_ROLE_COUNT];                     /* after the last message */
  trafo_text_span_t close_generate[TRAFO_ROLE_COUNT]; /* the same with the opening of the assistant's answer */
  uint32_t trims[TRAFO_ROLE_COUNT];                   /* TRAFO_TRIM_*: white space of the content that goes */
  uint32_t reserved;
} trafo_text_chat_t;
#define TRAFO_TEXT_REFUSED 0xffffffffu

typedef struct trafo_text_header_t {
  char magic[8];
  uint32_t version;
  uint32_t size; /* of the section */
  uint32_t flags;
  uint32_t token_count;
  int32_t bos; /* -1: none */
  int32_t eos;
  int32_t unknown;
  int32_t padding;
  trafo_text_span_t pre_tokenizer; /* char[]: its name */
  trafo_text_span_t token_offsets; /* uint32[token_count + 1]: into token_bytes, ascending */
  trafo_text_span_t token_bytes;   /* uint8[]: what each token stands for, byte-level spelling undone */
  trafo_text_span_t token_types;   /* uint8[token_count]: GGUF's types, 1 to 6 */
  trafo_text_span_t byte_tokens;   /* int32[256]: the token of one byte, -1: none */
  trafo_text_span_t merge_rows;    /* uint32[token_count + 1]: into merges, ascending */
  trafo_text_span_t merges;        /* trafo_text_merge_t[]: rows by left token, sorted by `right` */
  trafo_text_span_t words;         /* uint32[token_count]: normal tokens sorted by bytes; empty without WHOLE_WORDS */
  trafo_text_span_t specials;      /* uint32[]: control and user-defined tokens sorted by bytes */
  trafo_text_span_t end_tokens;    /* uint32[]: tokens that end a generation, ascending */
  trafo_text_span_t chat;          /* trafo_text_chat_t, or empty: no template */
  uint32_t reserved[8];
} trafo_text_header_t;

#endif /* TRAFO_TEXT_SECTION_H */
