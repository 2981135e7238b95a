#include "runtime/core/checked.h"
#include "runtime/core/error_codes.h"
#include "runtime/core/model.h"
#include "runtime/core/status.h"

#include <cinttypes>
#include <iterator>

namespace trafo::runtime {
namespace {

struct Limit {
  const char *field;
  uint64_t value, low, high;
};

} // namespace

trafo_status_t checkManifest(const trafo_manifest_t &m, const char *name, trafo_error_t *error) {
  if (m.struct_size != sizeof(trafo_manifest_t))
    return fail(error, TRAFO_UNSUPPORTED, codes::kManifest,
                "%s: manifest of %u bytes, this runtime's has %zu; compile the model again", name, m.struct_size,
                sizeof(trafo_manifest_t));
  const Limit limits[] = {
      {"vocabulary", m.vocabulary, 1, 1u << 24},
      {"layers", m.layers, 1, 1u << 16},
      {"max_context", m.max_context, TRAFO_KV_PAGE_TOKENS, 1u << 26},
      {"max_rows", m.max_rows, 1, 1u << 16},
      {"max_outputs", m.max_outputs, 1, m.max_rows},
      {"max_sequences", m.max_sequences, 1, 1u << 16},
      {"kv_pages", m.kv_pages, 1, 1u << 26},
      {"max_workers", m.max_workers, 1, 1u << 12},
      {"barriers_per_step", m.barriers_per_step, 0, 1u << 24},
      {"arena_size", m.arena_size, 1, 1ull << 46},
      {"weights_size", m.weights_size, 0, 1ull << 46},
      {"logits_stride", m.logits_stride, m.vocabulary, 1u << 25},
      {"decode_bytes", m.decode_bytes, 0, 1ull << 46},
      {"window_pages", m.window_pages, 0, m.window > 0 ? 1u << 26 : 0},
  };
  for (const Limit &limit : limits)
    if (limit.value < limit.low || limit.value > limit.high)
      return fail(error, TRAFO_BAD_DATA, codes::kManifest,
                  "%s: manifest field %s is %" PRIu64 ", expects %" PRIu64 " to %" PRIu64 "; compile the model again",
                  name, limit.field, limit.value, limit.low, limit.high);
  if (m.max_context % TRAFO_KV_PAGE_TOKENS != 0)
    return fail(error, TRAFO_BAD_DATA, codes::kManifest,
                "%s: manifest field max_context is %u, no multiple of %u; compile the model again", name, m.max_context,
                TRAFO_KV_PAGE_TOKENS);
  uint64_t entries =
      static_cast<uint64_t>(m.max_sequences) * (m.max_context / TRAFO_KV_PAGE_TOKENS) * (m.window_pages > 0 ? 2 : 1);
  if (entries > 1ull << 26)
    return fail(error, TRAFO_BAD_DATA, codes::kManifest,
                "%s: manifest asks for page tables of %" PRIu64
                " entries, at most %llu allowed; compile the model again",
                name, entries, 1ull << 26);
  // The limits above keep this product far from wrapping around: 2^16 * 2^25 * 4.
  uint64_t logitsBytes = static_cast<uint64_t>(m.max_outputs) * m.logits_stride * sizeof(float);
  if (m.logits_offset % 64 != 0 || !inRange(m.logits_offset, logitsBytes, m.arena_size))
    return fail(error, TRAFO_BAD_DATA, codes::kManifest,
                "%s: manifest puts %" PRIu64 " bytes of logits at %" PRIu64 " of an arena of %" PRIu64
                "; compile the model again",
                name, logitsBytes, m.logits_offset, m.arena_size);
  uint64_t maxima = m.vocabulary / TRAFO_LOGITS_BLOCK; // the rest of a row is read
  if (m.logits_maxima != 0 && (m.logits_maxima < m.vocabulary || !inRange(m.logits_maxima, maxima, m.logits_stride)))
    return fail(error, TRAFO_BAD_DATA, codes::kManifest,
                "%s: manifest puts %" PRIu64 " maxima at %" PRIu64 " of rows of %" PRIu64 " with %u logits"
                "; compile the model again",
                name, maxima, m.logits_maxima, m.logits_stride, m.vocabulary);
  if (!inRange(m.kv_offset, m.kv_size, m.arena_size))
    return fail(error, TRAFO_BAD_DATA, codes::kManifest,
                "%s: manifest puts %" PRIu64 " bytes of KV cache at %" PRIu64 " of an arena of %" PRIu64
                "; compile the model again",
                name, m.kv_size, m.kv_offset, m.arena_size);
  if (!isZero(m.reserved, std::size(m.reserved)))
    return fail(error, TRAFO_BAD_DATA, codes::kManifest,
                "%s: reserved fields of the manifest are not zero; compile the model again", name);
  return TRAFO_OK;
}

} // namespace trafo::runtime
