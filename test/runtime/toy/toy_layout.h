/* A model of two pages for tests of the runtime: what its code (toy_model.c) and its artefact (toy_artifact.cpp) agree
 * on. Tokens 0 to 255 are bytes; after TOY_GO the model recites the script that its weights hold, then ends its reply. */
#ifndef TRAFO_TEST_TOY_LAYOUT_H
#define TRAFO_TEST_TOY_LAYOUT_H

enum {
  TOY_START = 256, /* <|im_start|> */
  TOY_END = 257,   /* <|im_end|>, ends a reply */
  TOY_GO = 258,    /* <|go|>, opens the reply */
  TOY_VOCABULARY = 259,
  TOY_STRIDE = 320,
  TOY_CONTEXT = 256,
  TOY_ROWS = 8,
  TOY_OUTPUTS = 4,
  TOY_SEQUENCES = 3,
  TOY_PAGES = 6, /* of 12 that all sequences together could want */
  TOY_WORKERS = 8,
  TOY_BARRIERS = 8,

  /* The arena. */
  TOY_LOGITS = 0,
  TOY_KV = TOY_OUTPUTS * TOY_STRIDE * 4,
  TOY_KV_BYTES = TOY_PAGES * 64 * 16, /* two 64-bit numbers a position */
  TOY_EXCHANGE = TOY_KV + TOY_KV_BYTES,
  TOY_ARENA = TOY_EXCHANGE + TOY_WORKERS * 64,

  /* The weights: a 32-bit length, the script; a number is read from every page in turn. */
  TOY_SCRIPT = 4,
  TOY_WEIGHTS = 1 << 16
};

#endif
